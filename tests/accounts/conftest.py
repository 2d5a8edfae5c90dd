"""What the people's tests add: an organisation signed up through the page, invitations, a clock that can be moved."""

from dataclasses import dataclass

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.urls import path

from accounts.models import Invitation, Role, User
from config.urls import tenant as tenant_urls
from tenants import provisioning
from tenants.models import DirectoryEntry, Tenant
from tenants.schema import in_public
from tests import addresses
from tests import world as worlds
from tests.conftest import HostClient
from tests.world import PASSWORD

from . import programs
from .mails import path_in

SIGN_UP = {
    "organisation": "Tea & Sons",
    "slug": "tea",
    "currency": "EUR",
    "name": "Ada Owner",
    "email": "ada@tea.test",
    "password": PASSWORD,
}


@dataclass
class Newcomer:
    """An organisation just signed up through the page: where the browser was sent, and a client on its host."""

    tenant: Tenant
    arrival: str
    client: HostClient

    @property
    def owner(self) -> User:
        return User.objects.get(email=SIGN_UP["email"])


@pytest.fixture
def newcomer(public_client) -> Newcomer:
    response = public_client.post("/sign-up/", SIGN_UP)
    tenant = Tenant.objects.get(slug="tea")
    connection.set_tenant(tenant)
    arrival = response["Location"].removeprefix(tenant.absolute_url(""))
    return Newcomer(tenant, arrival, HostClient(tenant.host))


@pytest.fixture
def invited(acme, client_as):
    """`invited("ann@acme.test", "editor")`: invite through the page; the row and the path of the mailed link."""

    def make(address="ann@acme.test", role="editor", by="owner") -> tuple[Invitation, str]:
        client_as(by).post("/invitations/new/", {"addresses": address, "role": role})
        return Invitation.objects.open().get(email=address), path_in(mail.outbox[-1], acme.tenant)

    return make


@pytest.fixture
def fresh(acme):
    """`fresh("viewer")`: the person as the database has him now, with nothing remembered."""
    return lambda who: User.objects.get(pk=acme.people[who].pk)


@pytest.fixture
def role(acme):
    return lambda key: Role.objects.get(key=key)


@pytest.fixture
def in_directory(db):
    """`in_directory(address, tenant)`: would "find my organisation" name it?"""

    def found(address: str, tenant: Tenant) -> bool:
        with in_public():
            entries = DirectoryEntry.objects.filter(tenant_id=tenant.pk)
            return entries.filter(address_hash=DirectoryEntry.hash(address)).exists()

    return found


@pytest.fixture
def racing(django_db_setup, django_db_blocker):
    """A throw-away organisation, committed, for tests with threads and connections of their own."""
    with django_db_blocker.unblock():
        world = worlds.build("racing", "raceword")
        connection.set_schema_to_public()
        yield world
        cache.clear()
        connection.set_schema_to_public()
        provisioning.delete_tenant(world.tenant)
        connection.close()


@pytest.fixture
def planted_api(monkeypatch):
    """`/api/who` on every tenant's host."""
    monkeypatch.setattr(tenant_urls, "urlpatterns", [path("api/who", programs.who), *tenant_urls.urlpatterns])
    addresses.forget_urls()
    yield
    monkeypatch.undo()
    addresses.forget_urls()
