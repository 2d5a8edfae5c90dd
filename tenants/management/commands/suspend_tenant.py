from tenants import provisioning
from tenants.management.base import TenantCommand


class Command(TenantCommand):
    help = "Close a tenant's pages, at the next request. Nothing is lost: resume_tenant opens them again."

    def handle_tenant(self, tenant, **options):
        provisioning.suspend_tenant(tenant)
        self.stdout.write(f"{tenant} is suspended.")
