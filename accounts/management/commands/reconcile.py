from django.conf import settings
from django.core.management.base import CommandError

from accounts.flows import reconcile
from tenants.management.base import OperatorCommand
from tenants.models import Tenant
from tenants.schema import in_public


class Command(OperatorCommand):
    help = "Make people and roles what the identity providers say, and tell what differed."

    def add_arguments(self, parser):
        parser.add_argument("--tenant", metavar="SLUG", help="This organisation alone.")
        parser.add_argument("--dry-run", action="store_true", help="Change nothing: only tell what differs.")
        parser.add_argument("--force", action="store_true", help="Believe a list by which most people would be gone.")
        parser.add_argument("--due", action="store_true", help="Only where an event has come, or the time is up.")

    def handle(self, *args, tenant, dry_run, force, due, **options):
        if due and (tenant or dry_run or force):
            raise CommandError("--due goes with nothing else.")
        if force and not tenant:
            raise CommandError("--force is for one --tenant.")
        if due:  # kept as the job's result: figures only
            reports = reconcile.catch_up(seconds=settings.RECONCILE_PATIENCE.total_seconds())
            lines = [report.figures for report in reports if report.differs]
        else:
            reports = [reconcile.reconcile(each, force=force, dry_run=dry_run) for each in self.chosen(tenant)]
            lines = [str(report) for report in reports]
        for line in lines:
            self.stdout.write(line)
        self.stdout.write(f"{len(reports)} organisations asked for.")
        if not due and any(report.problem for report in reports):
            raise CommandError("Not every provider could be followed: see above.")

    def chosen(self, slug: str | None) -> list[Tenant]:
        with in_public():
            connected = list(reconcile.connected_tenants().order_by("slug"))
        if slug is None:
            return connected
        found = [tenant for tenant in connected if tenant.slug == slug]
        if not found:
            raise CommandError(f"No served organisation {slug!r} is connected to an identity provider.")
        return found
