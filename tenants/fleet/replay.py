"""One tenant by recorded statements: all that it lacks in one transaction, with its record and its state.

The first is looked at, and what that one lacked is sent to the next at once (at_once.py), as long as it is like it.
Killed at any moment, a tenant is either as before or done, and its row in `public` says which.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
from django.conf import settings
from django.db import DatabaseError, connections
from psycopg import sql

from tenants.schema import in_schema

from .at_once import APPLIED, HERE, LastScript, Script, at_once, fits, worded
from .patience import Patience, is_busy
from .recording import Step, digest
from .rows import run_hook
from .schemas import set_ready
from .versions import Code, Key

KNOWN = """
    SELECT (SELECT rows FROM public.tenants_schemastate WHERE schema_name = {schema}),
           (SELECT json_agg(json_build_array(app, name)) FROM django_migrations),
           ({applied})
"""
RECORD = """
    INSERT INTO django_migrations (app, name, applied)
    SELECT app, name, now() FROM unnest({apps}::text[], {names}::text[]) AS lacking (app, name)
"""
DONE = """
    UPDATE public.tenants_schemastate
       SET state = 'current', version = {version}, rows = {rows}, error = '', attempts = 0, changed_at = now()
     WHERE schema_name = {schema}
"""
# Each migration used to have a transaction of its own: no check may be left over for the next one's ALTER TABLE.
SETTLE = (["send", "SET CONSTRAINTS ALL IMMEDIATE"], ["send", "SET CONSTRAINTS ALL DEFERRED"])
CHANGES_ROWS = ("INSERT", "UPDATE", "DELETE", "SELECT")


class NotReplayable(Exception):
    """This tenant has to go the ordinary way. Raised inside the transaction, of which nothing is left."""


@dataclass(frozen=True)
class Target:
    """What a run brings every tenant to. `rows` is the word for `row_statements` and the hooks (fleet/rows.py).

    `usual` is what the last tenant was sent.
    """

    code: Code
    steps_of: Callable[[Key], list[Step] | None]
    rows: str
    row_statements: list[str]
    usual: LastScript = field(default_factory=LastScript)


@dataclass(frozen=True)
class Found:
    """How a tenant was found. `rows` is the word for its rows, `word` that for what it has applied."""

    rows: str
    applied: list[Key]
    word: str | None


def replay(schema_name: str, target: Target, *, patience: Patience, using: str) -> bool:
    """Bring one tenant to the target, in one transaction. Returns whether it lacked a migration.

    Raises NotReplayable, SchemaMissing, and whatever the database says; the tenant is then as before.
    """
    usual = target.usual.script
    if not usual:
        return replay_looking(schema_name, target, patience=patience, using=using)
    try:
        at_once(schema_name, usual, using=using)
    except DatabaseError as error:
        if is_busy(error):
            raise
        return replay_looking(schema_name, target, patience=patience, using=using)
    return usual.lacked


def replay_looking(
    schema_name: str, target: Target, *, patience: Patience, using: str, opens: Callable[[bool], bool] | None = None
) -> bool:
    """The same for one of which nothing is known. A closed one is opened with it, if `opens` says so.

    `opens` is told whether it lacked a migration.
    """
    with in_schema(schema_name, using=using):
        found = look(schema_name, patience=patience, using=using)
        lacking = target.code.missing(found.applied)
        steps = [step for key in lacking for step in steps_for(key, target)]
        furnish = found.rows != target.rows
        send_steps(schema_name, lacking, steps, target, furnish=furnish, using=using)
        for path in settings.TENANT_MIGRATED_HOOKS if furnish else ():
            run_hook(path, using)
        if opens and opens(bool(lacking)):
            set_ready(schema_name, True, using=using)
    if not furnish and fits(using):
        target.usual.script = script_of(found, lacking, steps, target, patience=patience, using=using)
    return bool(lacking)


def script_of(
    found: Found, lacking: list[Key], steps: list[Step], target: Target, *, patience: Patience, using: str
) -> Script | None:
    """What the next one may be sent at once. Nothing where an answer has to be compared before the COMMIT."""
    if not found.word or any(kind == "ask" for kind, *_rest in steps):
        return None
    statements = [text for _kind, text in steps] + ([record(lacking)] if lacking else []) + [done(HERE, target)]
    text = worded(statements, word=found.word, rows=found.rows, patience=patience, using=using)
    return Script(text, bool(lacking))


def look(schema_name: str, *, patience: Patience, using: str) -> Found:
    """Begin with the limits; then what the tenant says it has."""
    connection = connections[using]
    question = sql.SQL(KNOWN).format(schema=sql.Literal(schema_name), applied=sql.SQL(APPLIED))
    with connection.cursor() as cursor, connection.wrap_database_errors:  # the cursor binds the schema
        raw = cursor.connection
        with raw.pipeline():
            for limit in patience.limits(using):
                raw.execute(limit, prepare=False)
            answer = raw.execute(question)
        rows, applied, word = answer.fetchone()
    return Found(rows, [(app, name) for app, name in applied or ()], word)


def steps_for(key: Key, target: Target) -> list[Step]:
    steps = target.steps_of(key)
    if steps is None:
        raise NotReplayable(f"{key[0]}.{key[1]} is not recorded")
    return [*steps, *SETTLE] if any(text.upper().startswith(CHANGES_ROWS) for _kind, text, *_rest in steps) else steps


def send_steps(
    schema_name: str, lacking: list[Key], steps: list[Step], target: Target, *, furnish: bool, using: str
) -> None:
    """All statements in one round trip; then compare what was asked on the way with the template's answers."""
    connection = connections[using]
    with connection.cursor() as cursor, connection.wrap_database_errors:
        raw: psycopg.Connection = cursor.connection
        with raw.pipeline():
            asked = [(raw.execute(text, prepare=False), rest) for _kind, text, *rest in steps]
            if lacking:
                raw.execute(record(lacking), prepare=False)
            for statement in target.row_statements if furnish else ():
                raw.execute(statement, prepare=False)
            raw.execute(done(sql.Literal(schema_name), target), prepare=False)
        for answer, wanted in asked:
            if wanted and digest(answer.fetchall(), schema_name) != wanted[0]:
                raise NotReplayable("something that was looked up is not as in the template")


def record(lacking: list[Key]) -> str:
    apps, names = zip(*lacking, strict=True)
    return sql.SQL(RECORD).format(apps=sql.Literal([*apps]), names=sql.Literal([*names])).as_string()


def done(schema: sql.Composable, target: Target) -> str:
    words = {"version": sql.Literal(target.code.version), "rows": sql.Literal(target.rows)}
    return sql.SQL(DONE).format(**words, schema=schema).as_string()
