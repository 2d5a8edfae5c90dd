"""How the API says no, and what every answer carries. (W1, W5, W6, W10, L8)"""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError
from rest_framework.response import Response

from accounts.api.me import MeViewSet
from catalog.models import Product
from tenants.models import Tenant
from tenants.schema import in_public
from tests import addresses
from tests.conftest import HostClient

from .conftest import ApiClient

SHAPE = {"type", "title", "status", "detail", "request_id"}


def is_problem(response, status: int) -> bool:
    body = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert body.keys() >= SHAPE
    assert body["request_id"] == response["X-Request-ID"]
    return response.status_code == body["status"] == status


def test_every_refusal_has_one_shape(acme, api_as, api_visitor, product_body):
    editor, path = api_as("editor"), f"/products/{acme.coffee.pk}/"
    for status, response in {
        400: editor.send("POST", "/products/", {}),
        401: api_visitor.read("/products/"),
        403: editor.send("DELETE", path),
        404: editor.read("/products/999999/"),
        405: editor.send("PUT", path, {}),
        409: editor.send("PATCH", path, {"title": "X", "version": 9}),
        412: editor.send("PATCH", path, {"title": "X"}, If_Match='"9"'),
        413: editor.send("POST", "/products/", "x" * 3_000_000),
        415: editor.send("POST", "/products/", "x", content_type="text/plain"),
    }.items():
        assert is_problem(response, status), status


@pytest.mark.parametrize("path", ["/nothing/", "/products", "/products/1", "/../x", "/products/1/nothing/"])
def test_an_address_that_is_none_is_a_problem_too(acme, api_as, path):
    assert is_problem(api_as("owner").send("POST", path, {}), 404)


