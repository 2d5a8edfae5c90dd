"""A pytest plugin: the suite's own embedded PostgreSQL, there before Django's settings are read.

`TENANTRY_TEST_DATA` names another folder, so that two runs on one machine do not meet. Of several workers
(`pytest -n`) each has a server of its own: tests that count, drop or restart what is on theirs are alone with it.
"""

import os
from pathlib import Path

import psycopg

from tenants import embedded

DATA = Path(os.environ.get("TENANTRY_TEST_DATA", embedded.DATA_DIR / "test")).resolve()
DATA = DATA / os.environ.get("PYTEST_XDIST_WORKER", "")


def start() -> str:
    """Nothing waits for the disk: what is committed outlives the server's processes, though not the machine's power."""
    address = embedded.start(DATA / "postgres")
    with psycopg.connect(address.replace(f"//{embedded.ROLE}", "//postgres", 1), autocommit=True) as server:
        server.execute("ALTER SYSTEM SET fsync = off")
        server.execute("SELECT pg_reload_conf()")
    return address


DATA.mkdir(parents=True, exist_ok=True)
os.environ.pop("DATABASE_ADMIN_URL", None)
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or start()
os.environ["MEDIA_ROOT"] = str(DATA / "media")
