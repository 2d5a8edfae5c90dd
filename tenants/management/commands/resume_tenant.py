from django.core.management.base import CommandError

from tenants import lifecycle
from tenants.exceptions import LifecycleError
from tenants.management.base import TenantCommand


class Command(TenantCommand):
    help = "Open a suspended tenant's pages again."

    def handle_tenant(self, tenant, **options):
        try:
            lifecycle.resume(tenant)
        except LifecycleError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{tenant} is open again.")
