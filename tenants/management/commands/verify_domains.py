from tenants import domains
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "Ask the DNS for the proof of every customer's domain: new ones go on, lost ones off."

    def handle(self, *args, **options):
        proven, claimed = domains.verify_all()
        self.stdout.write(f"{proven} of {claimed} domains are proven.")
