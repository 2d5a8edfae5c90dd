"""Behind any pool every read is the tenant's own, because the tenant is bound to the transaction.

Three server connections, six threads on six tenants, each looking for its own marker: through PgBouncer in both its
modes and through psycopg's own pool, prepared statements included. The same reads with the tenant bound to the
session show the others' rows: that is what the binding is for. The long form is bench/isolation.py.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections

from tenants import checks, pooling, provisioning
from tenants.models import Tenant
from tenants.postgresql.keeping import SETTING, Lasting
from tenants.postgresql.pool import LIMIT
from tenants.schema import in_public, in_tenant, wrapper

from .conftest import IN_CI
from .tenants.server import free_port

pytestmark = [pytest.mark.pooler, pytest.mark.real]

POOLED = "pooled"
POOL_SIZE = 3
SLUGS = [f"pool-{letter}" for letter in "abcdef"]
SECONDS = 2
BINARY = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

NOTHING: dict = {}
PREPARED = {"prepare_threshold": 0, "server_side_binding": True}  # from the first time on
KEPT = {"pool": {"min_size": 1, "max_size": POOL_SIZE, "timeout": 10}}

MARKERS = Lasting("SELECT name FROM auth_group WHERE name LIKE %s", ["like"], {"like": "text"})

CONFIGURATION = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {pool_size}
query_wait_timeout = 20
ignore_startup_parameters = extra_float_digits
"""


@pytest.fixture(scope="module", autouse=True)
def binary():
    if BINARY is None:
        (pytest.fail if IN_CI else pytest.skip)("PgBouncer is not installed (Debian: apt-get install pgbouncer).")


@contextmanager
def pooled(options: dict, **settings):
    """The test database once more, as the alias POOLED."""
    given = connection.settings_dict
    connections.databases[POOLED] = {**given, "OPTIONS": {**given["OPTIONS"], **options}, **settings}
    try:
        yield
    finally:
        connections[POOLED].close()
        connections[POOLED].close_pool()
        del connections[POOLED], connections.databases[POOLED]


@contextmanager
def pgbouncer(mode: str, options: dict = NOTHING):
    """A PgBouncer of its own behind the alias POOLED. Yields its port."""
    port = free_port()
    with TemporaryDirectory() as folder, pooled(options, HOST="127.0.0.1", PORT=port):
        Path(folder).chmod(0o755)  # it may run as another user, see below
        process = start_pgbouncer(Path(folder) / "pgbouncer.ini", port, mode)
        try:
            wait_for(POOLED, process)
            yield port
        finally:
            connections[POOLED].close()
            process.terminate()
            process.wait()


@pytest.fixture
def pooler(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), pgbouncer("transaction") as port:
        yield port


def start_pgbouncer(file: Path, listen_port: int, mode: str) -> subprocess.Popen:
    server = where_the_database_is()
    file.write_text(CONFIGURATION.format(**server, listen_port=listen_port, pool_size=POOL_SIZE, mode=mode))
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


@pytest.fixture(scope="module")
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


def one_request(tenant, read=bound_to_the_transaction) -> list[str]:
    """And the connection is given back, as at the end of a request."""
    try:
        return read(tenant)
    finally:
        connections[POOLED].close()


def by_a_kept_statement(tenant) -> list[str]:
    """The same question, which each session keeps ready for each tenant after it was put a few times."""
    with in_tenant(tenant, using=POOLED), connections[POOLED].cursor() as cursor:
        cursor.execute(MARKERS, ["marker%"])
        return [name for (name,) in cursor.fetchall()]


def bound_to_the_session(tenant) -> list[str]:
    """What django-tenants does: a SET for the session, then the query, each a transaction of its own."""
    connections[POOLED].ensure_connection()
    plain = connections[POOLED].connection
    plain.execute("SELECT set_config('search_path', %s, false)", [tenant.schema_name])
    return [name for (name,) in plain.execute("SELECT name FROM auth_group WHERE name LIKE 'marker%'")]


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
            except (DatabaseError, psycopg.Error):
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


@pytest.mark.parametrize("options", [NOTHING, PREPARED], ids=["plain", "prepared"])
def test_the_same_through_a_pooler_in_session_mode(six, django_db_blocker, options):
    with django_db_blocker.unblock(), pgbouncer("session", options):
        tally = hammer(one_request, six, 1)

    assert tally.reads > 50
    assert (tally.wrong, tally.failed) == (0, 0)


@pytest.mark.parametrize("options", [KEPT, KEPT | PREPARED], ids=["plain", "prepared"])
def test_the_same_from_psycopgs_own_pool(six, django_db_blocker, options):
    with django_db_blocker.unblock(), pooled(options):
        tally = hammer(one_request, six, 1)

    assert tally.reads > 100
    assert (tally.wrong, tally.failed) == (0, 0)


CALLED = "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE parameter_types = '{text}'"


