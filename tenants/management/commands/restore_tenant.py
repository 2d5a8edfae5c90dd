from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from tenants import dumps
from tenants.exceptions import AddressTaken, TenantError
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "Put a dump back: under its own address if that is free, under another one, or over the live tenant."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        place = parser.add_mutually_exclusive_group()
        place.add_argument("--as", dest="slug", metavar="SLUG", help="Beside the live one, at this address.")
        place.add_argument("--over", action="store_true", help="Replace the live one: what it has since is lost.")

    def handle(self, *args, file, slug=None, over=False, **options):
        using, report = settings.ADMIN_DATABASE, self.stdout.write
        try:
            if over:
                restored = dumps.restore_over(file, using=using, report=report)
            else:
                restored = dumps.restore_beside(file, slug=slug, using=using, report=report)
        except AddressTaken as error:
            raise CommandError(f"There is a tenant {error}. Use --over, or --as another address.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except (TenantError, OSError) as error:
            raise CommandError(f"{error}") from error
        self.stdout.write("\n".join(restored.report()))