def test_every_cause_of_401_has_one_body(acme, globex, api_visitor, make_key):
    bodies = []
    for credential in (None, "Bearer x", "Bearer tnt_aaaaaaaaaaaa_wrong", f"Bearer {make_key('owner', world=globex)}"):
        response = api_visitor.read("/me/", **({"Authorization": credential} if credential else {}))
        assert is_problem(response, 401)
        assert response["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        bodies.append({**response.json(), "request_id": ""})
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.parametrize(("status", "answer"), [("suspended", 403), ("closing", 403), ("preparing", 503)])
def test_an_organisation_that_is_not_open_says_so(acme, api_as, key_as, status, answer):
    clients = api_as("owner"), key_as("owner")
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(status=status)
    for client in clients:
        assert is_problem(client.read("/products/"), answer)


def test_a_host_that_is_nobodys_and_the_public_one_have_no_api(acme):
    for host in ("nobody.localhost", "localhost"):
        assert is_problem(ApiClient(host).read("/products/"), 404)


def test_a_database_that_is_away_is_503(acme, api_as, monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError("secret host")

    monkeypatch.setattr("catalog.api.products.ProductViewSet.find", away)
    response = api_as("owner").read("/products/")
    assert is_problem(response, 503)
    assert int(response["Retry-After"]) > 0
    assert "secret" not in response.content.decode()


def test_a_defect_of_ours_tells_nothing(acme, api_as, monkeypatch):
    """W10"""

    def broken(*_args, **_kwargs):
        raise RuntimeError(f"canary {settings.SECRET_KEY} /etc SELECT")

    monkeypatch.setattr("catalog.api.products.ProductViewSet.find", broken)
    client = api_as("owner", raise_request_exception=False)
    response = client.read("/products/")
    assert is_problem(response, 500)
    assert not any(word in response.content.decode() for word in ("canary", "SELECT", settings.SECRET_KEY, "Traceback"))


# --- Cookies, sessions, origins ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/products/"), ("PATCH", "/products/1/"), ("DELETE", "/products/1/")]
)
def test_a_write_by_session_needs_the_csrf_token(acme, api_as, product_body, method, path):
    """W1"""
    client = api_as("owner", enforce_csrf_checks=True)
    body = product_body() if method == "POST" else {"title": "X"} if method == "PATCH" else None
    assert is_problem(client.send(method, path, body), 403)
    assert is_problem(client.send(method, path, body, Origin="http://evil.example"), 403)
    assert is_problem(client.send(method, path, body, content_type="text/plain"), 403)
    assert (Product.objects.count(), Product.objects.get(pk=acme.coffee.pk).title) == (4, acme.coffee.title)
    page = client.get("/api/docs/")
    token = page.content.decode().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    assert client.send(method, path, body, X_CSRFToken=token).status_code in (200, 201, 204)


def test_a_key_needs_no_token_and_ignores_cookies(acme, api_as, key_as, make_key, product_body):
    client = api_as("owner", enforce_csrf_checks=True)
    response = client.read("/me/", Authorization=f"Bearer {make_key('viewer')}")
    assert (response.json()["email"], response.json()["through"]) == ("viewer@acme.test", "key")
    assert client.send(
        "POST", "/products/", product_body(), Authorization=f"Bearer {make_key('editor')}"
    ).status_code == 201  # fmt: skip


def test_the_session_of_a_cookie_is_not_there_for_whoever_comes_by_key(api_as, make_key, monkeypatch):
    seen, client = [], api_as("owner")
    note = lambda view, request: Response(seen.append(request.session.session_key))  # noqa: E731
    monkeypatch.setattr(MeViewSet, "retrieve", note)
    client.read("/me/")
    client.read("/me/", Authorization=f"Bearer {make_key('viewer')}")
    assert seen == [client.cookies[settings.SESSION_COOKIE_NAME].value, None]


def test_a_request_by_key_makes_no_session_and_sets_no_cookie(acme, key_as, api_visitor, product_body):
    before = Session.objects.count()
    client = key_as("editor")
    for response in (
        client.read("/products/"),
        client.send("POST", "/products/", product_body()),
        client.read("/nothing/"),
        api_visitor.read("/me/"),
    ):
        assert not response.cookies
    assert Session.objects.count() == before


@pytest.mark.parametrize(
    "origin", ["null", "http://evil.example", "http://globex.localhost", "http://evil-acme.localhost"]
)
def test_no_other_origin_is_let_in(acme, api_as, api_visitor, origin):
    """W6"""
    for client in (api_as("owner"), api_visitor):
        for method in ("GET", "OPTIONS", "POST"):
            response = client.send(method, "/products/", Origin=origin, Access_Control_Request_Method="POST")
            assert not [name for name in response.headers if name.lower().startswith("access-control")]


def test_every_answer_carries_the_policy_headers(acme, api_as, api_visitor):
    """W5"""
    for client in (api_as("owner"), api_visitor):
        for route in addresses.of_tenants(acme):
            if route.is_api:
                response = client.get(route.path)
                assert "default-src 'none'" in response["Content-Security-Policy"]
                assert "unsafe" not in response["Content-Security-Policy"]
                assert (response["X-Content-Type-Options"], response["X-Frame-Options"]) == ("nosniff", "DENY")
                assert "private" in response["Cache-Control"]


def test_html_is_answered_nowhere(acme, api_as):
    for route in addresses.of_tenants(acme):
        if route.is_api:
            response = api_as("owner").get(route.path, headers={"Accept": "text/html"})
            assert not response.get("Content-Type", "").startswith("text/html"), route


# --- Limits ------------------------------------------------------------------------------------------------------


@pytest.fixture
def rates(settings):
    def limit(**rates):
        settings.API_RATES = {**settings.API_RATES, **{name: (quota, 3600) for name, quota in rates.items()}}

    return limit


def test_each_answer_says_what_is_left(acme, api_as, rates):
    rates(credential=5)
    client = api_as("owner")
    left = [client.read(path)["RateLimit"].split(";")[1] for path in ("/me/", "/products/9999/", "/me/?x=1")]
    assert left == ["r=4", "r=3", "r=2"]
    assert client.read("/me/")["RateLimit-Policy"].startswith('"credential";q=5;w=3600, "user";q=1200')


def test_too_many_are_429_and_nothing_is_done(acme, key_as, rates, product_body):
    rates(credential=2)
    client = key_as("editor")
    assert [client.read("/me/").status_code for _try in range(3)] == [200, 200, 429]
    response = client.send("POST", "/products/", product_body())
    assert is_problem(response, 429)
    assert 0 < int(response["Retry-After"]) <= 3600
    assert not Product.objects.filter(title="Mocha").exists()


def test_the_keys_of_one_person_share_his_limit(acme, key_as, rates):
    rates(user=3)
    one, two = key_as("editor"), key_as("editor")
    assert [client.read("/me/").status_code for client in (one, two, one, two)] == [200, 200, 200, 429]
    assert key_as("viewer").read("/me/").status_code == 200


def test_nobody_can_use_up_the_limit_of_another(acme, api_as, api_visitor, key_as, rates):
    """L8: a flood of strangers from the victim's own address is counted against the address alone."""
    rates(address=3, credential=5, user=5)
    assert [api_visitor.read("/me/").status_code for _try in range(5)] == [401, 401, 401, 429, 429]
    for client in (api_as("owner"), key_as("editor")):
        assert client.read("/me/").status_code == 200


def test_pages_are_not_counted(acme, client_as, rates):
    rates(credential=1, user=1)
    client = client_as("owner")
    assert [client.get("/products/").status_code for _try in range(3)] == [200, 200, 200]


def test_a_page_accepts_no_key(acme, make_key):
    client = HostClient(acme.tenant.host, raise_request_exception=False)
    assert client.get("/products/", headers={"Authorization": f"Bearer {make_key('owner')}"}).status_code == 302
