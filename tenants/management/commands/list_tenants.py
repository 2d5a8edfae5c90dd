from django.conf import settings

from tenants.management.base import OperatorCommand
from tenants.models import Tenant
from tenants.schema import in_public


class Command(OperatorCommand):
    help = "List the tenants: address part, status, schema, address, name."

    def handle(self, *args, **options):
        with in_public(using=settings.ADMIN_DATABASE):
            tenants = list(Tenant.objects.using(settings.ADMIN_DATABASE).order_by("slug"))
        for tenant in tenants:
            status = tenant.status if tenant.schema_ready else f"{tenant.status}, not ready"
            self.stdout.write(
                f"{tenant.slug:<30}  {status:<22}  {tenant.schema_name:<32}  {tenant.absolute_url()}  {tenant.name}"
            )
