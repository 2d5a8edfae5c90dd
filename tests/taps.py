"""What must never be sent to the database, listened for while the whole suite runs.

Each rule is one that plain PostgreSQL does not enforce and that a sharded one (schemas on many nodes)
would: found here, it costs a line; found there, a night. `sql_tap` hears every statement of a test,
`migration_tap` those of a migration of a tenant. Both raise Forbidden with the rule's reason.
"""

import re
from contextlib import contextmanager
from functools import lru_cache

from django.db import connections
from django.db.backends.signals import connection_created

from tenants.slugs import SCHEMA_PREFIX


class Forbidden(AssertionError):
    """A statement that breaks a rule. Not a DatabaseError, so that no handler takes it for one."""


# Functions that may answer differently for each row; `now()` is the same for the whole transaction.
VOLATILE = r"\b(random|gen_random_uuid|clock_timestamp|timeofday|nextval|uuidv4|uuidv7|statement_timestamp)\s*\("

ALWAYS = {
    r"^\s*UPDATE\b.*" + VOLATILE: "a volatile function in UPDATE: compute the value in Python",
    r"^\s*INSERT\b.*\bVALUES\b.*\(\s*SELECT\b": "a subquery in INSERT .. VALUES: ask first, or INSERT .. SELECT",
    r"^\s*MERGE\b": "MERGE: use bulk_create(update_conflicts=True)",
    r"\bpg_(try_)?advisory": "an advisory lock stops at its node: lock a row",
    r"\bsetval\s*\(.*\bFROM\b": "setval from a query: read the position first, then setval with a literal",
    r"^\s*PREPARE\s+TRANSACTION\b": "a prepared transaction",
    r"^\s*(UN)?LISTEN\b|^\s*NOTIFY\b|\bpg_notify\s*\(": "LISTEN and NOTIFY stop at their node",
    r"^\s*SET\s+(SESSION\s+)?lock_timeout\b": "a session's lock_timeout stops at its node: citus.lock_limits",
    r"\bset_config\s*\(\s*'lock_timeout'": "a lock_timeout by set_config stops at its node: citus.lock_limits",
    r"^\s*UPDATE\b.*\b(now\(\)|current_timestamp|current_date)\s*[-+]\s*\(?\"?\w+\"?\.\"?\w": (
        "the time of day combined with a column in UPDATE: compute the value in Python"
    ),
    r"^\s*CREATE\s+EXTENSION\b": "an extension is made once, by the server's owner",
    r"^\s*SET\s+(SESSION\s+)?search_path\b": "a search path for the session: the tenant is bound to the transaction",
}

IN_MIGRATIONS = {
    r"\bADD\s+COLUMN\b.*\bCHECK\s*\(": "ADD COLUMN with CHECK: add the column, then the constraint",
    r"\bADD\s+COLUMN\b.*(\bIDENTITY\b|\b(big|small)?serial\b)": "an identity on an existing table",
    r"^\s*ALTER\s+SEQUENCE\b": "ALTER SEQUENCE: use setval with a literal",
    r"\b(CREATE|ALTER|DROP)\b.*\bTRIGGER\b": "a trigger",
    r"\bINHERITS\s*\(": "table inheritance",
    r"\bREFERENCES\s+\"?public\"?\.": "a foreign key that leaves the tenant",
    r"^\s*(DO|CREATE\s+(OR\s+REPLACE\s+)?(FUNCTION|PROCEDURE))\b.*\bCREATE\s+TABLE\b": "a table made inside a function",
    r"^\s*CREATE\s+EXTENSION\b": "an extension in a tenant's schema",
    r"\bALTER\s+COLUMN\s+\"?id\"?\s+(SET\s+DATA\s+)?TYPE\b": "another type for a primary key",
    r"\bALTER\s+COLUMN\b.*\bADD\s+GENERATED\b": "an identity on an existing table",
}

# Django sends these pairs as one string; they are fine.
DJANGOS_PAIRS = re.compile(r"SET CONSTRAINTS (ALL|\"[^\"]+\"|[\w.\"]+) IMMEDIATE\s*;?\s*$", re.I)
STRINGS = re.compile(r"'(?:[^']|'')*'")
# A tenant's schema, as a statement names it: t_acme."table", "t_acme".table.
NAMED_SCHEMA = re.compile(rf'\b"?({SCHEMA_PREFIX}[a-z0-9_]+)"?\s*\.')


def judge(statement: str, rules: dict[str, str]) -> None:
    """Raise Forbidden if a rule is broken. What stands in quotes is a value and not judged, save a setting's name."""
    bare = STRINGS.sub(lambda found: found[0] if found[0] == "'lock_timeout'" else "''", statement)
    for pattern, reason in rules.items():
        if re.search(pattern, bare, re.I | re.S):
            raise Forbidden(f"{reason}\n{statement}")
    schemas = set(NAMED_SCHEMA.findall(bare))
    if len(schemas) > 1:
        raise Forbidden(f"one statement names two tenants, {' and '.join(sorted(schemas))}\n{statement}")


@lru_cache(maxsize=10_000)
def judge_once(statement: str) -> None:
    """`judge` by what always holds. The suite sends the same few thousand texts; one that is refused is not kept."""
    judge(statement, ALWAYS)


def demand_a_transaction(statement: str, connection) -> None:
    """A statement on a tenant's tables outside a transaction may run on anybody's connection."""
    if connection.schema_name.startswith(SCHEMA_PREFIX) and not (
        connection.in_atomic_block or connection._session_bound
    ):
        raise Forbidden(f"a tenant's statement outside a transaction\n{statement}")


def demand_one_statement(statement: str) -> None:
    bare = STRINGS.sub("''", statement).strip().rstrip(";")
    if ";" in DJANGOS_PAIRS.sub("", bare).strip().rstrip(";"):
        raise Forbidden(f"several statements in one string: RunSQL takes a list\n{statement}")


def listen(execute, statement, parameters, many, context):
    text = str(statement)
    judge_once(text)
    demand_a_transaction(text, context["connection"])
    return execute(statement, parameters, many, context)


def listen_to_migration(execute, statement, parameters, many, context):
    text = str(statement)
    judge(text, IN_MIGRATIONS)
    demand_one_statement(text)
    return execute(statement, parameters, many, context)


@contextmanager
def sql_tap():
    """Hear every statement, on the connections of threads that start meanwhile as well."""
    with installed(listen):
        yield


@contextmanager
def migration_tap():
    """Hear the statements of migrations."""
    with installed(listen_to_migration):
        yield


@contextmanager
def installed(wrapper):
    """An execute wrapper on every connection, those included that threads open meanwhile."""

    def install(connection, **kwargs):
        if wrapper not in connection.execute_wrappers:
            connection.execute_wrappers.append(wrapper)

    for connection in connections.all():
        install(connection)
    connection_created.connect(install)
    try:
        yield
    finally:
        connection_created.disconnect(install)
        for connection in connections.all():
            if wrapper in connection.execute_wrappers:
                connection.execute_wrappers.remove(wrapper)
