from django.conf import settings

from tenants import signing
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "Put a new key in the place of the one that signs access tokens. Run it now and then, and when one leaks."

    def add_arguments(self, parser):
        parser.add_argument(
            "--at-once",
            action="store_true",
            help="The key has leaked: end the old ones now. Every access token ends with them, within a minute.",
        )

    def handle(self, *args, at_once, **options):
        key = signing.rotate(at_once=at_once, using=settings.ADMIN_DATABASE)
        self.stdout.write(f"{key.kid} is published, and signs from {key.signs_from:%Y-%m-%d %H:%M:%S} UTC.")
        if at_once:
            self.stdout.write("The old keys are retired.")
        else:
            end = key.signs_from + signing.LONGEST_TOKEN + signing.LEEWAY
            self.stdout.write(f"The old ones stay published until {end:%Y-%m-%d %H:%M:%S} UTC.")
