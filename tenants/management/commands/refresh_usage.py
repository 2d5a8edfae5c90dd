from django.conf import settings
from django.core.management.base import CommandError

from tenants import usage
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "Count what each organisation holds, for the operator console."

    def handle(self, *args, **options):
        if problems := usage.refresh_all(settings.ADMIN_DATABASE):
            raise CommandError("; ".join(f"{row.tenant.slug}: {row.problem}" for row in problems))
        self.stdout.write("Every organisation is counted.")
