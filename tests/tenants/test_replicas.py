"""Visitors' pages of a public catalogue come from the standby; everything else, and everything in doubt, does not.

The standby is the test's own database over a second alias that may not write, so the rows have to be committed.
"""

import os
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import DEFAULT_DB_ALIAS, InternalError, OperationalError, connection, connections, router

from accounts.models import User
from catalog.models import Product
from tenants import replicas
from tenants.models import Tenant
from tenants.routers import REPLICA, reading_replica
from tenants.schema import in_public, in_tenant
from tests.conftest import HostClient
from tests.test_settings import PROD, python

pytestmark = pytest.mark.real

TENANT_MIDDLEWARE = "tenants.middleware.TenantMiddleware"


@pytest.fixture
def replica(tenants, django_db_blocker, settings):
    """The alias, open catalogues, and a standby that is known to be fresh."""
    order = list(settings.MIDDLEWARE)
    order.insert(order.index(TENANT_MIDDLEWARE) + 1, "tenants.replicas.ReplicaMiddleware")
    settings.MIDDLEWARE = order
    settings.DATABASE_ROUTERS = ["tenants.routers.ReplicaRouter", *settings.DATABASE_ROUTERS]
    known = connection.settings_dict
    options = {**known["OPTIONS"], "options": "-c default_transaction_read_only=on"}
    connections.databases[REPLICA] = {**known, "ATOMIC_REQUESTS": False, "OPTIONS": options}
    with django_db_blocker.unblock():
        open_catalogues(True)
        make_fresh()
        yield connections[REPLICA]
        open_catalogues(False)
        connections[REPLICA].close()
    del connections[REPLICA], connections.databases[REPLICA]
    replicas.standby.forget()


def open_catalogues(is_open: bool) -> None:
    with in_public():
        Tenant.objects.update(catalogue_is_public=is_open)


def make_fresh() -> None:
    """What the first two requests of a process do, a second apart."""
    replicas.standby.forget()
    for _look in range(2):
        replicas.standby.check(time.monotonic())
    replicas.standby.check_at = float("inf")


@contextmanager
def heard(alias: str):
    """The statements sent over that alias; yields the list. Opens no connection."""
    statements: list[str] = []

    def note(execute, statement, parameters, many, context):
        statements.append(str(statement))
        return execute(statement, parameters, many, context)

    with connections[alias].execute_wrapper(note):
        yield statements


def ask(client: HostClient, path: str = "/products/", method: str = "get", **options):
    """The answer, and whether rows of the catalogue were read over (the replica, the primary)."""
    with heard(REPLICA) as there, heard(DEFAULT_DB_ALIAS) as here:
        response = getattr(client, method)(path, **options)
    return response, tuple(any("catalog_product" in text for text in texts) for texts in (there, here))


def visitor(world) -> HostClient:
    return HostClient(world.tenant.host)


def test_a_visitor_reads_the_replica(replica, tenants):
    response, read_from = ask(visitor(tenants[0]))
    assert (response.status_code, read_from) == (200, (True, False))
    assert tenants[0].products["coffee"].title in response.text
    assert tenants[0].products["sencha"].title not in response.text  # a draft


def test_the_replica_is_bound_to_the_same_tenant(replica, tenants):
    """Equal keys in both; one connection serves them in turn."""
    acme, globex = tenants
    path = f"/products/{acme.products['coffee'].pk}/"
    for world, other in [(acme, globex), (globex, acme), (acme, globex)]:
        response, read_from = ask(visitor(world), path)
        assert (response.status_code, read_from) == (200, (True, False))
        assert world.products["coffee"].title in response.text
        assert other.products["coffee"].title not in response.text


def test_who_is_signed_in_reads_the_primary(replica, tenants):
    acme = tenants[0]
    response, read_from = ask(visitor(acme).sign_in(acme.people["viewer"], acme.tenant))
    assert (response.status_code, read_from) == (200, (False, True))


def test_who_brings_a_credential_reads_the_primary(replica, tenants):
    with heard(REPLICA) as there:
        response = visitor(tenants[0]).get("/products/", headers={"authorization": "Bearer x"})
    assert (response.status_code, there) == (200, [])


def test_a_catalogue_that_was_closed_is_not_read_there_any_more(replica, tenants):
    assert ask(visitor(tenants[0]))[0].status_code == 200  # from here on the process remembers it as open
    open_catalogues(False)
    response, read_from = ask(visitor(tenants[0]))
    assert (response.status_code, read_from) == (302, (False, False))


@pytest.mark.parametrize(("path", "method"), [("/products/", "post"), ("/account/login/", "get")])
def test_what_may_write_or_is_another_page_does_not_go_there(replica, tenants, path, method):
    with heard(REPLICA) as there:
        getattr(visitor(tenants[0]), method)(path)
    assert there == []


