from django.conf import settings
from django.core.management.base import CommandError

from tenants import doctor, privileges, provisioning
from tenants.exceptions import TenantError
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Compare every tenant's schema with the template, and look for leftovers. A tenant that differs is marked "
        "not ready and answers 503; one that is equal is marked ready. Exits with 1 while anything differs."
    )

    def add_arguments(self, parser):
        parser.add_argument("--repair", action="store_true", help="Make right what can be made right safely.")
        parser.add_argument("--schema", help="Only this tenant's schema.")
        parser.add_argument("--drop", metavar="SCHEMA", help="Drop a schema that belongs to no tenant. No way back.")

    def handle(self, *args, repair, schema, drop, **options):
        using = settings.ADMIN_DATABASE
        try:
            if drop:
                provisioning.drop_orphan(drop, using=using)
                self.stdout.write(f"{drop}: dropped")
            results = list(map(self.report, doctor.examine_all(using, repair=repair, only=schema)))
        except TenantError as error:
            raise CommandError(str(error)) from error
        for excess in privileges.excesses():
            self.stderr.write(f"warning  {excess}")
        left = sum(map(len, results))
        if left:
            raise CommandError(f"{left} differences are left." if left > 1 else "One difference is left.")
        self.stdout.write("Everything is as it should be.")

    def report(self, result):
        """Write what was found in one schema, and hand on what is left of it."""
        schema_name, findings, cured = result
        for line in cured:
            self.stdout.write(f"cured    {line}")
        for finding in findings:
            self.stdout.write(f"differs  {finding}")
        if not findings:
            self.stdout.write(f"ok       {schema_name}", self.style.SUCCESS)
        return findings
