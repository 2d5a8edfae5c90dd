from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog.seed import ORGANISATIONS, seed, seed_platform


class Command(BaseCommand):
    help = "Make the demo's organisations, with people and products, unless they are there."

    def handle(self, *args, **options):
        if not settings.DEBUG:
            raise CommandError("The demo's passwords are public: it runs with development settings only.")
        for organisation in ORGANISATIONS:
            if seed(organisation, self.stdout.write):
                self.stdout.write(f"  {organisation.name} is ready.")
        if seed_platform():
            self.stdout.write("  The platform is ready.")
