"""May a migration be replayed? Only where every tenant would be sent the very same statements.

What is not known to be so goes the ordinary way: the list names what is allowed, never what is not.
"""

import re
from collections.abc import Iterator

from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation

# By exact class: a subclass may do anything (RenameContentType, which Django adds, is a RunPython).
PLAIN = {
    AddConstraintNotValid,
    ValidateConstraint,
    operations.AddConstraint,
    operations.AddField,
    operations.AddIndex,
    operations.AlterConstraint,
    operations.AlterField,
    operations.AlterIndexTogether,
    operations.AlterModelManagers,
    operations.AlterModelOptions,
    operations.AlterModelTable,
    operations.AlterModelTableComment,
    operations.AlterOrderWithRespectTo,
    operations.AlterUniqueTogether,
    operations.CreateModel,
    operations.DeleteModel,
    operations.RemoveConstraint,
    operations.RemoveField,
    operations.RemoveIndex,
    operations.RenameField,
    operations.RenameIndex,
    operations.RenameModel,
    operations.RunSQL,
}
# Callables that give the same at any time, anywhere.
CONSTANT_DEFAULTS = (dict, list, set, tuple, str, int, float, bool, bytes)

WRITES = ("CREATE", "ALTER", "DROP", "COMMENT", "INSERT", "UPDATE", "DELETE", "GRANT", "REVOKE", "SET CONSTRAINTS")
ASKS = ("SELECT",)


def unfit_migration(migration: Migration) -> str:
    """Why its statements may not be replayed; empty if they may, as far as its operations say."""
    if not migration.atomic:
        return "is not atomic"
    if migration.replaces:
        return "replaces others"
    return next((reason for operation in migration.operations if (reason := unfit_operation(operation))), "")


def unfit_operation(operation: Operation) -> str:
    if type(operation) is operations.SeparateDatabaseAndState:
        return next((reason for inner in operation.database_operations if (reason := unfit_operation(inner))), "")
    if type(operation) not in PLAIN:
        return f"has {type(operation).__name__}"
    if isinstance(operation, operations.AddField | operations.AlterField) and is_of_the_moment(operation.field):
        return f"fills {operation.model_name}.{operation.name} with what is worked out at the time"
    return ""


def is_of_the_moment(field) -> bool:
    """Would existing rows get another value tomorrow, or in the next tenant?"""
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return True
    return callable(field.default) and field.has_default() and field.default not in CONSTANT_DEFAULTS


def unfit_statement(text: str) -> str:
    """Why this one may not be sent to a tenant; empty if it may."""
    start = " ".join(text.split(None, 2)[:2]).upper()
    if not start.startswith((*WRITES, *ASKS)):
        return f"sends {start}"
    if "CONCURRENTLY" in text.upper().split():
        return "works concurrently"
    return "names a schema" if any(named_schemas(text)) else ""


def named_schemas(text: str) -> Iterator[str]:
    """The template or `public`, where a statement names it."""
    for schema_name in (settings.TEMPLATE_SCHEMA, settings.PUBLIC_SCHEMA_NAME):
        yield from re.findall(rf'"?\b{re.escape(schema_name)}\b"?\s*\.', text)


def is_question(text: str) -> bool:
    return text.lstrip().upper().startswith(ASKS)
