"""What differs when the database is a Citus cluster with one schema per tenant, and who asks for it.

Everything else is the same there, as long as the rules that docs/scaling.md lists are kept. Sign-up sends
`before_create_schema`, the fleet `lock_limits`, the doctor asks for `findings`; `manage.py prepare_citus` does what
is done once. Catalogues of Citus are read by name from `pg_catalog`: its view `citus_tables` stands in
`public`, which is not on a tenant's path, and asks every node for the size of every table.

Source: docs/decisions/0024-beyond-one-machine.md
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import sql

from .findings import Finding
from .models import Domain, Tenant
from .schema import in_public
from .slugs import SCHEMA_PREFIX

EXTENSION = "citus"
IS_THERE = "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = %s)"
# Asked for by every request, on whichever node it arrives: a copy on each.
REFERENCE_MODELS = (Tenant, Domain)

# Alias -> whether it is a cluster. A plain server becomes one with a new extension and a restart of its clients.
known: dict[str, bool] = {}

UNSHARDED = """
    SELECT n.nspname, c.relname
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname LIKE %(tenants)s
       AND NOT EXISTS (SELECT 1 FROM pg_dist_partition p JOIN pg_dist_schema s USING (colocationid)
                        WHERE p.logicalrelid = c.oid AND s.schemaid::oid = n.oid)
     ORDER BY n.nspname, c.relname
"""
UNSHARDED_SCHEMAS = """
    SELECT nspname FROM pg_namespace n
     WHERE nspname LIKE %(tenants)s AND NOT EXISTS (SELECT 1 FROM pg_dist_schema WHERE schemaid::oid = n.oid)
     ORDER BY nspname
"""
# Of a reference table Citus keeps a copy on every node, updated in two phases ('t').
REFERENCE_TABLES = """
    SELECT c.relname FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
     WHERE p.repmodel = 't' AND c.relnamespace = 'public'::regnamespace
"""
PUBLIC_SEQUENCES = """
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attidentity <> ''
     ORDER BY c.relname
"""
TENANTS = {"tenants": SCHEMA_PREFIX.replace("_", r"\_") + "%"}


def on_citus(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Is this database a Citus cluster? Asked once per alias and process, and False for other kinds of database."""
    if using not in known:
        connection = connections[using]
        if connection.vendor != "postgresql":
            return False
        with connection.cursor() as cursor:
            cursor.execute(IS_THERE, [EXTENSION])
            known[using] = cursor.fetchone()[0]
    return known[using]


def before_create_schema(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The statements that must come before `CREATE SCHEMA` of a tenant, in its transaction; none on plain PostgreSQL.

    Without them, on a database whose own setting is off, the tenant would stay on the coordinator, with no error.
    """
    return ["SET LOCAL citus.enable_schema_based_sharding = 'on'"] if on_citus(using) else []


def lock_limits(limit: timedelta, using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The statements after which nothing in this transaction waits for a lock for longer than `limit`.

    Citus ignores a lock_timeout on its workers (4 s measured where 0.3 s were set) unless it is told to pass on what
    is SET LOCAL, and never passes on what set_config() sets.
    """
    pass_on = ["SET LOCAL citus.propagate_set_commands = 'local'"] if on_citus(using) else []
    return [*pass_on, f"SET LOCAL lock_timeout = {round(limit.total_seconds() * 1000)}"]


def unsharded(using: str) -> dict[str, list[str]]:
    """Tenants' schemas with tables that are kept on the coordinator alone: name -> those tables. One question for all.

    Only a top-level CREATE TABLE is sharded: what a function or a DO block makes is not, and nothing says so.
    """
    tables: dict[str, list[str]] = {}
    with in_public(using=using), connections[using].cursor() as cursor:
        cursor.execute(UNSHARDED, TENANTS)
        for schema_name, table in cursor.fetchall():
            tables.setdefault(schema_name, []).append(table)
    return tables


def unsharded_schemas(using: str) -> list[str]:
    """Tenants' schemas that were never given to the cluster: made before it, or with its setting off."""
    with in_public(using=using), connections[using].cursor() as cursor:
        cursor.execute(UNSHARDED_SCHEMAS, TENANTS)
        return [name for (name,) in cursor.fetchall()]


def findings(using: str) -> Iterator[Finding]:
    """What the doctor says of a cluster; nothing of a plain server.

    A tenant on the coordinator is served as rightly as another, so that it is named with `public`, and not closed.
    """
    if not on_citus(using):
        return
    whole = unsharded_schemas(using)
    for schema_name in whole:
        cure = partial(shard, schema_name, using=using)
        yield Finding(settings.PUBLIC_SCHEMA_NAME, f"schema {schema_name}", "is on the coordinator alone", cure)
    for schema_name, tables in unsharded(using).items():
        if schema_name not in whole:
            what = f"tables {', '.join(tables)} of {schema_name}"
            yield Finding(
                settings.PUBLIC_SCHEMA_NAME, what, "are on the coordinator alone; dump and restore the tenant"
            )
    for table in missing_reference_tables(using):
        copy = partial(make_reference_tables, using)
        yield Finding(settings.PUBLIC_SCHEMA_NAME, f"table {table}", "is on the coordinator alone", copy)


def shard(schema_name: str, *, using: str) -> None:
    """Give one schema to the cluster, in a transaction of its own. It is locked meanwhile (0.2 s each for 197)."""
    with in_public(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT citus_schema_distribute(%s)", [schema_name])


def missing_reference_tables(using: str) -> list[str]:
    """Those of REFERENCE_MODELS that are on the coordinator alone: through a worker no tenant is found."""
    with in_public(using=using), connections[using].cursor() as cursor:
        cursor.execute(REFERENCE_TABLES)
        there = {name for (name,) in cursor.fetchall()}
    return [model._meta.db_table for model in REFERENCE_MODELS if model._meta.db_table not in there]


def make_reference_tables(using: str) -> list[str]:
    """Copy what every request asks for to every node, in one transaction. Returns the tables that were not yet.

    Tables that point at one are converted with it, and lose the position of their sequences where they have rows
    (duplicate keys were measured), so the positions are set again from the rows.
    """
    missing = missing_reference_tables(using)
    with in_public(using=using), connections[using].cursor() as cursor:
        for table in missing:
            cursor.execute("SELECT create_reference_table(%s)", [f"public.{table}"])
        if missing:
            restore_sequences(cursor)
    return missing


def restore_sequences(cursor) -> None:
    """Set every sequence in `public` to its table's highest key: read, then set, for Citus takes no `setval` FROM."""
    cursor.execute(PUBLIC_SEQUENCES)
    for table, column in cursor.fetchall():
        cursor.execute(sql.SQL("SELECT max({}) FROM {}").format(sql.Identifier(column), sql.Identifier(table)))
        if highest := cursor.fetchone()[0]:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [f"public.{table}", column, highest])
