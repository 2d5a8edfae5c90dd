from django.core.management.base import CommandError

from tenants import provisioning
from tenants.management.base import TenantCommand
from tenants.models import Tenant


class Command(TenantCommand):
    help = "Close a tenant's pages, at the next request. Nothing is lost: resume_tenant opens them again."

    def handle_tenant(self, tenant, **options):
        if tenant.status not in (Tenant.Status.ACTIVE, Tenant.Status.SUSPENDED):
            raise CommandError(f"{tenant} is {tenant.status}, not active. See `manage.py doctor`.")
        provisioning.suspend_tenant(tenant)
        self.stdout.write(f"{tenant} is suspended.")
