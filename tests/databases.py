"""Databases beside the suite's own, on the same server."""

import psycopg
from psycopg import sql


def drop(server: psycopg.Connection, name: str) -> None:
    """Drop a database, if it is there, whoever of ours is still connected.

    Not by `WITH (FORCE)`: that refuses one that autovacuum is at work in, whose processes belong to the superuser. A
    plain DROP sends those away by itself.
    """
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user", [name]
    )
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)).as_string())
