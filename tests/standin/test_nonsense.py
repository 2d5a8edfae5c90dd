"""Whatever is sent to whichever address of whichever provider: an answer, and never one of the kind 5xx."""

import json

import pytest
import requests

from standin import StandIn

NONSENSE = [None, [], "text", 7, True, {}]
FIELDS = (
    *("email", "metadata", "roleIds", "users", "name", "tenantId", "expiresInMinutes", "permissionIds", "secret"),
    *("display_name", "invitee", "inviter", "members", "roles", "ttl_sec", "grant_type", "code", "client_id"),
)


@pytest.fixture(scope="module", params=["frontegg", "auth0", "oidc"])
def idp(request):
    with StandIn(request.param) as idp:
        yield idp


@pytest.fixture
def headers(idp):
    """Those that open management calls."""
    provider = idp.provider
    if provider.name == "frontegg":
        pair = {"clientId": provider.client_id, "secret": provider.api_key}
        token = requests.post(f"{idp.url}/auth/vendor/", json=pair, timeout=5).json()["token"]
        return {"Authorization": f"Bearer {token}", "frontegg-tenant-id": "acme-id"}
    provider_tokens = getattr(provider, "management_tokens", {})
    provider_tokens["managed"] = {"read:*", "create:*", "update:*", "delete:*"}
    return {"Authorization": "Bearer managed"}


def bodies():
    yield b"{"
    yield b'"\xff"'
    yield from (json.dumps(value).encode() for value in NONSENSE)
    for value in (None, [], "{", 7, [{}], ["x"], [7], {"a": []}, {"email": 7}):
        yield json.dumps(dict.fromkeys(FIELDS, value)).encode()
        yield json.dumps(
            {**dict.fromkeys(FIELDS, value), "email": "a@b.c", "inviter": {"name": "a"}, "tenantId": "acme-id"}
        ).encode()


def test_nonsense_is_refused_everywhere(idp, headers):
    for method, path in addresses(idp):
        for body in bodies():
            restock(idp)
            options = {"data": body, "headers": {**headers, "Content-Type": "application/json"}, "timeout": 5}
            status = idp_answer(idp, method, path, options)
            assert status < 500, (method, path, body)


def idp_answer(idp, method, path, options):
    return requests.request(method, f"{idp.url}{path}", allow_redirects=False, **options).status_code  # noqa: S113


def addresses(idp):
    """Every method of every address that takes a body, with somebody's id where one is named."""
    ada = restock(idp)
    values = {
        "subject": ada.subject,
        "user_id": ada.subject,
        "tenant_id": "acme-id",
        "what": "disable",
        "whose": "users",
    }
    for rule in idp._map.iter_rules():
        if not rule.rule.startswith("/_standin/"):
            named = {name: values.get(name, "x") for name in rule.arguments}
            _domain, path = rule.build(named)
            yield from ((method, path) for method in sorted(rule.methods & {"POST", "PUT", "PATCH", "DELETE"}))


def restock(idp):
    acme = idp.world.add_tenant("acme-id", name="Acme")
    ada = idp.world.add_person("ada", email="ada@acme.test")
    idp.world.join(ada, acme, ["Admin"])
    return ada
