"""Rows out of a schema and into one, as PostgreSQL's own COPY writes them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db import connections
from psycopg import sql

from tenants import blueprint
from tenants.fleet.rows import FIXED_ID_TABLES

# Known by the structure, hence never carried: the numbers that are the same everywhere, and what was migrated.
STRUCTURAL = (*FIXED_ID_TABLES, "django_migrations")
GENERATED, IDENTITY = " GENERATED ALWAYS AS (", " AS IDENTITY"

PRIMARY_KEYS = """
    SELECT c.relname, array_agg(a.attname ORDER BY array_position(k.conkey, a.attnum))
      FROM pg_constraint k
      JOIN pg_class c ON c.oid = k.conrelid
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey)
     WHERE k.connamespace = current_schema()::regnamespace AND k.contype = 'p'
     GROUP BY c.relname
"""
# Whatever the server's or the role's own settings are, one value has one text.
ONE_SPELLING = """
    SELECT set_config('client_encoding', 'UTF8', true), set_config('datestyle', 'ISO, YMD', true),
           set_config('intervalstyle', 'iso_8601', true), set_config('timezone', 'UTC', true),
           set_config('bytea_output', 'hex', true), set_config('extra_float_digits', '1', true)
"""
FIXED_NUMBERS = (
    "SELECT id, app_label, model FROM django_content_type ORDER BY id",
    "SELECT id, content_type_id, codename FROM auth_permission ORDER BY id",
)
POSITION = "SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {}"


@dataclass(frozen=True)
class Shape:
    """A table as the database has it. `columns`: name -> definition; generated ones are not among them."""

    columns: dict[str, str]
    keys: list[str]

    @property
    def numbered(self) -> list[str]:
        """The columns with a sequence."""
        return [name for name, definition in self.columns.items() if IDENTITY in definition]


def shapes(cursor, schema_name: str) -> dict[str, Shape]:
    """The tables with rows of their own. `cursor` is bound to that schema."""
    cursor.execute(PRIMARY_KEYS)
    keys = dict(cursor.fetchall())
    return {
        table: Shape({name: text for name, text in columns.items() if GENERATED not in text}, keys.get(table, []))
        for table, columns in blueprint.read_columns(cursor, schema_name).items()
        if table not in STRUCTURAL
    }


def copy_out(cursor, table: str, selected: sql.Composed, keys: Iterable[str], write: Callable) -> int:
    """Hand each row's text to `write`, in the order of its key. Returns how many there were."""
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        selected, sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, keys)) if keys else sql.SQL("1")
    )
    with cursor.copy(statement) as rows:
        for row in rows:
            write(row)
    return cursor.rowcount


def copy_in(cursor, table: str, columns: list[str], blocks: Iterator[bytes]) -> int:
    """Returns how many rows it were. Nothing of a block is read as SQL."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as rows:
        for block in blocks:
            rows.write(block)
    return cursor.rowcount


def sequence_of(cursor, table: str, column: str) -> str:
    """Its bare name, as it is called where the search path points."""
    cursor.execute("SELECT pg_get_serial_sequence(%s, %s)::regclass::text", [f'"{table}"', column])
    return cursor.fetchone()[0].strip('"')


def positions(cursor, table: str, shape: Shape) -> dict[str, int]:
    """Column -> the last number its sequence gave out, were the row that got it there or not."""
    found = {}
    for column in shape.numbered:
        cursor.execute(sql.SQL(POSITION).format(sql.Identifier(sequence_of(cursor, table, column))))
        found[column] = cursor.fetchone()[0]
    return found


def set_positions(cursor, table: str, shape: Shape, noted: dict[str, int]) -> None:
    """Let the next number be one that no row has, and none that was given out before the dump."""
    for column in shape.numbered:
        cursor.execute(sql.SQL("SELECT max({}) FROM {}").format(sql.Identifier(column), sql.Identifier(table)))
        position = max(cursor.fetchone()[0] or 0, int(noted.get(column, 0)))
        if position:
            sequence = sequence_of(cursor, table, column)
            setval = sql.SQL("SELECT setval({}, {})").format(sql.Literal(f'"{sequence}"'), sql.Literal(position))
            cursor.execute(setval)


def fixed_numbers(cursor) -> dict[str, list[tuple]]:
    """Content types and permissions by number and by what they stand for: what other rows refer to them by."""
    found = {}
    for statement, table in zip(FIXED_NUMBERS, FIXED_ID_TABLES, strict=True):
        cursor.execute(statement)
        found[table] = cursor.fetchall()
    return found


def applied_migrations(cursor) -> list[tuple[str, str]]:
    cursor.execute("SELECT DISTINCT app, name FROM django_migrations ORDER BY app, name")
    return cursor.fetchall()


def one_spelling(using: str) -> None:
    """For the rest of the transaction."""
    with connections[using].cursor() as cursor:
        cursor.execute(ONE_SPELLING)
