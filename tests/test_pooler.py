"""Behind a transaction-mode pooler every read is the tenant's own, because the tenant is bound to the transaction.

PgBouncer with three server connections, six threads on six tenants, each looking for its own marker. The
same reads with the tenant bound to the session show the others' rows: that is what the binding is for.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, connections

from tenants import provisioning
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant, wrapper

from .conftest import IN_CI
from .tenants.server import free_port

pytestmark = [pytest.mark.pooler, pytest.mark.real]

POOLED = "pooled"
POOL_SIZE = 3
SLUGS = [f"pool-{letter}" for letter in "abcdef"]
SECONDS = 3
BINARY = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

CONFIGURATION = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {pool_size}
ignore_startup_parameters = extra_float_digits
"""


@pytest.fixture(scope="module", autouse=True)
def binary():
    if BINARY is None:
        (pytest.fail if IN_CI else pytest.skip)("PgBouncer is not installed (Debian: apt-get install pgbouncer).")


@pytest.fixture
def pooler(django_db_setup, django_db_blocker):
    """The test database once more, as the alias POOLED, through a PgBouncer of its own. Yields its port."""
    port = free_port()
    connections.databases[POOLED] = {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": port, "OPTIONS": {}}
    with TemporaryDirectory() as folder, django_db_blocker.unblock():
        Path(folder).chmod(0o755)  # it may run as another user, see below
        process = start_pgbouncer(Path(folder) / "pgbouncer.ini", port)
        wait_for(POOLED, process)
        yield port
        connections[POOLED].close()
        del connections[POOLED], connections.databases[POOLED]
        process.terminate()
        process.wait()


def start_pgbouncer(file: Path, listen_port: int) -> subprocess.Popen:
    server = where_the_database_is()
    file.write_text(CONFIGURATION.format(**server, listen_port=listen_port, pool_size=POOL_SIZE))
    # It refuses to run as root. Whoever runs PostgreSQL may open the socket in any case.
    as_another = ["-u", owner_of(server)] if os.getuid() == 0 else []
    return subprocess.Popen([str(BINARY), "-q", *as_another, str(file)], stderr=subprocess.PIPE)


def where_the_database_is() -> dict:
    connection.ensure_connection()
    info = connection.connection.info
    return {"host": info.host, "port": info.port, "user": info.user}


def owner_of(server: dict) -> str:
    socket_file = Path(server["host"]) / f".s.PGSQL.{server['port']}"
    return socket_file.owner() if socket_file.exists() else "nobody"


def wait_for(alias: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            return connections[alias].ensure_connection()
        except DatabaseError:
            if process.poll() is not None:
                pytest.fail(f"PgBouncer ended: {process.communicate()[1].decode()}")
            assert time.monotonic() < deadline, "PgBouncer does not answer."


@pytest.fixture
def six(tenants, django_db_blocker):
    """Six committed tenants, each with its own marker."""
    with django_db_blocker.unblock():
        made = []
        for slug in SLUGS:
            with provisioning.new_tenant(name=slug, slug=slug) as tenant:
                Group.objects.create(name=f"marker of {slug}")
            made.append(tenant)
        yield made
        for tenant in made:
            provisioning.delete_tenant(tenant)


def markers() -> list[str]:
    return list(Group.objects.using(POOLED).filter(name__startswith="marker").values_list("name", flat=True))


def bound_to_the_transaction(tenant) -> list[str]:
    with in_tenant(tenant, using=POOLED):
        return markers()


def bound_to_the_session(tenant) -> list[str]:
    """What django-tenants does: a SET for the session, then the query, each a transaction of its own."""
    pooled = wrapper(POOLED)
    pooled._session_bound, pooled._bound_to = True, None
    pooled.set_tenant(tenant)
    return markers()


@dataclass
class Tally:
    reads: int = 0
    wrong: int = 0
    failed: int = 0


def hammer(read, tenants, seconds: float) -> Tally:
    """One thread a tenant, all reading at once for some seconds."""
    tally, together, deadline = Tally(), threading.Barrier(len(tenants)), time.monotonic() + seconds
    lock = threading.Lock()

    def work(tenant):
        mine = Tally()
        together.wait()
        while time.monotonic() < deadline:
            mine.reads += 1
            try:
                mine.wrong += read(tenant) != [f"marker of {tenant.slug}"]
            except DatabaseError:
                mine.failed += 1
        connections[POOLED].close()
        with lock:
            tally.reads, tally.wrong, tally.failed = (
                tally.reads + mine.reads,
                tally.wrong + mine.wrong,
                tally.failed + mine.failed,
            )

    threads = [threading.Thread(target=work, args=[tenant]) for tenant in tenants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def test_six_tenants_on_three_connections_read_only_their_own(pooler, six):
    tally = hammer(bound_to_the_transaction, six, SECONDS)

    assert tally.reads > 300
    assert (tally.wrong, tally.failed) == (0, 0)


def test_the_proof_sees_a_tenant_that_is_bound_to_the_session(pooler, six):
    tally = hammer(bound_to_the_session, six, 1)

    assert tally.wrong > 0


def test_a_connection_left_in_another_tenant_by_somebody_else_does_no_harm(pooler, six):
    """A pool that was spoilt by session-wide SETs is still read rightly."""
    assert hammer(bound_to_the_session, six, 0.5).wrong > 0
    tally = hammer(bound_to_the_transaction, six, 1)
    assert (tally.wrong, tally.failed) == (0, 0)


SIGN_UP = """
from django.test import Client
from django.db import connections
answer = Client(headers={"host": "localhost"}).post("/sign-up/", {
    "organisation": "Pooled", "slug": "pooled", "currency": "EUR", "name": "Ann",
    "email": "ann@pooled.test", "password": "correct horse battery"})
assert answer.status_code == 302, answer.status_code
tenants = Client(headers={"host": "pooled.localhost"})
arrived = tenants.get(answer["Location"].partition("8000")[2])
assert arrived.status_code == 302, arrived.status_code
connections.close_all()
profile = tenants.get("/profile/")
assert profile.status_code == 200, profile.status_code
print("pooled:", connections["default"].settings_dict["PORT"])
print("open after a page:", [one.alias for one in connections.all() if one.connection])
"""


def test_a_sign_up_goes_past_the_pooler_and_its_owner_arrives_through_it(pooler, tenants, django_db_blocker):
    direct, name = where_the_database_is(), connection.settings_dict["NAME"]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": f"postgresql://{direct['user']}@127.0.0.1:{pooler}/{name}",
        "DATABASE_ADMIN_URL": f"postgresql://{direct['user']}@/{name}?host={direct['host']}&port={direct['port']}",
    }
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", SIGN_UP]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert f"pooled: {pooler}" in done.stdout
    assert "open after a page: ['default']" in done.stdout
    with django_db_blocker.unblock():
        with in_public():
            tenant = Tenant.objects.get(slug="pooled")
        assert tenant.is_served
        provisioning.delete_tenant(tenant)
