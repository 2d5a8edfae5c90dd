from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from tenants import dumps
from tenants.exceptions import TenantError
from tenants.management.base import TenantCommand


class Command(TenantCommand):
    help = "Write a tenant to one file: rows, uploads, settings. It may be in use meanwhile."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--output", type=Path, metavar="PATH", help="A new file. Otherwise ./<slug>-<time>.dump.")
        parser.add_argument("--masked", action="store_true", help="Make people unknown. Such a dump is no backup.")

    def handle_tenant(self, tenant, *, output=None, masked=False, **options):
        path = output or Path(f"{tenant.slug}-{timezone.now():%Y%m%d-%H%M%S}.dump")
        try:
            made = dumps.dump(tenant, path, using=settings.ADMIN_DATABASE, report=self.stdout.write, masked=masked)
        except (TenantError, OSError) as error:
            raise CommandError(f"{error} Nothing was written.") from error
        rows = sum(table.rows for table in made.tables)
        self.stdout.write(f"{path}: {rows} rows, {len(made.files)} files, {path.stat().st_size} bytes.")
