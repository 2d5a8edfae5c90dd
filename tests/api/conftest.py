"""What the API's tests add: clients that speak JSON, by session, by key and by nothing."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.flows import api_keys
from catalog.models import Product
from tenants.schema import in_tenant
from tests.accounts.conftest import racing
from tests.catalog.conftest import filled, picture, share
from tests.conftest import HostClient

__all__ = ["filled", "picture", "racing", "share"]  # fixtures of other tests

V1 = "/api/v1"


class ApiClient(HostClient):
    """A program on one host: bodies are JSON, answers are `.json()`, paths are under `/api/v1/`."""

    def send(self, method: str, path: str, body=None, **headers):
        path = path if path.startswith("/api/") else f"{V1}{path}"
        sent = {"data": body if isinstance(body, str | bytes) else json.dumps(body)} if body is not None else {}
        kind = headers.pop("content_type", "application/json")
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.generic(method, path, content_type=kind, headers=names, **sent)

    def read(self, path: str, **headers):
        return self.send("GET", path, **headers)


@pytest.fixture
def api_as(acme):
    """`api_as("editor")`: a member of Acme by the browser's session, as a page's script would ask."""
    return lambda who, **kwargs: ApiClient(acme.tenant.host, **kwargs).sign_in(acme.people[who], acme.tenant)


@pytest.fixture
def api_visitor(acme):
    return ApiClient(acme.tenant.host)


@pytest.fixture
def make_key(acme):
    """`make_key("editor", rights)`: the text of a new key; all that a key of his may have by default."""

    def make(who: str, rights=None, world=acme) -> str:
        with in_tenant(world.tenant):
            user = world.people[who]
            chosen = api_keys.rights_for_key(user) if rights is None else rights
            ends = timezone.now() + timedelta(days=1)
            _key, text = api_keys.create(actor=user, name="test", rights=sorted(chosen), expires_at=ends, addresses=[])
        return text

    return make


@pytest.fixture
def key_as(acme, make_key):
    """`key_as("editor")`: a program with a key of his."""

    def make(who: str, rights=None, world=acme, **kwargs) -> ApiClient:
        client = ApiClient(world.tenant.host, **kwargs)
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {make_key(who, rights, world)}"
        return client

    return make


@pytest.fixture
def stored(acme):
    """`stored("coffee")`: the row as the database has it now, or None when it is gone."""
    return lambda key: Product.objects.filter(pk=acme.products[key].pk).first()


@pytest.fixture
def product_body(acme):
    """`product_body(price="1.00")`: a valid product, as a program sends it."""
    return lambda **changes: {"title": "Mocha", "price": "3.20", "category": acme.drinks.pk, **changes}
