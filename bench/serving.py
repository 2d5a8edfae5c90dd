"""The product behind each server that could serve it, and behind each kind of pool. Two workers each.

`as deployed` is what config/gunicorn.py says: four of them, loaded before they are forked, and an access log.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from . import environments, postgres, servers
from .directory import ROOT, folder

GUNICORN = "gunicorn config.wsgi --log-level error --workers 2 --bind 127.0.0.1:{port}"
GRANIAN = "granian --host 127.0.0.1 --port {port} --workers 2 --no-access-log --log-level error"
UVICORN = "uvicorn --host 127.0.0.1 --port {port} --workers 2 --no-access-log --log-level error"
COMMANDS = {
    "gunicorn sync": f"{GUNICORN} --worker-class sync",
    "gunicorn threads": f"{GUNICORN} --worker-class gthread --threads 4",
    "as deployed": "gunicorn config.wsgi --config python:config.gunicorn --log-level error --bind 127.0.0.1:{port}",
    "granian wsgi": f"{GRANIAN} --interface wsgi --blocking-threads 4 config.wsgi:application",
    "granian asgi": f"{GRANIAN} --interface asgi config.asgi:application",
    "uvicorn asgi": f"{UVICORN} config.asgi:application",
}
NO_POOL, POOL, SESSION, TRANSACTION = "no pool", "psycopg pool", "PgBouncer session", "PgBouncer transaction"

PGBOUNCER = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
"""
SIZES = {"session": 20, "transaction": 4}  # in session mode each client has one, whether it asks or not


class NoPgBouncer(RuntimeError):
    """Debian: apt-get install pgbouncer."""


@contextmanager
def product(server: str, pool: str, database: str, **environment: str) -> Iterator[tuple[int, int]]:
    """Serve it. The value is the port, and the process whose children are the workers."""
    with address_through(pool, database) as address:
        told = environments.product(database) | {
            "DATABASE_URL": address,
            "DATABASE_ADMIN_URL": postgres.address(database),
            "DATABASE_POOL_MAX": "4" if pool == POOL else "0",
            **environment,
        }
        port = servers.free_port()
        program, *options = COMMANDS[server].format(port=port).split()
        path = folder("logs") / f"{server} {pool}.log".replace(" ", "-")
        with path.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", program, *options], cwd=ROOT, env=os.environ | told, stdout=log, stderr=log
            )
            try:
                servers.wait_for(port, process, str(path))
                yield port, process.pid
            finally:
                process.terminate()
                process.wait(30)


@contextmanager
def address_through(pool: str, database: str) -> Iterator[str]:
    if pool in (NO_POOL, POOL):
        yield postgres.address(database)
        return
    with pgbouncer("session" if pool == SESSION else "transaction") as port:
        yield f"postgresql://{postgres.PRODUCT_OWNER}@127.0.0.1:{port}/{database}"


@contextmanager
def pgbouncer(mode: str) -> Iterator[int]:
    """PgBouncer before the bench's PostgreSQL. The value is its port. Raises NoPgBouncer."""
    binary = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if binary is None:
        raise NoPgBouncer("PgBouncer is not here: apt-get install pgbouncer.")
    port, place = servers.free_port(), Path(postgres.socket())
    with TemporaryDirectory() as made:
        Path(made).chmod(0o755)  # it may run as another user
        file = Path(made) / "pgbouncer.ini"
        owner = postgres.PRODUCT_OWNER
        told = {"host": place, "port": 5432, "user": owner, "listen_port": port, "mode": mode, "size": SIZES[mode]}
        file.write_text(PGBOUNCER.format(**told))
        # It refuses to run as root; whoever runs PostgreSQL may open the socket in any case.
        as_another = ["-u", (place / ".s.PGSQL.5432").owner()] if os.getuid() == 0 else []
        process = subprocess.Popen([binary, "-q", *as_another, str(file)], stderr=subprocess.DEVNULL)
        try:
            servers.wait_for(port, process, str(file))
            yield port
        finally:
            process.terminate()
            process.wait(10)
