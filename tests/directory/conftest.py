"""Acme at a provider that is played over HTTP, with people who are known at both ends."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.flows import directory, provider_events, reconcile, role_sync
from accounts.models import DirectoryTask, User
from accounts.providers import management, registry
from standin import StandIn
from tenants.models import Errand
from tenants.schema import in_public
from tests.conftest import HostClient
from tests.sign_in.conftest import connect, point_at
from tests.standin.running import stand_ins

DIRECTORIES = ("frontegg", "auth0", "descope", "rownd")
ACCESS = {"frontegg": "userToken", "auth0": "accessToken", "descope": "session", "rownd": "verified"}


@pytest.fixture(scope="session")
def running():
    with stand_ins() as of:
        yield of


@pytest.fixture
def played(running, settings, monkeypatch):
    """`played("auth0")`: this provider, as new, and nothing remembered of it. What an event asks for is done at once,
    and not by a thread, which would not see what a test has not committed.
    """
    monkeypatch.setattr(provider_events, "in_background", lambda: reconcile.catch_up(seconds=5, only_events=True))

    def play(name: str) -> StandIn:
        idp = running(name)
        idp.reset()
        management.forget()
        point_at(settings, idp)
        return idp

    yield play
    management.forget()


# Run with each provider that has a directory. Otherwise Frontegg stands for all.
everywhere = pytest.mark.parametrize("idp", DIRECTORIES, indirect=True)


@pytest.fixture
def idp(request, played) -> StandIn:
    return played(getattr(request, "param", "frontegg"))


@pytest.fixture
def there(idp, acme):
    """Acme at its provider."""
    tenant = idp.world.add_tenant("acme-id", name="Acme", alias="acme")
    connect(acme, idp.provider.name, tenant.id)
    yield tenant
    acme.tenant.provider, acme.tenant.provider_tenant_id, acme.tenant.admits = "local", "", "invited"


@pytest.fixture
def hire(idp, acme, there):
    """`hire("ada", "Editor")`: somebody who has long been a member, there and here."""

    def make(handle: str, *roles: str) -> User:
        person = idp.world.add_person(handle, email=f"{handle}@acme.test", name=f"{handle.title()} Roe")
        idp.world.join(person, there, roles)
        user = User.objects.create(
            issuer=registry.provider_of(acme.tenant).issuer,
            subject=person.subject,
            email=person.email,
            name=person.name,
            address_proven=True,
            joined_at=timezone.now() - timedelta(days=30),
        )
        role_sync.take_over(user, role_sync.said_now(roles=roles, tenant=acme.tenant), acme.tenant)
        User.objects.filter(pk=user.pk).update(synced_at=user.joined_at)
        return user

    return make


@pytest.fixture
def ada(hire) -> User:
    """An editor."""
    return hire("ada", "Editor")


@pytest.fixture
def olive(hire) -> User:
    """The owner."""
    return hire("olive", "Owner")


@pytest.fixture
def ask(idp, acme, there, olive):
    """`ask("POST", "members/7/deactivate/")`: the owner asks the API, with a token of the provider's."""
    person = idp.world.person("olive")

    def send(method: str, path: str, data=None, **kwargs):
        said = {"email": person.email, "email_verified": True}  # else Auth0 and Descope would be asked
        token = idp.mint(ACCESS[idp.provider.name], person=person, tenant=there, claims=said)
        client = HostClient(acme.tenant.host)
        headers = {"authorization": f"Bearer {token}"}
        return client.generic(method, f"/api/v1/{path}", data or b"", "application/json", headers=headers, **kwargs)

    return send


@pytest.fixture
def held(idp, there):
    """`held("ada")`: the roles that the provider has her hold in Acme; None if she is not in it."""

    def look(handle: str) -> list[str] | None:
        membership = idp.world.membership(idp.world.person(handle), there)
        return membership and sorted(membership.roles)

    return look


@pytest.fixture
def invited(acme, there):
    """`invited()`: addresses that wait at the provider, and their roles, as it tells them."""

    def look() -> dict[str, list[str]]:
        cache.clear()
        return {each.email: sorted(each.roles) for each in directory.pending(acme.tenant)}

    return look


@pytest.fixture
def tell(acme, django_capture_on_commit_callbacks):
    """`tell(Deed.REMOVE, user=ada)`, in a transaction that commits."""

    def tell_and_commit(deed, **details):
        with django_capture_on_commit_callbacks(execute=True):
            directory.tell(deed, **details)

    return tell_and_commit


def later(**delta) -> None:
    """As if so much time had passed since what waits was written down."""
    back = timedelta(**delta)
    for task in DirectoryTask.objects.waiting():
        DirectoryTask.objects.filter(pk=task.pk).update(next_try_at=task.next_try_at - back)
    with in_public():
        for row in Errand.objects.exclude(tell_at=None):
            Errand.objects.filter(pk=row.pk).update(tell_at=row.tell_at - back)
    management.forget()  # its pause is over as well
