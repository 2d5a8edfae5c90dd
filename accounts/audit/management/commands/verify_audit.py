import argparse
import re

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.audit import seal
from tenants.exceptions import TenantError
from tenants.fleet import schemas
from tenants.management.base import OperatorCommand


def kept_link(text: str) -> seal.Head:
    """`120:9f…`, as seal_audit writes it."""
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if not found:
        raise argparse.ArgumentTypeError("a position and a digest are expected, as in 120:9f86d0…")
    return seal.Head(int(found[1]), found[2])


class Command(OperatorCommand):
    help = "Prove that no line of an audit log was changed, removed or slipped in since it was sealed. 1 if one was."

    def add_arguments(self, parser):
        parser.add_argument("--schema", help="Only this organisation's, as t_acme.")
        parser.add_argument(
            "--kept", type=kept_link, metavar="LINK", help="A link kept elsewhere that has to be in the chain."
        )

    def handle(self, *args, schema, kept, **options):
        using = settings.ADMIN_DATABASE
        if kept and not schema:
            raise CommandError("--kept needs --schema: each organisation has a chain of its own.")
        try:
            if schema:
                schemas.refuse_unknown(schema, using=using)
            names = [schema] if schema else schemas.schema_names(using, schema_ready=True)
            faults = [name for name in names if not self.verify(name, using, kept)]
            closed = [] if schema else schemas.schema_names(using, schema_ready=False)
        except TenantError as error:
            raise CommandError(str(error)) from error
        if closed:
            self.stdout.write(f"Not verified, since the doctor has to see them first: {', '.join(closed)}.")
        if faults:
            raise CommandError(f"Not as it was sealed: the audit log of {', '.join(faults)}.")

    def verify(self, schema_name, using, kept) -> bool:
        report = seal.verify(schema_name, using=using, kept=kept)
        if report.fault:
            self.stdout.write(f"{schema_name}: {report.fault}", self.style.ERROR)
            return False
        self.stdout.write(f"{schema_name}: {report.head.position} lines are as they were sealed. {waiting(report)}")
        return True


def waiting(report: seal.Report) -> str:
    if report.oldest_unsealed is None:
        return "None is unsealed."
    age = int((timezone.now() - report.oldest_unsealed).total_seconds() // 60)
    return f"{report.unsealed} are not sealed yet, the oldest for {age} minutes."
