"""Filling a new schema with what is in a dump, and proving that it is in it."""

import hashlib
from collections.abc import Callable, Iterator

from django.db import DatabaseError, connections
from psycopg import sql

from tenants import copies
from tenants.exceptions import first_line
from tenants.fleet.rows import copy_fixed_rows, fixed_rows
from tenants.schema import in_schema

from . import rules, tables
from .archive import Reader
from .exceptions import DamagedDump, UnfitDump
from .manifest import Manifest, Table
from .structure import Structure


def load(
    archive: Reader,
    schema_name: str,
    structure: Structure,
    *,
    lives_as: str,
    using: str,
    report: Callable[[str], None],
) -> None:
    """Make the schema and fill it, in the caller's transaction. `lives_as` is the name it will have in the end.

    Raises DamagedDump, UnfitDump, SchemaExists; the transaction is then to be rolled back.
    """
    copies.create_schema(schema_name, using=using)
    with in_schema(schema_name, using=using), connections[using].cursor() as cursor:
        tables.one_spelling(using)
        copies.replay(structure.tables, using=using)
        shapes, loaded = tables.shapes(cursor, schema_name), list(carried(archive.manifest, lives_as))
        for table in loaded:
            refuse_other_columns(table, shapes)
            fill(cursor, archive, table, using=using)
            report(f"{table.name}: {table.rows} rows")
        finish(structure, using=using)
        noted = {table.name: table.sequences for table in archive.manifest.tables}
        for name, shape in shapes.items():
            tables.set_positions(cursor, name, shape, noted.get(name, {}))
        for table in loaded:
            prove(cursor, table, shapes[table.name])
    copy_fixed_rows(schema_name, fixed_rows(using), using=using)  # those that came since the structure's time


def carried(manifest: Manifest, schema_name: str) -> Iterator[Table]:
    """Those whose rows are right in a schema of that name."""
    declared = rules.all_rules()
    for table in manifest.tables:
        rule = declared.get(table.name, rules.EVERY_ROW)
        if rule.in_dumps and not (rule.bound_to_schema and manifest.schema_name != schema_name):
            yield table


def refuse_other_columns(table: Table, shapes: dict[str, tables.Shape]) -> None:
    if table.name not in shapes or set(table.columns) != set(shapes[table.name].columns):
        raise UnfitDump(f"The dump's table {table.name} has other columns than it has here.")


def fill(cursor, archive: Reader, table: Table, *, using: str) -> None:
    try:
        with connections[using].wrap_database_errors:
            rows = tables.copy_in(cursor, table.name, table.columns, archive.blocks(table.part, table.digest))
    except DatabaseError as error:
        raise UnfitDump(f"The rows of {table.name} do not fit: {first_line(error)}") from error
    if rows != table.rows:
        raise DamagedDump(f"{table.name} has {rows} rows, and {table.rows} were dumped.")


def finish(structure: Structure, *, using: str) -> None:
    """Keys, indexes and privileges. A key that the rows do not keep is found here."""
    try:
        copies.replay(structure.rest, using=using)
    except DatabaseError as error:
        raise UnfitDump(f"The rows contradict each other: {first_line(error)}") from error


def prove(cursor, table: Table, shape: tables.Shape) -> None:
    """Read the rows again: what is in the table is what was dumped, byte by byte. Raises DamagedDump."""
    found = hashlib.sha256()
    selected = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    tables.copy_out(cursor, table.name, selected, shape.keys, found.update)
    if found.hexdigest() != table.digest.sha256:
        raise DamagedDump(f"{table.name} is not as it was dumped once it was read back. Nothing was changed.")
