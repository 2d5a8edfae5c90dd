from django.conf import settings
from django.utils.module_loading import import_string

from tenants import domains
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "Ask the DNS for the proof of every customer's domain: new ones go on, lost ones off."

    def handle(self, *args, **options):
        proven, claimed = domains.verify_all(tell=import_string(settings.DOMAIN_SWITCHED_HOOK))
        self.stdout.write(f"{proven} of {claimed} domains are proven.")
