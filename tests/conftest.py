"""What every test stands on: two tenants made once, people with fixed relations, clients on their hosts."""

import os
import shutil
from copy import deepcopy
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client, RequestFactory, TestCase
from django.test.utils import setup_databases
from django.utils import timezone

from accounts.api.viewsets import ApiView
from accounts.flows.sign_in import BACKEND
from accounts.flows.sign_up import create_platform
from accounts.persons import REMEMBERED
from accounts.providers.verifier import VERIFIED
from tenants import provisioning
from tenants.known import KNOWN
from tenants.schema import in_tenant

from . import world as worlds
from .taps import sql_tap
from .world import MARKER, World

IN_CI = bool(os.environ.get("CI"))


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_createdb):
    """The test database, kept for the next run; made for any choice of tests.

    pytest-django's own makes it only if a chosen test asks for `db`, which those that commit for real do not.
    """
    with django_db_blocker.unblock():
        setup_databases(verbosity=0, interactive=False, aliases=["default"], keepdb=not django_db_createdb)


@pytest.fixture(scope="session")
def tenants(django_db_setup, django_db_blocker):
    """Acme and Globex, signed up through the real flow and copied from the template. Committed."""
    with django_db_blocker.unblock():
        worlds.clear()
        made = worlds.build("acme", "acmeword"), worlds.build("globex", MARKER)
        yield made
        worlds.clear()


def forget() -> None:
    """What the process remembers from one request to the next: rates counted, tokens verified, tenants and people."""
    cache.clear()
    KNOWN.clear()
    REMEMBERED.clear()
    VERIFIED.clear()


@pytest.fixture(autouse=True)
def quiet_machine():
    """No rate counted in an earlier test, no token or content type remembered, no tenant left bound."""
    forget()
    yield
    connection.set_schema_to_public()


@pytest.fixture(autouse=True)
def statements_are_heard():
    """No test may send what a sharded database would refuse or get wrong (tests/taps.py)."""
    with sql_tap():
        yield


@pytest.fixture
def acme(tenants, db) -> World:
    """Acme, with the test's own connection bound to it: `product.refresh_from_db()` just works."""
    tenants[0].tenant.refresh_from_db()
    connection.set_tenant(tenants[0].tenant)
    return tenants[0]


@pytest.fixture
def globex(tenants, db) -> World:
    """The other organisation. The connection stays where it is: use `in_tenant(globex.tenant)`."""
    return tenants[1]


class HostClient(Client):
    """A browser on one host. What is to happen on commit happens after each request, as it would for real."""

    def __init__(self, host: str = settings.BASE_DOMAIN, **kwargs):
        super().__init__(headers={"host": host}, **kwargs)

    def request(self, **kwargs):
        with TestCase.captureOnCommitCallbacks(execute=True):
            return super().request(**kwargs)

    def sign_in(self, user, tenant) -> "HostClient":
        """A session as the real sign-in makes it, without typing the password each time."""
        request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", HTTP_HOST=tenant.host)
        with in_tenant(tenant):
            request.session, request.user = SessionStore(), AnonymousUser()
            login(request, user, backend=BACKEND)
            request.session.save()
        self.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
        return self


@pytest.fixture
def public_client(tenants, db) -> HostClient:
    """A visitor on the public host."""
    return HostClient()


@pytest.fixture
def visitor(acme) -> HostClient:
    """A visitor on Acme's host."""
    return HostClient(acme.tenant.host)


@pytest.fixture
def committed(tenants, django_db_blocker):
    """Work that is seen by other connections; whatever it made beside the two organisations is removed."""
    with django_db_blocker.unblock():
        yield
        worlds.clear(keep=("acme", "globex"))
        connections.close_all()


@pytest.fixture
def client_as(acme):
    """`client_as("editor")`: a signed-in member of Acme on Acme's host."""

    def make(who: str, **kwargs) -> HostClient:
        return HostClient(acme.tenant.host, **kwargs).sign_in(acme.people[who], acme.tenant)

    return make


@pytest.fixture(scope="module")
def operators(tenants, django_db_blocker):
    """The operators' own tenant, with one person a role. Committed, for the file: it takes a schema to make."""
    with django_db_blocker.unblock():
        owner = {"owner": "Olga Ops", "email": "owner@platform.test", "password": worlds.PASSWORD}
        world = World(create_platform(name="Platform", **owner))
        with in_tenant(world.tenant):
            worlds.hire_operators(world)
        yield world
        provisioning.delete_tenant(world.tenant)


@pytest.fixture
def platform(operators, acme) -> World:
    """The operators' tenant as it was made. The test's connection stays with Acme."""
    return deepcopy(operators)


@pytest.fixture
def operator_as(platform):
    """`operator_as("auditor")`: somebody of the platform, signed in on its host."""

    def make(who: str, **kwargs) -> HostClient:
        return HostClient(platform.tenant.host, **kwargs).sign_in(platform.people[who], platform.tenant)

    return make


@pytest.fixture
def begun(monkeypatch) -> list[str]:
    """The paths for which a view of the API began, whatever became of that."""
    paths, initial = [], ApiView.initial

    def heard(self, request, *args, **kwargs):
        paths.append(request.path)
        return initial(self, request, *args, **kwargs)

    monkeypatch.setattr(ApiView, "initial", heard)
    return paths


@pytest.fixture
def clock(monkeypatch):
    """`clock(minutes=5)` moves what the application takes for now."""
    real = timezone.now

    def move(**delta):
        monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(**delta))

    return move


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MULTITENANT_RELATIVE_MEDIA_ROOT = "%s"  # the storage forgets an earlier folder only at this change
    yield settings.MEDIA_ROOT
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
