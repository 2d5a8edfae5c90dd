"""The bench's own PostgreSQL: the embedded one with its default configuration, and the databases in it.

Its log is where statements are counted. Whatever a side sends arrives there, by whatever way: bindings of the search
path, savepoints, what goes past Django's cursors. BEGIN, COMMIT and ROLLBACK are left out on all sides.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlparse
from psycopg import sql

from tenants import embedded

from .directory import HOME

FOLDER = HOME / "postgres"
LOG = FOLDER / "log"
PRODUCT_OWNER = embedded.ROLE
SENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*(?:\n\t.*)*)")  # lines after the first begin with a tab
TRANSACTION_WORDS = {"BEGIN", "COMMIT", "ROLLBACK", "START", "END"}


def start() -> str:
    """Start (or join) the server; it stops with the last process that asked for it. Returns its socket's folder."""
    HOME.mkdir(parents=True, exist_ok=True)
    embedded.start(FOLDER)
    found = embedded.package().get_server(FOLDER).get_postmaster_info().socket_dir
    return str(found)


def program(name: str) -> str:
    """The path of one of PostgreSQL's own programs."""
    return str(embedded.package().get_server(FOLDER).bin_path / name)


def socket() -> str:
    return os.environ["BENCH_SOCKET"]


def address(database: str, role: str = PRODUCT_OWNER) -> str:
    return f"postgresql://{role}@/{database}?host={socket()}"


def connect(database: str = "postgres", **options) -> psycopg.Connection:
    """As superuser, without transactions."""
    return psycopg.connect(address(database, "postgres"), autocommit=True, **options)


def exists(database: str) -> bool:
    with connect() as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        return found.fetchone() is not None


def create(database: str, *, owner: str, template: str = "template1") -> None:
    """A new database, in place of one of that name."""
    drop(database)
    names = (sql.Identifier(name) for name in (database, owner, template))
    with connect() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*names))


def drop(database: str) -> None:
    with connect() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def rename(database: str, name: str) -> None:
    with connect() as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (database, name))))


def dump(database: str, schema: str, *options: str) -> str:
    """A schema as pg_dump writes it."""
    command = [program("pg_dump"), "-h", socket(), "-U", "postgres", "-n", schema, "--no-owner", *options, database]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def statements() -> Iterator[list[str]]:
    """Fills the list with the first word of each statement that arrived meanwhile, in any database.

    Switched on for all sessions, those of running servers too. Nothing else may be asked at the same time.
    """
    arrived: list[str] = []
    with connect() as connection:
        log_statements(connection, "all")
        try:
            before = LOG.stat().st_size
            yield arrived
            connection.execute("SELECT 'counted'")
            text = LOG.read_bytes()[before:].decode(errors="replace")
        finally:
            log_statements(connection, "none")
    arrived += first_words(text.partition("SELECT 'counted'")[0])


def first_words(log: str) -> Iterator[str]:
    """Of each statement in the log, transactions' own apart. Sent in one text, several are several."""
    for text in SENT.findall(log):
        for statement in sqlparse.split(text):
            word = statement.strip("(; \n\t").split(maxsplit=1)[0:1]
            yield from (each.strip(";").upper() for each in word if each.strip(";").upper() not in TRANSACTION_WORDS)


def log_statements(connection: psycopg.Connection, what: str) -> None:
    """Sessions follow at the latest with their next statement: the setting is read anew between two."""
    connection.execute(sql.SQL("ALTER SYSTEM SET log_statement = {}").format(sql.Literal(what)))
    connection.execute("SELECT pg_reload_conf()")
    while connection.execute("SHOW log_statement").fetchone() != (what,):
        pass
