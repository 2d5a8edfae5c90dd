import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import DatabaseError

from tenants.checks import database_problem
from tenants.exceptions import TenantError, first_line
from tenants.fleet.named import migrate_named
from tenants.fleet.ordinary import django_migrate, show_pending
from tenants.fleet.patience import Patience
from tenants.fleet.recording import recorded_migrate
from tenants.fleet.run import Orders, Result, migrate_all, migrate_only
from tenants.housekeeping import AlreadyRunning
from tenants.models import Tenant

MOST_JOBS = 4
# With one of these Django's own command does the work, in every schema.
NAMING = ("app_label", "fake", "fake_initial", "prune")
# What belongs to a run through the rings.
ALL_RINGS = ("until", "keep_copies")
# PostgreSQL counts in milliseconds and takes 0, to which less would be rounded, for no limit at all.
SHORTEST, LONGEST = timedelta(seconds=0.01), timedelta(days=1)


def seconds(text: str) -> timedelta:
    try:
        found = timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        found = timedelta()
    if not SHORTEST <= found <= LONGEST:
        raise ArgumentTypeError(f"{text!r} is no number of seconds from 0.01 to 86400.")
    return found


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number of at least 1.")
    return int(text)


class Command(DjangoMigrate):
    help = "Bring every schema to the code's state: public, the template, then the tenants, ring by ring."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        usual = Patience()
        parser.set_defaults(database=settings.ADMIN_DATABASE)
        parser.add_argument("--schema", help="Only this schema, without the template and the others.")
        parser.add_argument("--jobs", type=count, default=min(os.cpu_count() or 1, MOST_JOBS), help="Tenants at once.")
        parser.add_argument("--until", choices=Tenant.Ring.values, default="rest", help="The last ring to go to.")
        parser.add_argument("--keep-copies", type=Path, metavar="FOLDER", help="Dump each tenant before its turn.")
        parser.add_argument("--lock", type=seconds, default=usual.lock, help="Seconds to wait for a table.")
        parser.add_argument("--hold", type=seconds, default=usual.hold, help="Seconds that a tenant's turn may last.")
        parser.add_argument("--tries", type=count, default=usual.tries, help="How often a busy tenant is tried.")

    def handle(self, *args, **options):
        if problem := database_problem(options["database"]):
            raise CommandError(problem.msg)
        try:
            if options["plan"] or options["check_unapplied"]:
                show_pending(options["schema"], **self.tools(options))
            elif any(options[name] for name in NAMING):
                refuse(options, ALL_RINGS, "a command that names a migration goes through all tenants at once")
                tools = {**self.tools(options), "patience": patience_of(options)}
                self.tell(Result(migrate_named(options["schema"], **tools)))
            else:
                self.tell(self.run_fleet(options))
        except AlreadyRunning as error:
            raise CommandError("Somebody else is migrating. Nothing was done.") from error
        except TenantError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:  # in `public` or the template: a tenant's own is told with the tenant
            said = f"{type(error).__name__}: {first_line(error)} (--traceback shows where)."
            raise CommandError(f"{said} No tenant is half-way: mend it, and run it again.") from error

    def run_fleet(self, options) -> Result:
        quiet, streams = self.for_django(options)
        orders = Orders(
            **self.tools(options),
            recorded=recorded_migrate(quiet, options["database"], **streams),
            jobs=options["jobs"],
            patience=patience_of(options),
            terminal=sys.stderr if options["verbosity"] and sys.stderr.isatty() else None,
            until=options["until"],
            keep_copies=options["keep_copies"],
        )
        if options["schema"]:
            refuse(options, ["until"], "one schema is no ring")
            return migrate_only(options["schema"], orders)
        return migrate_all(orders)

    def tools(self, options) -> dict:
        quiet, streams = self.for_django(options)
        report = self.stdout.write if options["verbosity"] else lambda line: None
        return {"using": options["database"], "migrate": django_migrate(quiet, **streams), "report": report}

    def for_django(self, options) -> tuple[dict, dict]:
        """Options and streams for Django's own command, which says less than ours."""
        quiet = {**options, "verbosity": max(options["verbosity"] - 1, 0)}
        return quiet, {"stdout": self.stdout._out, "stderr": self.stderr._out}

    def tell(self, result: Result) -> None:
        """Say what did not work, by a CommandError: a script that deploys must not go on."""
        said = []
        if result.stopped:
            said.append(f"Stopped, the rings after it are as they were: {result.stopped}.")
        if result.failed:
            said.append(f"Failed and not served: {', '.join(result.failed)}.")
        if result.busy:
            said.append(f"Busy, as they were and served: {', '.join(result.busy)}.")
        if said:
            others = [] if result.stopped else ["The others are up to date; run it again."]
            raise CommandError(" ".join([*said, *others]))


def patience_of(options) -> Patience:
    return Patience(lock=options["lock"], hold=options["hold"], tries=options["tries"])


def refuse(options, names: Iterable[str], because: str) -> None:
    """Raise CommandError for options that would be passed over in silence."""
    given = [f"--{name.replace('_', '-')}" for name in names if options[name] not in (None, Tenant.Ring.REST)]
    if given:
        raise CommandError(f"{' and '.join(given)}: not here, since {because}.")
