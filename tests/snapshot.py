"""What "unchanged" means: a hash of every row of every table of every schema, before and after."""

from functools import cache

from django.db import connection
from psycopg import sql

# Moved by merely being there: sessions, when somebody or a key was last seen, the platform's log of who was refused.
COMINGS_AND_GOINGS = ("django_session", "usersessions_usersession", "tenants_platformevent")
LINES = {
    "accounts_user": "(to_jsonb(t) - 'last_seen' - 'last_login')::text",
    "accounts_apikey": "(to_jsonb(t) - 'last_used_at' - 'last_used_from')::text",
}
# Coming, going and being refused are noted; it is what "unchanged" is asked after. Whose turn it was does not matter.
ROWS = {
    "audit_entry": "action NOT IN ('permission_refused', 'signed_in', 'signed_out', 'sign_in_failed')",
    "tenants_job": "name <> 'fleet'",
}
TABLES = """
    SELECT schemaname, tablename FROM pg_tables
     WHERE schemaname NOT LIKE 'pg\\_%%' AND schemaname <> 'information_schema' AND tablename <> ALL(%s)
     ORDER BY 1, 2
"""
# OFFSET 0 has each line written out once, and not again wherever it is used: five times as quick.
HASH = """
    SELECT {name}, count(*), coalesce(md5(string_agg(rows.line, '|' ORDER BY rows.line COLLATE "C")), '')
      FROM (SELECT {line} AS line FROM {table} t WHERE {rows} OFFSET 0) AS rows
"""


def snapshot(schema_name: str | None = None) -> dict[str, tuple[int, str]]:
    """`schema.table` -> number of rows and their hash, for all schemas or for one. Two statements in all.

    Compare two of them with `==`: pytest names the tables that differ. Asked past the tap (tests/taps.py), which
    hears what the application sends.
    """
    with connection.cursor() as wrapped:
        cursor = wrapped.cursor
        cursor.execute(TABLES, [list(COMINGS_AND_GOINGS)])
        tables = tuple(row for row in cursor.fetchall() if schema_name in (None, row[0]))
        cursor.execute(question(tables))
        return {name: (count, digest) for name, count, digest in cursor.fetchall()}


@cache
def question(tables: tuple[tuple[str, str], ...]) -> str:
    """One statement for the hashes of all these tables, each a (schema, table)."""
    statements = [
        sql.SQL(HASH).format(
            name=sql.Literal(f"{schema}.{table}"),
            line=sql.SQL(LINES.get(table, "t::text")),
            rows=sql.SQL(ROWS.get(table, "true")),
            table=sql.Identifier(schema, table),
        )
        for schema, table in tables
    ]
    return sql.SQL(" UNION ALL ").join(statements).as_string()
