from django.conf import settings
from django.core.management.base import CommandError

from accounts.audit import seal
from tenants.exceptions import TenantError
from tenants.fleet import schemas
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "Seal the lines of every organisation's audit log that are not sealed yet. Run it every few minutes."

    def add_arguments(self, parser):
        parser.add_argument("--schema", help="Only this organisation's, as t_acme.")

    def handle(self, *args, schema, **options):
        using = settings.ADMIN_DATABASE
        try:
            if schema:
                schemas.refuse_unknown(schema, using=using)
            for name in [schema] if schema else schemas.schema_names(using, schema_ready=True):
                self.seal(name, using)
        except TenantError as error:
            raise CommandError(str(error)) from error

    def seal(self, schema_name, using):
        try:
            count, head = seal.seal(schema_name, using=using)
        except seal.SealedElsewhere:
            self.stdout.write(f"{schema_name}: being sealed by somebody else")
            return
        if count:
            self.stdout.write(f"{schema_name}: {count} lines sealed, up to {head}")