def test_the_same_by_statements_that_the_sessions_keep(six, django_db_blocker, caplog):
    with django_db_blocker.unblock(), pooled(KEPT, **{SETTING: 100}):
        tally = hammer(partial(one_request, read=by_a_kept_statement), six, SECONDS)
        with connections[POOLED].cursor() as cursor:
            cursor.execute(CALLED)
            called = [times for (times,) in cursor.fetchall()]  # on one of the sessions

    assert tally.reads > 100
    assert (tally.wrong, tally.failed) == (0, 0)
    assert 1 < len(called) <= len(six)
    assert sum(called) > len(called)
    assert "pooler" not in caplog.text


def test_kept_statements_that_stray_behind_a_pooler_are_never_anothers(six, django_db_blocker, caplog):
    """Were a pooler put in while servers run: calls fail at first, none is answered wrongly, and then all is text."""
    with django_db_blocker.unblock(), pgbouncer("transaction"):
        connections.databases[POOLED][SETTING] = 100
        tally = hammer(by_a_kept_statement, six, SECONDS)
        assert connections.databases[POOLED][SETTING] == 0

    assert tally.wrong == 0
    assert 0 < tally.failed < tally.reads / 2
    assert "is a pooler in front of the database?" in caplog.text


@pytest.mark.parametrize(("mode", "kept"), [("session", 100), ("transaction", 0)])
def test_statements_are_kept_and_limited_only_where_a_connection_is_a_session(
    django_db_setup, django_db_blocker, monkeypatch, mode, kept
):
    monkeypatch.setattr(pooling, "SERVED", {POOLED})
    monkeypatch.setattr(settings, "STATEMENTS_PER_CONNECTION", 100)
    with django_db_blocker.unblock(), pgbouncer(mode):
        pooling.use_sessions()
        assert connections.databases[POOLED][SETTING] == kept
        assert connections.databases[POOLED][LIMIT] == ("5s" if kept else "")


def test_the_proof_sees_a_tenant_that_is_bound_to_the_session(pooler, six):
    tally = hammer(bound_to_the_session, six, 1)

    assert tally.wrong > 0


def test_a_connection_left_in_another_tenant_by_somebody_else_does_no_harm(pooler, six):
    """A pool that was spoilt by session-wide SETs is still read rightly."""
    assert hammer(bound_to_the_session, six, 0.5).wrong > 0
    tally = hammer(bound_to_the_transaction, six, 1)
    assert (tally.wrong, tally.failed) == (0, 0)


def test_what_stands_in_between_is_found_by_asking(django_db_setup, django_db_blocker, monkeypatch):
    """Not by a setting: migrations and prepared statements are refused behind a pooler that shares connections."""
    with django_db_blocker.unblock():
        with pgbouncer("session", PREPARED):
            assert checks.pooler_problem(POOLED) is None
        with pgbouncer("transaction"):
            assert checks.pooler_problem(POOLED) is None  # for the pages it is fine
            monkeypatch.setattr(settings, "ADMIN_DATABASE", POOLED)
            refused = checks.database_problem(POOLED)
            with pytest.raises(CommandError, match="Set DATABASE_ADMIN_URL to the PostgreSQL server itself"):
                call_command("list_tenants")
            monkeypatch.undo()
        with pgbouncer("transaction", PREPARED):
            prepared = checks.pooler_problem(POOLED)
    assert (refused.id, prepared.id) == ("tenants.E007", "tenants.E007")
    assert "migrations bind the tenant to the session" in refused.msg
    assert "Take prepare_threshold out of DATABASE_URL" in prepared.msg


def test_a_server_does_not_start_where_migrations_would_go_through_the_pooler(pooler):
    direct, name = where_the_database_is(), connection.settings_dict["NAME"]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": f"postgresql://{direct['user']}@127.0.0.1:{pooler}/{name}",
    }
    command = [sys.executable, "-c", "import config.wsgi"]
    refused = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 1
    assert "DATABASE_URL leads through a pooler in transaction mode" in refused.stderr.splitlines()[-1]


def test_a_busy_pooler_is_found_too(pooler, six):
    """Others take and give back its connections while the question is asked."""
    stop = threading.Event()

    def keep_busy():
        while not stop.is_set():
            bound_to_the_transaction(six[0])
        connections[POOLED].close()

    threads = [threading.Thread(target=keep_busy) for _each in range(POOL_SIZE)]
    for thread in threads:
        thread.start()
    try:
        assert pooling.is_shared(POOLED)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_pooler_that_has_no_connection_to_spare_is_not_waited_for(django_db_setup, django_db_blocker, monkeypatch):
    monkeypatch.setattr(pooling, "PATIENCE", 0.2)
    monkeypatch.setattr(settings, "ADMIN_DATABASE", POOLED)
    with django_db_blocker.unblock(), pgbouncer("session"), ExitStack() as stack:
        connections[POOLED].close()
        for _each in range(POOL_SIZE):
            held = stack.enter_context(psycopg.connect(**wrapper(POOLED).get_connection_params()))
            held.execute("SELECT 1")
        assert checks.pooler_problem(POOLED).id == "tenants.E008"


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
