"""How much a tenant holds: its tables and its files. Reads one schema, outside of requests."""

import os
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connections
from psycopg import sql

from .schema import in_schema

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename"
# One row a table; indexes and large values are counted with the table that they belong to.
SIZE = """
    SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)
      FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident(%s)) AND c.relkind IN ('r', 'p', 'm')
"""


@dataclass(frozen=True)
class Contents:
    tables: int = 0
    rows: int = 0
    bytes: int = 0
    files: int = 0


def folder_of(schema_name: str) -> Path:
    """Where the tenant's uploads lie (see STORAGES: one folder a schema)."""
    return Path(settings.MEDIA_ROOT) / schema_name


def database_size(schema_name: str, *, using: str) -> int:
    """Bytes of tables and indexes. Raises SchemaMissing."""
    with in_schema(schema_name, using=using), connections[using].cursor() as cursor:
        cursor.execute(SIZE, [schema_name])
        return int(cursor.fetchone()[0])


def files_of(schema_name: str) -> tuple[int, int]:
    """How many files, and how many bytes. One that goes while we count is not counted."""
    number = size = 0
    for folder, _folders, names in os.walk(folder_of(schema_name)):
        for name in names:
            try:
                size += os.lstat(os.path.join(folder, name)).st_size
                number += 1
            except FileNotFoundError:
                continue
    return number, size


def measure(schema_name: str, *, using: str) -> Contents:
    """Count every row of every table, one statement a table. Raises SchemaMissing."""
    with in_schema(schema_name, using=using), connections[using].cursor() as cursor:
        cursor.execute(TABLES, [schema_name])
        tables = [name for (name,) in cursor.fetchall()]
        rows = 0
        for table in tables:
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            rows += cursor.fetchone()[0]
    files, file_bytes = files_of(schema_name)
    return Contents(len(tables), rows, database_size(schema_name, using=using) + file_bytes, files)
