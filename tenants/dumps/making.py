"""Making a dump, while the tenant is in use."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections, transaction

from tenants.models import Tenant
from tenants.schema import in_tenant, wrapper

from . import files, rules, tables
from .archive import Writer, writing
from .manifest import Manifest, Table, now, settings_of

ONE_MOMENT = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
AS_USUAL = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE"

Report = Callable[[str], None]


def dump(
    tenant: Tenant, path: Path | str, *, using: str, report: Report | None = None, masked: bool = False
) -> Manifest:
    """Write all that the tenant has to one new file: its rows as of one moment, its uploads, its settings.

    Nobody waits for it: it reads what was committed when it began. `masked` puts made-up values in the place of
    names, addresses and the like, and leaves out what lets somebody in. `report` takes lines of progress.
    Raises DumpExists, UndeclaredColumn, SchemaMissing; nothing is left then.
    """
    report = report or (lambda line: None)
    with writing(Path(path)) as archive:
        with one_moment(using):
            row = Tenant.objects.using(using).get(pk=tenant.pk)
            with in_tenant(row, using=using):
                values = read(row, archive, using=using, report=report, masked=masked)
        found = files.pack(row.schema_name, archive)
        report(f"files: {len(found)}")
        manifest = Manifest(
            slug=row.slug,
            schema_name=row.schema_name,
            settings=settings_of(row),
            masked=masked,
            made_at=now(),
            files=found,
            **values,
        )
        archive.close(manifest)
    return manifest


@contextmanager
def one_moment(using: str) -> Iterator[None]:
    """A transaction that sees the database as it was at its beginning, and cannot write. Not inside of another.

    Said of the session, over the direct address, and taken back: within the transaction it would come too late,
    since the schema is bound by its first statement.
    """
    connection = wrapper(using)
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError("A dump needs a transaction of its own.")
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        cursor.execute(ONE_MOMENT)
    try:
        with transaction.atomic(using=using):
            yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(AS_USUAL)


def read(tenant: Tenant, archive: Writer, *, using: str, report: Report, masked: bool) -> dict:
    """The fields of the manifest that come from the schema; the rows go into the archive."""
    tables.one_spelling(using)
    declared, found = rules.all_rules(), []
    with connections[using].cursor() as cursor, connections[using].wrap_database_errors:
        for name, shape in tables.shapes(cursor, tenant.schema_name).items():
            rule = declared.get(name, rules.EVERY_ROW)
            if not rules.is_carried(rule, masked=masked):
                continue
            columns = list(shape.columns)
            selected = rules.expressions(name, rule, shape.columns, columns, masked=masked)
            with archive.part(f"tables/{name}") as part:
                rows = tables.copy_out(cursor, name, selected, shape.keys, part.write)
            found.append(Table(name, columns, rows, tables.positions(cursor, name, shape), part.digest))
            report(f"{name}: {rows} rows")
        return {
            "tables": found,
            "migrations": tables.applied_migrations(cursor),
            "fixed_rows": tables.fixed_numbers(cursor),
        }
