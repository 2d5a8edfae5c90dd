"""Acme connected to an identity provider that signs with the tests' own keys."""

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from accounts.flows import provider_sessions, recognise
from accounts.models import User
from accounts.providers import registry, verifier
from accounts.providers.base import SESSION
from accounts.providers.tokens import Tokens
from tenants.models import Tenant
from tenants.schema import in_public
from tests.conftest import HostClient

from .issuer import ACME_THERE, GLOBEX_THERE, Issuer, issuers


@pytest.fixture
def known(monkeypatch) -> dict[str, Issuer]:
    """The providers that are accepted, by name."""
    made = issuers()
    providers = {name: issuer.provider for name, issuer in made.items()}
    monkeypatch.setattr(registry, "hosted_providers", lambda: providers)
    return made


@pytest.fixture
def connect(acme, globex):
    """`connect("oidc", admits="invited")`: both organisations' people are this provider's from now on."""

    def change(provider: str, **changes) -> None:
        with in_public():
            for world, there in ((acme, ACME_THERE), (globex, GLOBEX_THERE)):
                set_up = {"provider_tenant_id": there, "admits": "provider"} | changes
                Tenant.objects.filter(pk=world.tenant.pk).update(provider=provider, **set_up)
                world.tenant.refresh_from_db()

    yield change
    acme.tenant.provider = globex.tenant.provider = "local"


@pytest.fixture
def there(known, connect) -> Issuer:
    """Acme's provider: Frontegg. Whoever belongs to Acme there may come in."""
    connect("frontegg")
    return known["frontegg"]


@pytest.fixture
def ask(acme):
    """`ask(token)`: one request of the API with it, on Acme's host."""

    def get(token: str, path: str = "/api/v1/me/", *, world=acme, method: str = "GET", header="authorization"):
        value = f"Bearer {token}" if header == "authorization" else token
        return HostClient(world.tenant.host).generic(method, path, headers={header: value})

    return get


@pytest.fixture
def browser_with(acme):
    """`browser_with(token)`: a browser on Acme's host that came with it from the provider."""

    def sign_in(token: str) -> HostClient:
        claims, provider = verifier.verify(token, entry=SESSION, providers=registry.providers())
        request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", HTTP_HOST=acme.tenant.host)
        request.tenant, request.user, request.session = acme.tenant, AnonymousUser(), SessionStore()
        person = recognise.user_of(claims, provider, acme.tenant)
        provider_sessions.start(request, person, claims, provider, Tokens(token))
        request.session.save()
        client = HostClient(acme.tenant.host)
        client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
        return client

    return sign_in


@pytest.fixture
def person_as(there, browser_with):
    """`person_as("editor")`: somebody with this role there, in a browser. "stranger" has none."""
    return lambda who: browser_with(there.token(who, () if who == "stranger" else (who,)))


@pytest.fixture
def people(acme):
    """How many people, service accounts included, Acme has."""
    return lambda: User.objects.count()
