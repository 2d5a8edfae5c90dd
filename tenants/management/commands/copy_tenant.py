from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from tenants import dumps
from tenants.exceptions import AddressTaken, TenantError
from tenants.management.base import TenantCommand


class Command(TenantCommand):
    help = "Make a sandbox: a twin in which people are made unknown, and that sends no mail."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--as", dest="new_slug", metavar="SLUG", required=True, help="The sandbox's address.")

    def handle_tenant(self, tenant, *, new_slug="", **options):
        try:
            restored = dumps.copy(tenant, slug=new_slug, using=settings.ADMIN_DATABASE, report=self.stdout.write)
        except AddressTaken as error:
            raise CommandError(f"There is a tenant {error} already. Nothing was made.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except (TenantError, OSError) as error:
            raise CommandError(f"{error}") from error
        self.stdout.write("\n".join(restored.report()))
