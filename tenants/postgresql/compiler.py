# mypy: ignore-errors
# The stubs describe the public face of Django's compilers, not what a backend overrides.
"""Django's compilers for PostgreSQL, which tell the watchers (writes.py) what a statement changes.

Unwatched statements are sent as they are. A watched INSERT returns its rows whole; a watched UPDATE or
DELETE first reads, and locks, the rows that it is about, and then touches exactly those.
"""

import copy
from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.postgresql import compiler
from django.db.backends.postgresql.compiler import SQLAggregateCompiler, SQLCompiler
from django.db.models.constants import OnConflict
from django.db.models.query import QuerySet
from django.db.models.sql.constants import ROW_COUNT
from django.db.models.sql.query import Query

from . import writes
from .writes import Change, Watcher

__all__ = ["SQLAggregateCompiler", "SQLCompiler", "SQLDeleteCompiler", "SQLInsertCompiler", "SQLUpdateCompiler"]


class SQLInsertCompiler(compiler.SQLInsertCompiler):
    def execute_sql(self, returning_fields=None):
        model = self.query.get_meta().concrete_model
        watchers = writes.heeding(self.connection, model)
        if not watchers:
            return super().execute_sql(returning_fields)
        if self.query.on_conflict == OnConflict.UPDATE:
            raise NotImplementedError(f"Rows of {model._meta.label} are watched: insert and update them apart.")
        asked = list(returning_fields or ())
        fields = [field for field in model._meta.concrete_fields if field in asked or not field.generated]
        rows = self.insert(fields)
        tell(watchers, self, [Change(None, made(model, self.using, fields, row)) for row in rows])
        places = [fields.index(field) for field in asked]
        return [[row[place] for place in places] for row in rows] if asked else []

    def insert(self, fields: list[models.Field]) -> list[list]:
        """The rows as they are stored; of a row that was there already (ON CONFLICT DO NOTHING) there is none."""
        self.returning_fields = fields
        with self.connection.cursor() as cursor:
            for statement, parameters in self.as_sql():
                cursor.execute(statement, parameters)
            rows = cursor.fetchall()
        columns = [field.get_col(self.query.get_meta().db_table) for field in fields]
        return list(self.apply_converters(rows, self.get_converters(columns)))


class SQLUpdateCompiler(compiler.SQLUpdateCompiler):
    def execute_sql(self, result_type):
        names = frozenset(field.name for field, _model, _value in self.query.values)
        watchers = writes.heeding(self.connection, self.query.get_meta().concrete_model, names) if names else []
        if not watchers:
            return super().execute_sql(result_type)
        rows = narrow_to_rows(self)
        if not rows:
            return 0
        count = super().execute_sql(result_type)
        tell(watchers, self, [Change(row, after) for row, after in zip(rows, self.updated(rows), strict=True)])
        return count

    def updated(self, rows: list[models.Model]) -> list[models.Model]:
        """The rows as they are now. Asked of the database only where it worked the values out itself."""
        if any(is_worked_out(field, value) for field, _model, value in self.query.values):
            keys = [row.pk for row in rows]
            stored = read(type(rows[0]), self.using).in_bulk(keys)
            return [stored[key] for key in keys]
        copies = [copy.copy(row) for row in rows]
        for field, _model, value in self.query.values:
            plain = field.to_python(value.pk if isinstance(value, models.Model) else value)
            for row in copies:
                setattr(row, field.attname, plain)
        return copies


class SQLDeleteCompiler(compiler.SQLDeleteCompiler):
    def execute_sql(self, result_type, *args, **kwargs):
        watchers = writes.heeding(self.connection, self.query.get_meta().concrete_model)
        if not watchers:
            return super().execute_sql(result_type, *args, **kwargs)
        rows = narrow_to_rows(self)
        if not rows:
            return 0 if result_type == ROW_COUNT else None
        result = super().execute_sql(result_type, *args, **kwargs)
        tell(watchers, self, [Change(row, None) for row in rows])
        return result


def is_worked_out(field: models.Field, value: Any) -> bool:
    """Does the database decide what is stored: by an expression, or by rounding?"""
    if hasattr(value, "resolve_expression"):
        return True
    if not isinstance(field, models.DecimalField) or value is None:
        return False
    return -field.to_python(value).as_tuple().exponent > field.decimal_places


def narrow_to_rows(statement: Any) -> list[models.Model]:
    """The rows an UPDATE or DELETE is about, locked until the commit; from here on it is about no others."""
    query = statement.query.chain(klass=Query)
    query.clear_ordering(force=True)
    model = query.get_meta().concrete_model
    if len(query.alias_map) > 1 or query.annotations or query.distinct:
        # PostgreSQL locks no grouped or windowed rows, and a join names one row several times.
        keys = QuerySet(model, query=query, using=statement.using).values("pk")
        chosen = read(model, statement.using).filter(pk__in=keys)
    else:
        query.clear_select_clause()
        query.default_cols = True
        chosen = read(model, statement.using, query)
    rows = list(chosen.select_for_update(no_key=True, of=("self",)))
    statement.query.clear_where()
    statement.query.add_filter("pk__in", [row.pk for row in rows])
    return rows


def read(model: type[models.Model], using: str, query: Query | None = None) -> QuerySet:
    generated = [field.name for field in model._meta.concrete_fields if field.generated]
    return QuerySet(model, query=query, using=using).defer(*generated)


def made(model: type[models.Model], using: str, fields: list[models.Field], row: Sequence) -> models.Model:
    """An instance of a row. `fields` stand in the model's own order, as `from_db` wants them."""
    return model.from_db(using, [field.attname for field in fields], row)


def tell(watchers: list[Watcher], statement: Any, changes: list[Change]) -> None:
    for watcher in watchers if changes else ():
        watcher.wrote(statement.connection, changes)
