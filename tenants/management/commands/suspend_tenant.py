from django.core.management.base import CommandError

from tenants import lifecycle
from tenants.exceptions import LifecycleError
from tenants.management.base import TenantCommand


class Command(TenantCommand):
    help = "Close a tenant's pages, at the next request. Nothing is lost: resume_tenant opens them again."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--notice", default="", help="Shown to everyone who comes meanwhile.")

    def handle_tenant(self, tenant, *, notice="", **options):
        try:
            lifecycle.suspend(tenant, notice=notice[:200])
        except LifecycleError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{tenant} is suspended.")
