"""One tenant by recorded statements: all that it lacks in one transaction, with its record and its state.

Killed at any moment, a tenant is either as before or done, and its row in `public` says which.
"""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from django.conf import settings
from django.db import connections

from tenants.schema import in_schema

from .patience import Patience
from .recording import Step, digest
from .rows import run_hook
from .versions import Code, Key

KNOWN = """
    SELECT (SELECT rows FROM public.tenants_schemastate WHERE schema_name = %s),
           (SELECT json_agg(json_build_array(app, name)) FROM django_migrations)
"""
RECORD = """
    INSERT INTO django_migrations (app, name, applied)
    SELECT app, name, now() FROM unnest(%s::text[], %s::text[]) AS lacking (app, name)
"""
DONE = """
    UPDATE public.tenants_schemastate
       SET state = 'current', version = %s, rows = %s, error = '', attempts = 0, changed_at = now()
     WHERE schema_name = %s
"""
# Each migration used to have a transaction of its own: no check may be left over for the next one's ALTER TABLE.
SETTLE = (["send", "SET CONSTRAINTS ALL IMMEDIATE"], ["send", "SET CONSTRAINTS ALL DEFERRED"])
CHANGES_ROWS = ("INSERT", "UPDATE", "DELETE", "SELECT")


class NotReplayable(Exception):
    """This tenant has to go the ordinary way. Raised inside the transaction, of which nothing is left."""


@dataclass(frozen=True)
class Target:
    """What a run brings every tenant to. `rows` is the word for `row_statements` and the hooks (fleet/rows.py)."""

    code: Code
    steps_of: Callable[[Key], list[Step] | None]
    rows: str
    row_statements: list[str]


def replay(schema_name: str, target: Target, *, patience: Patience, using: str) -> bool:
    """Bring one tenant to the target, in one transaction. Returns whether it lacked a migration.

    Raises NotReplayable, SchemaMissing, and whatever the database says; the tenant is then as before.
    """
    with in_schema(schema_name, using=using):
        rows, applied = look(schema_name, patience=patience, using=using)
        lacking = target.code.missing(applied)
        steps = [step for key in lacking for step in steps_for(key, target)]
        furnish = rows != target.rows
        send(schema_name, lacking, steps, target, furnish=furnish, using=using)
        for path in settings.TENANT_MIGRATED_HOOKS if furnish else ():
            run_hook(path, using)
    return bool(lacking)


def look(schema_name: str, *, patience: Patience, using: str) -> tuple[str, list[Key]]:
    """Begin with the limits; the word for its rows, and the migrations that the tenant says it has."""
    connection = connections[using]
    with connection.cursor() as cursor, connection.wrap_database_errors:  # the cursor binds the schema
        raw = cursor.connection
        with raw.pipeline():
            for limit in patience.limits(using):
                raw.execute(limit, prepare=False)
            answer = raw.execute(KNOWN, [schema_name])
        rows, applied = answer.fetchone()
    return rows, [(app, name) for app, name in applied or ()]


def steps_for(key: Key, target: Target) -> list[Step]:
    steps = target.steps_of(key)
    if steps is None:
        raise NotReplayable(f"{key[0]}.{key[1]} is not recorded")
    return [*steps, *SETTLE] if any(text.upper().startswith(CHANGES_ROWS) for _kind, text, *_rest in steps) else steps


def send(schema_name: str, lacking: list[Key], steps: list[Step], target: Target, *, furnish: bool, using: str) -> None:
    """All statements in one round trip; then compare what was asked on the way with the template's answers."""
    connection = connections[using]
    with connection.cursor() as cursor, connection.wrap_database_errors:
        raw: psycopg.Connection = cursor.connection
        with raw.pipeline():
            asked = [(raw.execute(text, prepare=False), rest) for _kind, text, *rest in steps]
            if lacking:
                raw.execute(RECORD, [[app for app, _name in lacking], [name for _app, name in lacking]])
            for statement in target.row_statements if furnish else ():
                raw.execute(statement, prepare=False)
            raw.execute(DONE, [target.code.version, target.rows, schema_name])
        for answer, wanted in asked:
            if wanted and digest(answer.fetchall(), schema_name) != wanted[0]:
                raise NotReplayable("something that was looked up is not as in the template")
