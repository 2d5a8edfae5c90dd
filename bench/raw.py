"""The limits: the same work as bare SQL over one connection, without Django and without a check."""

import re
import time
from collections.abc import Iterable

import psycopg
from psycopg import sql

from . import postgres

# What pg_dump says of the session, and its own comments and commands of psql.
NO_STATEMENT = ("--", "\\", "SET ", "SELECT pg_catalog.set_config('search_path'")
AT_ONCE = 100  # schemas asked in one statement


class Script:
    """A schema as the text of pg_dump, to be replayed under another name: one round trip, one transaction."""

    def __init__(self, database: str, schema: str):
        self.schema = schema
        text = postgres.dump(database, schema, "--rows-per-insert=1000", "--no-comments")
        self.text = "\n".join(line for line in text.splitlines() if line and not line.startswith(NO_STATEMENT))

    def named(self, name: str) -> str:
        """Every object is written as `schema.name`; the schema itself stands in the first statement alone."""
        text = re.sub(rf"\b{self.schema}\.", f"{name}.", self.text)
        return re.sub(rf"\bSCHEMA {self.schema}\b", f"SCHEMA {name}", text)

    def replay(self, connection: psycopg.Connection, name: str) -> float:
        """Returns the seconds."""
        text = self.named(name).encode()
        began = time.perf_counter()
        with connection.transaction():
            connection.execute(text)
        return time.perf_counter() - began


def rename(connection: psycopg.Connection, spare: str, name: str) -> float:
    """Hand out a schema that was made beforehand, with one row of whose it is. Returns the seconds."""
    connection.execute("CREATE TABLE IF NOT EXISTS public.bench_tenant (schema_name text PRIMARY KEY)")
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(spare)))
    began = time.perf_counter()
    with connection.transaction():
        connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(*map(sql.Identifier, (spare, name))))
        connection.execute("INSERT INTO public.bench_tenant VALUES (%s)", [name])
    return time.perf_counter() - began


def look(connection: psycopg.Connection, schemas: list[str]) -> float:
    """Ask each schema how many migrations it has. Returns the seconds."""
    began = time.perf_counter()
    for start in range(0, len(schemas), AT_ONCE):
        each = (
            sql.SQL("SELECT count(*) FROM {}.django_migrations").format(sql.Identifier(schema))
            for schema in schemas[start : start + AT_ONCE]
        )
        connection.execute(sql.SQL(" UNION ALL ").join(each)).fetchall()
    return time.perf_counter() - began


def add_column(connection: psycopg.Connection, schemas: Iterable[str]) -> float:
    """A column and the row that records it, a transaction each; both are taken away again. Returns the seconds."""
    schemas = list(schemas)
    began = time.perf_counter()
    for schema in schemas:
        connection.execute(ADD.format(schema).encode())  # one text of two statements is one transaction
    seconds = time.perf_counter() - began
    for schema in schemas:
        connection.execute(TAKE_AWAY.format(schema).encode())
    return seconds


ADD = """
    ALTER TABLE "{0}".catalog_product ADD COLUMN raw_stock integer NOT NULL DEFAULT 0;
    INSERT INTO "{0}".django_migrations (app, name, applied) VALUES ('bench', 'raw', now())
"""
TAKE_AWAY = """
    ALTER TABLE "{0}".catalog_product DROP COLUMN raw_stock;
    DELETE FROM "{0}".django_migrations WHERE app = 'bench'
"""