def test_the_replica_takes_no_writes(replica, tenants):
    with pytest.raises(InternalError, match="read-only"), in_tenant(tenants[0].tenant, using=REPLICA):
        Product.objects.using(REPLICA).update(title="Written")


def test_what_is_read_after_a_write_is_read_where_it_was_written(replica):
    with reading_replica():
        assert router.db_for_read(Product) == REPLICA
        assert router.db_for_read(Tenant) == DEFAULT_DB_ALIAS  # `public` is not on the path there
        assert router.db_for_write(User) == DEFAULT_DB_ALIAS
        assert router.db_for_read(Product) == DEFAULT_DB_ALIAS
    with reading_replica():
        assert router.db_for_read(Product) == REPLICA
    assert router.db_for_read(Product) == DEFAULT_DB_ALIAS


def test_nothing_is_migrated_there(replica):
    assert not router.allow_migrate(REPLICA, "catalog")


# --- a replica in trouble -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"HOST": "127.0.0.1", "PORT": 1, "OPTIONS": {}},  # nobody answers
        {"NAME": "postgres"},  # the tenant has not arrived there yet
    ],
    ids=["away", "without the tenant"],
)
def test_a_replica_that_is_away_or_lacks_the_tenant_costs_no_page(replica, tenants, change):
    connections.databases[REPLICA].update(change)
    del connections[REPLICA]
    response, (_tried, from_primary) = ask(visitor(tenants[0]))
    assert (response.status_code, from_primary) == (200, True)
    response, read_from = ask(visitor(tenants[0]))  # by now it is passed by
    assert (response.status_code, read_from) == (200, (False, True))
    assert not replicas.standby.is_fresh()


def test_a_replica_that_goes_away_in_the_middle_of_a_page_costs_no_page(replica, tenants):
    def break_off(execute, statement, parameters, many, context):
        if "catalog_product" in str(statement):
            raise OperationalError("canceling statement due to conflict with recovery")
        return execute(statement, parameters, many, context)

    with replica.execute_wrapper(break_off):
        response, read_from = ask(visitor(tenants[0]))
    assert (response.status_code, read_from) == (200, (False, True))
    assert tenants[0].products["coffee"].title in response.text
    assert not replicas.standby.is_fresh()


def test_nothing_is_read_from_a_replica_that_was_never_seen_fresh(replica, tenants):
    replicas.standby.forget()
    _response, read_from = ask(visitor(tenants[0]))  # the first look only notes where the primary stands
    assert read_from == (False, True)


def test_a_replica_that_lags_is_passed_by(replica, tenants, settings):
    assert replicas.standby.is_fresh()
    settings.REPLICA_MAX_LAG = timedelta(0)
    _response, read_from = ask(visitor(tenants[0]))
    assert read_from == (False, True)


def test_it_is_as_fresh_as_the_log_that_has_arrived(replica, monkeypatch):
    """By a clock of the test's own: what was noted at 100 s and has arrived at 130 s is 30 s old."""
    standby = replicas.Standby()
    monkeypatch.setattr(replicas, "CAUGHT_UP", "SELECT %s::text = 'never'")
    standby.check(100.0)
    standby.check(110.0)
    assert standby.fresh_as_of == float("-inf")
    monkeypatch.setattr(replicas, "CAUGHT_UP", "SELECT %s::text <> 'never'")
    standby.check(130.0)
    assert (standby.fresh_as_of, standby.taken_at) == (100.0, 130.0)


# --- settings -------------------------------------------------------------------------------------------------

SHOW = """
from django.conf import settings
print(list(settings.DATABASES), *[name for name in settings.MIDDLEWARE if "Replica" in name])
print(settings.DATABASE_ROUTERS)
print(settings.DATABASES.get("replica", {}).get("OPTIONS"))
"""


def test_it_is_off_unless_an_address_is_given():
    address = {"DATABASE_URL": "postgres:///elsewhere", "PATH": os.environ["PATH"]}
    off = python("-c", SHOW, **PROD, **address)
    assert off.stdout.splitlines() == ["['default']", "['tenants.routers.SchemaRouter']", "None"], off.stderr
    on = python("-c", SHOW, **PROD, **address, DATABASE_REPLICA_URL="postgres://x@standby/elsewhere?sslmode=require")
    where, routers, options = on.stdout.splitlines()
    assert where == "['default', 'replica'] tenants.replicas.ReplicaMiddleware"
    assert routers == "['tenants.routers.ReplicaRouter', 'tenants.routers.SchemaRouter']"
    assert "default_transaction_read_only=on" in options
    assert "'sslmode': 'require'" in options
