from django.conf import settings

from tenants import lifecycle, provisioning
from tenants.exceptions import LifecycleError
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "Delete the closed organisations whose grace time is over, and finish what was interrupted."

    def handle(self, *args, **options):
        using = settings.ADMIN_DATABASE
        for report in lifecycle.unfinished(using):
            provisioning.finish_deletion(report, using=using)
            self.stdout.write(f"{report}: the deletion is finished.")
        for tenant in lifecycle.due(using):
            try:
                report = lifecycle.purge(tenant, using=using, only=lifecycle.is_due())
            except LifecycleError:
                self.stdout.write(f"{tenant}: undone in the last moment.")
                continue
            self.stdout.write(f"{report}: {report.rows} rows, {report.files} files, {report.bytes} bytes deleted.")
