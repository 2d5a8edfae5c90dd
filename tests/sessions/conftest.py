"""Acme's people sign in at a provider that is played over HTTP; `signed_in` is a browser of one of them."""

from dataclasses import dataclass, field

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as configured
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.test import RequestFactory

from accounts.flows import provider_sessions, recognise
from accounts.models import ProviderSession, User
from accounts.providers import registry, verifier
from accounts.providers.base import SESSION, Provider
from accounts.providers.tokens import Tokens
from standin import StandIn
from standin.world import Person, Tenant
from tenants.schema import in_tenant
from tests.conftest import HostClient
from tests.sign_in.conftest import connect, point_at
from tests.standin import flow
from tests.standin.running import stand_ins
from tests.world import World

HOSTED = ("frontegg", "auth0", "descope", "oidc")
COOKIE = configured.SESSION_COOKIE_NAME
ACME_THERE = "acme-id"


@pytest.fixture(scope="session")
def running():
    with stand_ins() as of:
        yield of


@dataclass
class Place:
    """Acme at its provider, and Ada, who is an editor of it there."""

    idp: StandIn
    world: World
    tenant: Tenant
    ada: Person
    clients: list = field(default_factory=list)

    @property
    def provider(self) -> Provider:
        found = registry.provider_of(self.world.tenant)
        assert found is not None
        return found

    def person(self, handle: str, *roles: str) -> Person:
        person = self.idp.world.add_person(handle, email=f"{handle}@acme.test", name=f"{handle.title()} There")
        self.idp.world.join(person, self.tenant, list(roles))
        return person

    def tokens(self, person: Person | None = None) -> Tokens:
        """What the provider gives at a sign-in."""
        person = person or self.ada
        if self.provider.hosted is None:
            return Tokens(self.idp.mint("user", person=person))
        answer = flow.exchange(self.idp, flow.code_for(self.idp, person, self.tenant)).json()
        session = answer[self.provider.hosted.session_token]
        return Tokens(session, answer.get("refresh_token", ""), answer.get("id_token", ""))

    def signed_in(self, person: Person | None = None, tokens: Tokens | None = None) -> HostClient:
        """A session as arriving from the provider makes it."""
        tokens = tokens or self.tokens(person)
        request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", HTTP_HOST=self.world.tenant.host)
        with in_tenant(self.world.tenant):
            request.session, request.user, request.tenant = SessionStore(), AnonymousUser(), self.world.tenant
            claims, provider = verifier.verify(tokens.session, entry=SESSION, providers=[self.provider])
            claims = recognise.in_tenant_of(claims, provider, self.world.tenant)
            user = recognise.user_of(claims, provider, self.world.tenant)
            provider_sessions.start(request, user, claims, provider, tokens)
            request.session.save()
        client = HostClient(self.world.tenant.host)
        client.cookies[COOKIE] = request.session.session_key
        return client

    def user(self, person: Person | None = None) -> User:
        """Her row as it is stored now."""
        return User.objects.get(issuer=self.provider.issuer, subject=(person or self.ada).subject)

    def kept(self, client) -> ProviderSession:
        return ProviderSession.objects.get(listed__session_key=client.cookies[COOKIE].value)

    def opened(self, client) -> Tokens:
        return Tokens.unseal(self.kept(client).tokens)

    def expire(self, client, *, lifetime) -> None:
        """Put an older token of hers in the place of the session's: it ends `lifetime` from now."""
        kept, before = self.kept(client), self.opened(client)
        kind = {"access_token": "userToken"}.get(self.provider.hosted.session_token, "idToken")
        if self.idp.provider.name == "descope":
            kind = "session"
        token = self.idp.mint(kind, person=self.ada, tenant=self.tenant, lifetime=lifetime)
        kept.tokens = Tokens(token, before.refresh, before.id).seal()
        kept.save()

    def forget_outage(self) -> None:
        """As if the moment were over for which nobody asks again."""
        cache.clear()

    def asked(self, path: str) -> int:
        """How often the provider was asked at this path, or below it."""
        return len([each for each in self.idp.requests if each.path.startswith(path)])


def placed(idp: StandIn, world: World, settings) -> Place:
    idp.reset()
    point_at(settings, idp)
    connect(world, idp.provider.name, ACME_THERE, admits="provider")
    tenant = idp.world.add_tenant(ACME_THERE, name="Acme", alias="acme")
    ada = idp.world.add_person("ada", email="ada@acme.test", name="Ada There")
    idp.world.join(ada, tenant, ["Editor"])
    return Place(idp, world, tenant, ada)


def at_home_again(world: World) -> None:
    for name, value in (("provider", "local"), ("provider_tenant_id", ""), ("admits", "invited")):
        setattr(world.tenant, name, value)


@pytest.fixture
def place_of(running, acme, settings):
    """`place_of("frontegg")`: Acme's people come by this one."""
    yield lambda name: placed(running(name), acme, settings)
    at_home_again(acme)


@pytest.fixture(params=HOSTED)
def place(request, place_of) -> Place:
    """Each provider that has a page of its own."""
    return place_of(request.param)


@pytest.fixture
def frontegg(place_of) -> Place:
    return place_of("frontegg")


@pytest.fixture
def oidc(place_of) -> Place:
    return place_of("oidc")


@pytest.fixture
def descope(place_of) -> Place:
    return place_of("descope")


@pytest.fixture
def rownd(place_of) -> Place:
    return place_of("rownd")


def is_in(client) -> bool:
    """Whether a page that needs signing in opens."""
    return client.get("/profile/").status_code == 200


def sessions_of(user: User) -> int:
    return UserSession.objects.filter(user=user).count()
