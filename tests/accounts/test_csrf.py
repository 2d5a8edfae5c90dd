"""No other site can make a signed-in browser change anything (W1)."""

import pytest
from django.conf import settings

from accounts.models import Invitation, User
from catalog.models import Product
from tenants.models import Tenant
from tenants.schema import in_public
from tests.conftest import HostClient
from tests.world import PASSWORD

from .conftest import SIGN_UP
from .pages import Page
from .routes import PUBLIC_PATHS, TENANT_PATHS

# Programs sign in there with what is in the request itself; a browser's cookie opens nothing.
WITHOUT_COOKIES = ("/api/auth/", "/api/v1/sample")
# An identity provider calls there, by itself: what is signed in the request is the proof.
BY_PROVIDERS = ("/auth/backchannel/", "/auth/events/")
TOKEN = "csrfmiddlewaretoken"


def state(acme) -> list:
    """What an unsafe request might have changed."""
    with in_public():
        tenants = list(Tenant.objects.order_by("pk").values())
    rows = [list(model.objects.order_by("pk").values()) for model in (User, Product, Invitation)]
    for person in rows[0]:
        person.pop("last_seen")
    return [tenants, rows]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_unsafe_request_of_a_tenants_host_passes_without_a_token(client_as, acme, method):
    client = client_as("owner", enforce_csrf_checks=True)
    client.get("/profile/")
    before = state(acme)
    for path in TENANT_PATHS:
        status = getattr(client, method)(path, {"name": "Evil", "role": "owner"}).status_code
        assert status in ((400, 401, 404, 405) if path.startswith(WITHOUT_COOKIES) else (403,)), (path, status)
    assert state(acme) == before
    assert client.get("/profile/").status_code == 200


@pytest.mark.parametrize("path", PUBLIC_PATHS)
def test_no_unsafe_request_of_the_public_host_passes_without_a_token(public_client, path):
    client = HostClient(enforce_csrf_checks=True)
    status = client.post(path, SIGN_UP).status_code
    assert status in ((400, 401, 404) if path.startswith(BY_PROVIDERS) else (403,))
    assert not Tenant.objects.filter(slug="tea").exists()


@pytest.fixture
def form(client_as):
    """A client that has opened its profile, and the token of the form there."""
    client = client_as("guest", enforce_csrf_checks=True)
    return client, Page(client.get("/profile/")).values[TOKEN]


def save(client, token: str, **headers) -> int:
    return client.post("/profile/", {"name": "New Name", "picture": "", TOKEN: token}, headers=headers).status_code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 302),
        ({"origin": "http://acme.localhost"}, 302),
        ({"origin": "http://globex.localhost"}, 403),
        ({"origin": "http://localhost"}, 403),
        ({"origin": "https://evil-acme.localhost"}, 403),
        ({"origin": "http://acme.localhost:6666"}, 403),
        ({"origin": "https://evil.test"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_form_counts_only_from_its_own_origin(form, fresh, headers, status):
    client, token = form
    assert save(client, token, **headers) == status
    assert (fresh("guest").name == "New Name") is (status == 302)


def test_token_of_another_browser_is_of_no_use(form, client_as, fresh):
    client, _token = form
    other = client_as("viewer")
    token = Page(other.get("/profile/")).values[TOKEN]
    assert save(client, token) == 403
    assert fresh("guest").name != "New Name"


def test_token_of_another_tenant_is_of_no_use(form, globex, fresh):
    client, _token = form
    other = HostClient(globex.tenant.host).sign_in(globex.guest, globex.tenant)
    token = Page(other.get("/profile/")).values[TOKEN]
    assert save(client, token) == 403
    assert fresh("guest").name != "New Name"


def test_token_given_before_signing_in_is_of_no_use_after_it(acme):
    client = HostClient(acme.tenant.host, enforce_csrf_checks=True)
    token = Page(client.get("/account/login/")).values[TOKEN]
    before = client.cookies[settings.CSRF_COOKIE_NAME].value
    client.post("/account/login/", {"login": "guest@acme.test", "password": PASSWORD, TOKEN: token})
    assert client.cookies[settings.CSRF_COOKIE_NAME].value != before
    assert save(client, token) == 403


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_odd_body_does_not_pass_either(client_as, fresh, kind):
    client = client_as("guest", enforce_csrf_checks=True)
    response = client.generic("POST", "/profile/", b'{"name": "Evil"}', content_type=kind)
    assert response.status_code in (400, 403)
    assert fresh("guest").name != "Evil"
