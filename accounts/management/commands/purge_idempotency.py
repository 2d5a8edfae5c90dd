from django.db import DatabaseError

from accounts.api import idempotency
from tenants.exceptions import SchemaMissing
from tenants.management.base import OperatorCommand
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant


class Command(OperatorCommand):
    help = "Forget the API's old idempotent answers, organisation by organisation. Those that are not served wait."

    def handle(self, *args, **options):
        with in_public():
            tenants = list(Tenant.objects.served())
        gone = sum(self.purge(tenant) for tenant in tenants)
        self.stdout.write(f"{gone} answers are gone.")

    def purge(self, tenant: Tenant) -> int:
        try:
            with in_tenant(tenant):
                return idempotency.purge()
        except (SchemaMissing, DatabaseError) as error:
            self.stderr.write(f"{tenant.schema_name}: {type(error).__name__}; see `manage.py doctor`.")
            return 0
