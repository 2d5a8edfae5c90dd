"""Rows that are the same in every tenant: content types and permissions, and what the hooks keep right.

The template gives content types and permissions their ids; each tenant gets those rows, ids included, so
that Django's post-migrate step finds nothing to make there (docs/decisions/0001-schemas.md).
"""

import hashlib
import inspect
import json

from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string
from psycopg import sql

from tenants.schema import in_schema

# Rows whose ids must be the same in every tenant, in the order of their foreign keys.
FIXED_ID_TABLES = ("django_content_type", "auth_permission")
WORD = 12  # characters of a hash, as SchemaState keeps them

Rows = dict[str, tuple[list[str], list[tuple]]]


def fixed_rows(using: str) -> Rows:
    """The template's content types and permissions: table -> (columns, rows)."""
    result = {}
    with in_schema(settings.TEMPLATE_SCHEMA, using=using), connections[using].cursor() as cursor:
        for table in FIXED_ID_TABLES:
            cursor.execute(sql.SQL("SELECT * FROM {} ORDER BY id").format(sql.Identifier(table)))
            result[table] = ([column.name for column in cursor.description], cursor.fetchall())
    return result


def row_statements(rows: Rows, *, using: str) -> list[str]:
    """What gives a schema those of the rows that it lacks. Equal for all, so it is worded once for a whole run.

    A row that is there under another id is not moved, since grants point at it: the statement then fails.
    """
    statements = []
    for table, (columns, values) in rows.items():
        insert = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES {} ON CONFLICT (id) DO NOTHING").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, row))) for row in values),
        )
        connections[using].ensure_connection()
        statements.append(insert.as_string(connections[using].connection))
        statements.append(f"SELECT setval('{table}_id_seq', {max(row[0] for row in values)})")
    return statements


def copy_fixed_rows(schema_name: str, rows: Rows, *, using: str) -> None:
    """Give a tenant the template's content types and permissions, ids included."""
    with in_schema(schema_name, using=using), connections[using].cursor() as cursor:
        for statement in row_statements(rows, using=using):
            cursor.execute(statement)


def run_hooks(schema_name: str, *, using: str) -> None:
    """Let the apps above keep their own rows right: system roles, for one (TENANT_MIGRATED_HOOKS)."""
    with in_schema(schema_name, using=using):
        for path in settings.TENANT_MIGRATED_HOOKS:
            run_hook(path, using)


def run_hook(path: str, using: str) -> None:
    import_string(path)(connections[using])


def hooks_text() -> str:
    """The source of the modules that hold the hooks: as long as it is the same, a hook writes the same."""
    modules = [inspect.getmodule(import_string(path)) for path in settings.TENANT_MIGRATED_HOOKS]
    return "\n".join(inspect.getsource(module) for module in modules if module)


def rows_word(rows: Rows) -> str:
    """A word for the template's rows and for the hooks: equal words, nothing to copy and no hook to run."""
    text = json.dumps([rows, hooks_text()], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:WORD]
