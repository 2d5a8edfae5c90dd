"""psycopg's pool under our backend: what comes back from it is clean, open, and not worn out. Real connections."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.test import Client

from accounts.models import User
from tenants import housekeeping, pooling
from tenants.schema import in_schema, in_tenant, wrapper

from .remembered import names, request_of
from .server import database_url

pytestmark = pytest.mark.real

ONE = {"min_size": 1, "max_size": 1, "timeout": 10}


@pytest.fixture
def pool(monkeypatch, django_db_setup, django_db_blocker):
    """The default connection from a pool of one, so that whoever asks next gets the same."""
    with django_db_blocker.unblock():
        connection.close()
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", ONE)
        yield wrapper()
        connection.close()
        connection.close_pool()


def backend() -> int:
    connection.ensure_connection()
    return connection.connection.info.backend_pid


def next_one() -> int:
    """Give the connection back, take the next."""
    connection.close()
    return backend()


def path() -> str:
    return connection.connection.execute("SHOW search_path").fetchone()[0]


def test_the_next_request_gets_the_same_connection_with_nothing_of_the_tenant_on_it(pool, tenants):
    first, before = next_one(), path()
    with in_tenant(tenants[0].tenant):
        assert (User.objects.holding("owner").get().email, path()) == ("owner@acme.test", "t_acme")
    assert next_one() == first
    assert path() == before


def test_the_end_of_a_request_is_heard_before_it_is_given_back(pool, tenants):
    """The pool closes a connection that is in the middle of something."""
    first = next_one()
    for _time in range(2):
        with request_of(tenants[0].tenant):
            assert names() == ["Olive Owner acmeword"]
        assert next_one() == first


def test_a_transaction_that_was_left_open_ends_with_the_request(pool, tenants):
    first, before = next_one(), path()
    connection.set_autocommit(False)
    connection.in_atomic_block = True
    connection.set_tenant(tenants[0].tenant)
    User.objects.update(name="never written")
    connection.in_atomic_block = False
    connection.set_schema_to_public()
    assert next_one() == first
    assert path() == before
    with in_tenant(tenants[0].tenant):
        assert not User.objects.filter(name="never written").exists()


def test_a_connection_that_was_bound_for_a_session_never_comes_back(pool, tenants):
    first = next_one()
    with connection.session_bound("t_acme"):
        assert connection.introspection.table_names()
        assert path() == "t_acme"
    assert backend() != first
    assert path() != "t_acme"


def test_a_connection_that_has_seen_enough_schemas_is_closed_when_it_is_given_back(pool, tenants, settings):
    settings.SCHEMAS_PER_CONNECTION = 2
    first = next_one()
    for _again in range(3):
        with in_tenant(tenants[0].tenant):
            User.objects.count()
    assert (pool.schemas_seen, next_one()) == (1, first)
    with in_tenant(tenants[1].tenant):
        User.objects.count()
    assert backend() == first
    assert next_one() != first


def test_a_job_that_walks_through_many_schemas_changes_its_connection_between_two(pool, tenants, settings):
    settings.SCHEMAS_PER_CONNECTION = 2
    seen = []
    for schema_name in ["t_acme", "t_globex", "template", "t_acme"]:
        with in_schema(schema_name):
            User.objects.count()
            seen.append(backend())
    assert seen[0] == seen[1] != seen[2] == seen[3]


def test_a_connection_that_the_server_closed_is_not_handed_out(pool, tenants):
    first = next_one()
    connection.close()
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert backend() != first
    with in_tenant(tenants[0].tenant):
        assert User.objects.exists()


def test_a_page_that_gets_no_connection_in_time_is_503(pool, tenants, caplog):
    backend()  # the only one is ours
    pool.pool.timeout = 0.3
    asked = Client(headers={"host": tenants[0].tenant.host})
    with ThreadPoolExecutor(1) as other_thread:
        page = other_thread.submit(asked.get, "/account/login/").result()
    assert (page.status_code, page["Retry-After"]) == (503, "10")
    assert "No database connection within 0.3 s: 1 of 1 open, 0 free" in caplog.text
    connection.close()
    assert asked.get("/account/login/").status_code == 200


FORK = """
import os
from django.db import connection
from tenants import pooling
connection.settings_dict["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 5}

def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]

mine = backend()
child = os.fork()
if child == 0:
    theirs = backend()
    os._exit(0 if theirs != mine else 1)
assert os.waitpid(child, 0)[1] == 0, "the child used its parent's connection"
assert backend() == mine
connection.close()
connection.close_pool()
"""


def python(*words: str, **environment: str) -> subprocess.CompletedProcess:
    """Another process, with the test's database."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": database_url()}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_forked_process_has_connections_of_its_own(tenants, django_db_blocker):
    """As under `gunicorn --preload`, where the application is loaded before the workers are."""
    with django_db_blocker.unblock():
        done = python("manage.py", "shell", "--no-imports", "-c", FORK)
    assert done.returncode == 0, done.stderr


LOADED_IN_A_LOOP = """
import asyncio
async def load():
    import config.asgi
    from django.db import connections
    print("kept:", connections.databases["default"]["STATEMENTS_KEPT"])
asyncio.run(load())
"""


def test_a_server_that_loads_the_application_in_its_event_loop_starts(tenants, django_db_blocker):
    """As uvicorn does."""
    with django_db_blocker.unblock():
        done = python("-c", LOADED_IN_A_LOOP, STATEMENTS_PER_CONNECTION="70")
    assert done.stdout == "kept: 70\n", done.stderr


def test_a_server_takes_its_connections_from_the_pool_and_a_command_does_not(monkeypatch, settings):
    monkeypatch.setitem(connections.databases, "default", {**connection.settings_dict, "OPTIONS": {}})
    settings.DATABASE_POOL = ONE
    assert "pool" not in connections.databases["default"]["OPTIONS"]
    monkeypatch.setattr(pooling.atexit, "register", lambda close: None)
    pooling.serve_from_a_pool()
    assert connections.databases["default"]["OPTIONS"]["pool"] == ONE


def test_a_connection_from_before_the_pool_is_closed_and_the_next_is_the_pools(tenants, django_db_blocker, monkeypatch):
    """As with the demo's jobs: their thread is at work while the server beside it begins to keep its connections."""
    with django_db_blocker.unblock():
        first, before = next_one(), connection.connection
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", ONE)
        try:
            assert next_one() != first
            assert before.closed
            assert next_one() == next_one()
        finally:
            connection.close()
            connection.close_pool()


def test_the_lock_of_the_jobs_takes_no_connection_from_the_pages(pool, tenants):
    backend()  # the only one is ours
    with housekeeping.only_one():
        assert pool.pool.get_stats()["requests_num"] == 1


@pytest.mark.parametrize("kept", [600, None])
def test_connections_that_are_kept_for_a_thread_are_refused_under_asgi(monkeypatch, kept):
    default = settings.DATABASES["default"]
    monkeypatch.setattr(settings, "DATABASES", {"default": default | {"CONN_MAX_AGE": kept}})
    with pytest.raises(ImproperlyConfigured, match="Unset CONN_MAX_AGE"):
        pooling.refuse_persistent_connections()
