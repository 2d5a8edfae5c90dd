"""Statements that Django's ORM writes once and every request sends again, with other values.

Writing the SQL of a page of products takes the ORM longer than PostgreSQL takes to answer it (2 ms of a page's 6).
So a queryset is built once with a `Slot` wherever a value differs from request to request. What is kept is text: it
names no schema, and holds no row of anybody's. Of what is sent often, the database keeps the plan as well
(tenants/postgresql/keeping.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.sql.compiler import SQLCompiler
from psycopg import sql
from psycopg.types.datetime import TimestamptzLoader

from tenants.postgresql.keeping import Lasting


class Slot(models.Expression):
    """A place for a value in a queryset: `filter(title=Slot("title", CharField()))`. The value comes with `run`."""

    def __init__(self, name: str, output_field: models.Field):
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler, connection):
        return "%s", [self]


class AnyOf(models.Lookup):
    """`left = ANY(right)` for an array, which an index answers for each of its items; `IN (SELECT …)` it may not."""

    prepare_rhs = False

    def as_sql(self, compiler, connection):
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = compiler.compile(self.rhs)
        return f"{left} = ANY({right})", [*left_values, *right_values]


@dataclass(frozen=True, eq=False)
class Prepared:
    """The text of a statement, and what has to be sent with it: values, and slots for values."""

    sql: str
    parameters: tuple[Any, ...]
    converters: tuple[tuple[int, list[Callable], Any], ...]

    def run(self, using: str = DEFAULT_DB_ALIAS, *, is_kept: bool = True, **values: Any) -> list[tuple]:
        """The rows, as a queryset's `values_list` gives them. `values` are by the slots' names.

        `is_kept`: the statement is sent time after time, so the database may keep it ready.
        """
        connection = connections[using]
        with connection.cursor() as cursor:
            read_moments_in_c(cursor)
            cursor.execute(self.text if is_kept else str(self.text), self.sent(values))
            return self.read(cursor, using)

    @cached_property
    def text(self) -> Lasting:
        """What is sent: with the values that never differ written into it, and `%s` for each slot."""
        connection = connections[DEFAULT_DB_ALIAS]
        connection.ensure_connection()
        slots = [each for each in self.parameters if isinstance(each, Slot)]
        written = ["%s" if isinstance(each, Slot) else _literal(each, connection) for each in self.parameters]
        # One `%` for what is to be none when the slots are filled in.
        text = self.sql.replace("%%", "%%%%") % tuple(written)
        types = {slot.name: str(slot.output_field.db_type(connection)) for slot in slots}
        return Lasting(text, [slot.name for slot in slots], types)

    def sent(self, values: dict[str, Any]) -> list[Any]:
        return [values[name] for name in self.text.places]

    def read(self, cursor: Any, using: str = DEFAULT_DB_ALIAS) -> list[tuple]:
        """The rows of its answer, at which the cursor stands."""
        return self.converted(cursor.fetchall(), connections[using])

    def converted(self, rows: list[tuple], connection) -> list[tuple]:
        return [self.converted_row(row, connection) for row in rows] if self.converters else rows

    def converted_row(self, row: Sequence, connection) -> tuple:
        made = list(row)
        for place, functions, expression in self.converters:
            for function in functions:
                made[place] = function(made[place], expression, connection)
        return tuple(made)


def _literal(value: Any, connection) -> str:
    return sql.Literal(value).as_string(connection.connection).replace("%", "%%")


def read_moments_in_c(cursor: Any) -> None:
    """By psycopg's own loader. Django's is written in Python and takes ten times as long for the same moment.

    They name the zone differently, ZoneInfo("UTC") and timezone.utc; a moment in the one equals that in the other.
    """
    cursor.adapters.register_loader("timestamptz", TimestamptzLoader)


def prepare(queryset: models.QuerySet) -> Prepared:
    """The statement of a queryset of values. Raises EmptyResultSet where it can have no rows."""
    compiler: SQLCompiler = queryset.query.get_compiler(queryset.db)
    sql, parameters = compiler.as_sql()
    converters = compiler.get_converters([expression for expression, *_names in compiler.select])
    found = [(place, functions, expression) for place, (functions, expression) in converters.items()]
    return Prepared(sql, tuple(parameters), tuple(found))


@lru_cache(maxsize=256)
def _together(*statements: Prepared) -> Lasting:
    return Lasting.together([statement.text for statement in statements])


def run_in_turn(*statements: Prepared, using: str = DEFAULT_DB_ALIAS, **values: Any) -> list[list[tuple]]:
    """The rows of each, sent together where values are written into the text, as Django does by default.

    PostgreSQL runs them one after the other, and each sees what was committed before it began: the second one also
    what somebody did while the first one waited for a lock.
    """
    connection = connections[using]
    if connection.features.uses_server_side_binding:  # type: ignore[attr-defined]
        return [statement.run(using, **values) for statement in statements]
    found = []
    with connection.cursor() as cursor:
        read_moments_in_c(cursor)
        sent = [each for statement in statements for each in statement.sent(values)]
        cursor.execute(_together(*statements), sent)
        for statement in statements:
            found.append(statement.read(cursor, using))
            cursor.nextset()
    return found
