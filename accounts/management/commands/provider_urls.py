from django.core.management.base import CommandError

from accounts.provider_addresses import addresses
from accounts.providers import registry
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "Print the exact addresses to allow at each active identity provider, for every host of its organisations."

    def add_arguments(self, parser):
        parser.add_argument("provider", nargs="?", help="One of IDENTITY_PROVIDERS; without it, all of them.")

    def handle(self, *args, provider, **options):
        active = registry.hosted_providers()
        if provider and provider not in active:
            raise CommandError(f"{provider} is not active. Active are: {', '.join(active) or 'none'}.")
        if not active:
            self.stdout.write("No identity provider is active: set IDENTITY_PROVIDERS.")
        for name in [provider] if provider else active:
            self.stdout.write(f"{active[name].name} ({name})")
            for purpose, urls in addresses(active[name]):
                self.stdout.write(f"  {purpose}")
                for url in urls or ["(no organisation is connected yet)"]:
                    self.stdout.write(f"    {url}")
