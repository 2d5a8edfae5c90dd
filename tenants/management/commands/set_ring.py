from django.conf import settings

from tenants.management.base import TenantCommand
from tenants.models import Tenant
from tenants.schema import in_public


class Command(TenantCommand):
    help = "Say when a tenant's turn is at a deploy: with our own, with the friendly ones, or with the rest."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("ring", choices=Tenant.Ring.values)

    def handle_tenant(self, tenant, *, ring="", **options):
        with in_public(using=settings.ADMIN_DATABASE):
            Tenant.objects.using(settings.ADMIN_DATABASE).filter(pk=tenant.pk).update(ring=ring)
        self.stdout.write(f"{tenant.slug}: {ring}")
