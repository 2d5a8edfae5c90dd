from django.core.management.base import CommandError

from tenants import provisioning
from tenants.management.base import TenantCommand
from tenants.models import Tenant


class Command(TenantCommand):
    help = "Open a suspended tenant's pages again."

    def handle_tenant(self, tenant, **options):
        if tenant.status not in (Tenant.Status.SUSPENDED, Tenant.Status.ACTIVE):
            raise CommandError(f"{tenant} is {tenant.status}, not suspended. See `manage.py doctor`.")
        provisioning.resume_tenant(tenant)
        self.stdout.write(f"{tenant} is open again.")
