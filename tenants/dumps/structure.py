"""Which tables a dump goes into: those of the blueprint with the very same migrations, never any of its own.

Blueprints are kept, so a dump of last month finds the structure of last month; `manage.py migrate` then brings it
up to date like any other tenant that is behind.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connections

from tenants.fleet.versions import code
from tenants.models import Blueprint
from tenants.schema import in_public, in_schema

from . import tables
from .exceptions import UnfitDump
from .manifest import Manifest

APPLIED = 'INSERT INTO "django_migrations" '
# Rows that are the blueprint's and not the dump's, with the positions of their sequences.
OWN_ROWS = tuple(
    beginning
    for table in tables.STRUCTURAL
    for beginning in (f'INSERT INTO "{table}" ', f"SELECT setval('{table}_id_seq'")
)
# A row of that statement, as tenants/blueprint.py writes it: (1, 'catalog', '0001_initial', '2026-…'::timestamptz)
APPLIED_ROW = re.compile(r"\(\d+, '([^']+)', '([^']+)', ")
# The same of (1, 'catalog', 'product') and of (1, 'Can add product', 1, 'add_product').
NUMBERED_ROW = {
    "django_content_type": re.compile(r"\((\d+), '([^']+)', '([^']+)'\)"),
    "auth_permission": re.compile(r"\((\d+), '(?:[^']|'')*', (\d+), '([^']+)'\)"),
}
ROWS = ("INSERT INTO ", "SELECT setval(")


@dataclass(frozen=True)
class Structure:
    """`tables` and `rest` are statements to be run before and after the rows.

    `is_current`: of the newest blueprint, as the other tenants are, or just what this code wants, which after a way
    back is older.
    """

    tables: tuple[str, ...]
    rest: tuple[str, ...]
    fingerprint: str
    is_current: bool


def of(manifest: Manifest, *, using: str) -> Structure:
    """Raises UnfitDump if the dump is of a version that this installation never had, or does not have yet."""
    wanted = {(app, name) for app, name in manifest.migrations}
    refuse_newer(wanted)
    is_complete = not code().missing(wanted)
    with in_public(using=using):
        known = Blueprint.objects.using(using).order_by("-pk")
        for number, (fingerprint, statements) in enumerate(known.values_list("fingerprint", "statements")):
            if migrations_of(statements) == wanted:
                refuse_other_numbers(manifest, statements, using)
                return divide(statements, fingerprint, is_current=is_complete or number == 0)
    raise UnfitDump(
        "This installation has never had the tables that the dump was made from. Restore it with the release that"
        " made it, migrate there, and dump it again."
    )


def refuse_newer(wanted: set[tuple[str, str]]) -> None:
    if unknown := sorted(wanted - code().plan.keys()):
        names = ", ".join(f"{app}.{name}" for app, name in unknown[:3])
        raise UnfitDump(f"The dump was made by a newer version of this software, which has {names}. Update first.")


def refuse_other_numbers(manifest: Manifest, statements: list[str], using: str) -> None:
    """Rows refer to content types and permissions by numbers, which have to mean the same here.

    What they meant is what the blueprint of that time says: a model that was renamed since has another name in the
    template, and gets it here as well when the tenant is migrated. Of numbers that came later the template knows: a
    tenant has them before the migration that brings them.
    """
    with in_schema(settings.TEMPLATE_SCHEMA, using=using), connections[using].cursor() as cursor:
        now = tables.fixed_numbers(cursor)
    for table, rows in manifest.fixed_rows.items():
        known = {row[0]: row for row in now[table]} | {row[0]: row for row in numbers_of(statements, table)}
        for row in rows:
            if known.get(row[0]) != row:
                raise UnfitDump(
                    f"Number {row[0]} of {table} means something else here: the dump is of an installation that was"
                    " migrated in another order. Restore it there."
                )


def numbers_of(statements: list[str], table: str) -> list[tuple]:
    """As tables.fixed_numbers reads them."""
    rows = next((text for text in statements if text.startswith(f'INSERT INTO "{table}" ')), "")
    found = NUMBERED_ROW[table].findall(rows)
    return [(int(number), int(of) if of.isdigit() else of, name) for number, of, name in found]


def known_migrations(using: str) -> Iterator[set[tuple[str, str]]]:
    """Those of the template as it is, and as it ever was. The newest first."""
    with in_public(using=using):
        rows = list(Blueprint.objects.using(using).order_by("-pk").values_list("statements", flat=True))
    return map(migrations_of, rows)


def migrations_of(statements: list[str]) -> set[tuple[str, str]]:
    rows = next((text for text in statements if text.startswith(APPLIED)), "")
    return set(APPLIED_ROW.findall(rows))


def divide(statements: list[str], fingerprint: str, *, is_current: bool) -> Structure:
    """A blueprint without the rows that come from the dump. Those come between tables and keys: it is quicker."""
    made = [text for text in statements if text.startswith("CREATE TABLE ")]
    own = [text for text in statements if text.startswith(OWN_ROWS)]
    rest = [text for text in statements if not text.startswith(("CREATE TABLE ", *ROWS))]
    return Structure((*made, *own), tuple(rest), fingerprint, is_current)
