from django.conf import settings
from django.core.management.base import CommandError

from tenants import lifecycle
from tenants.exceptions import LifecycleError
from tenants.management.base import TenantCommand


class Command(TenantCommand):
    help = "End a tenant for good: people, products, files. The organisation's name has to be typed."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--yes-delete", metavar="NAME", help="The organisation's name, for scripts: asks nothing.")

    def handle_tenant(self, tenant, *, yes_delete=None, **options):
        if (yes_delete or self.ask(tenant)) != tenant.name:
            raise CommandError("That is not its name. Nothing was deleted.")
        try:
            lifecycle.purge(tenant, using=settings.ADMIN_DATABASE)
        except LifecycleError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{tenant} is deleted.")

    def ask(self, tenant) -> str:
        try:
            return input(f"This cannot be undone. Type the organisation's name ({tenant.name}) to delete it: ")
        except EOFError as error:
            raise CommandError("There is nobody to ask: use --yes-delete NAME. Nothing was deleted.") from error
