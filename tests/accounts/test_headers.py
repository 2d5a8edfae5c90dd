"""What every answer carries, errors included (W5), and how cookies are set (W6)."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

from tests.conftest import HostClient
from tests.world import PASSWORD

from .routes import PUBLIC_PATHS, TENANT_PATHS
from .test_sign_in import EDITOR

OWN_SCRIPTS = ("/static/", "/admin/jsi18n/")
NONCE = re.compile(r"'nonce-[\w+/=-]+'")


TENANTS = f"{settings.PUBLIC_SCHEME}://*.{settings.BASE_DOMAIN}:{settings.PUBLIC_PORT}"


def check(response, form_action: str = "'self'") -> None:
    policy = dict(part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert NONCE.sub("", policy["script-src"]).strip() == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert policy["form-action"] == form_action
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "*" not in policy["script-src"] + policy["style-src"] + policy["connect-src"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert re.fullmatch(r"[0-9a-f]{32}", response["X-Request-ID"])
    assert not [name for name in response.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("who", ["owner", "guest", None])
@pytest.mark.parametrize("method", ["get", "post", "options", "delete"])
def test_every_answer_of_a_tenant_carries_the_policy(client_as, visitor, who, method):
    for path in TENANT_PATHS:
        client = visitor if who is None or "logout" in path or "leave" in path else client_as(who)
        response = getattr(client, method)(path, headers={"origin": "https://evil.test"})
        check(response)
        kept = response["Cache-Control"]
        assert "private" in kept or "no-store" in kept or path == "/.well-known/jwks.json", path


@pytest.mark.parametrize("method", ["get", "post", "options", "delete"])
def test_every_answer_of_the_public_host_carries_the_policy(public_client, method):
    """Its sign-up form leads on to the new tenant's host, which browsers hold against `form-action`."""
    for path in PUBLIC_PATHS:
        form_action = f"'self' {TENANTS}" if path == "/sign-up/" else "'self'"
        check(getattr(public_client, method)(path), form_action)


@pytest.mark.parametrize(
    ("host", "status"),
    [("nobody.localhost", 404), ("acme.localhost.evil.test", 404), ("a_b!", 404), ("127.0.0.1", 404)],
)
def test_unknown_host_carries_it_too(acme, host, status):
    response = HostClient(host).get("/")
    assert response.status_code == status
    check(response)


@pytest.mark.parametrize("status", ["suspended", "preparing", "closing"])
def test_closed_tenant_carries_it_too(acme, visitor, status):
    from tenants.models import Tenant
    from tenants.schema import in_public

    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(status=status)
    check(visitor.get("/products/"))


def test_no_page_has_a_script_or_a_style_of_its_own(client_as, public_client):
    """The policy would keep it from running; a page that needs it would be broken."""
    from .pages import Page

    owner = client_as("owner")
    pages = [(owner, path) for path in TENANT_PATHS if "logout" not in path] + [
        (public_client, p) for p in PUBLIC_PATHS
    ]
    for client, path in pages:
        response = client.get(path)
        if not response["Content-Type"].startswith("text/html") or response.streaming:
            continue
        for tag, attributes in Page(response).elements:
            assert tag != "style", path
            assert "style" not in attributes, (path, tag)
            assert not [name for name in attributes if name.startswith(("on", "hx-on"))], (path, tag)
            assert tag != "script" or attributes.get("src", "").startswith(OWN_SCRIPTS) or is_data(attributes), (
                path,
                attributes,
            )


def is_data(attributes: dict) -> bool:
    return attributes.get("type") == "application/json" or "nonce" in attributes


@pytest.mark.parametrize("path", ["/", "/sign-up/"])
def test_htmx_evaluates_nothing_and_stays_on_this_host(public_client, path):
    from .pages import Page

    elements = Page(public_client.get(path)).elements
    config = json.loads(next(a["content"] for tag, a in elements if tag == "meta" and a.get("name") == "htmx-config"))
    assert (config["allowEval"], config["selfRequestsOnly"], config["historyCacheSize"]) == (False, True, 0)


def test_cookies_are_hidden_from_scripts_and_belong_to_one_host(visitor, public_client):
    visitor.get("/account/login/")
    visitor.post("/account/login/", {"login": EDITOR, "password": PASSWORD})
    public_client.get("/sign-up/")
    cookies = [*visitor.cookies.values(), *public_client.cookies.values()]
    assert {cookie.key for cookie in cookies} == {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    for cookie in cookies:
        assert cookie["httponly"]
        assert (cookie["samesite"], cookie["domain"], cookie["path"]) == ("Lax", "", "/")


@pytest.mark.parametrize(
    "origin", ["null", "https://evil-acme.localhost", "http://globex.localhost", "https://evil.test"]
)
def test_no_other_origin_may_read_answers(client_as, origin):
    headers = {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": "x"}
    for method in ("get", "options"):
        response = getattr(client_as("owner"), method)("/members/", headers=headers)
        assert not [name for name in response.headers if name.lower().startswith("access-control-")]


SHOW = """
import json
from config.settings import prod
shown = [name for name in dir(prod) if name.startswith(("SESSION_C", "CSRF_C", "SECURE_", "DEBUG"))]
print(json.dumps({name: getattr(prod, name) for name in shown}))
"""


def test_production_binds_cookies_to_host_and_https():
    given = {"SECRET_KEY": "x" * 60, "BASE_DOMAIN": "example.com", "DATABASE_URL": "postgres:///x"}
    shown = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**os.environ, **given},
        cwd=settings.BASE_DIR,
        check=True,
        capture_output=True,
    )
    prod = json.loads(shown.stdout)
    assert prod["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert prod["CSRF_COOKIE_NAME"].startswith("__Host-")
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_HTTPONLY"):
        assert prod[name] is True
    assert prod["SECURE_SSL_REDIRECT"] is True
    assert prod["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert prod["DEBUG"] is False


def test_strict_transport_is_said_over_https(acme, settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    assert (
        "max-age=31536000"
        in HostClient(acme.tenant.host).get("/account/login/", secure=True)["Strict-Transport-Security"]
    )


def test_own_request_id_is_not_taken_over(public_client):
    response = public_client.get("/", headers={"x-request-id": "evil\tid"})
    assert "evil" not in response["X-Request-ID"]
