"""The host decides the tenant, and nothing else does; what is not open answers before any tenant query."""

import re
from http.cookies import _quote

import pytest
from django.conf import settings
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.guards import routes
from accounts.middleware import MemberMiddleware
from catalog.views.products import ProductListView
from tenants.middleware import SessionMiddleware
from tenants.models import Tenant
from tenants.schema import in_public
from tests.conftest import HostClient
from tests.world import MARKER

# Ways to write Acme's host (security list I2), and hosts that are nobody's.
ACMES = [
    *("acme.localhost", "ACME.localhost", "Acme.LOCALHOST", "acme.localhost."),
    *("acme.localhost:8000", "acme.localhost.:1"),
]
NOBODYS = [
    *("www.acme.localhost", "acme.localhost.evil.test", "evil.test", "acme", "acmelocalhost", "localhost.acme"),
    *("acme.localhost@evil.test", "evil.test@acme.localhost", "http://acme.localhost", "acme.localhost/"),
    *("acme.localhost#x", "acme.localhost, globex.localhost", "acme.localhost globex.localhost"),
    *("acme.localhost:80:90", "acme.localhost:port", "[::1]", "[::1]:8000", "127.0.0.1", "::1", "", " ", "."),
    *(".localhost", "..localhost", "acme..localhost", "*.localhost", "xn--acme-abc.localhost", "аcme.localhost"),
    *("acme.localhost\x00", "acme.localhost\t", "a" * 300 + ".localhost", "' OR 1=1 --.localhost"),
    *("t_acme.localhost", "public.localhost", "template.localhost", "template", "%61cme.localhost"),
]
SELECTORS = {
    "X-Forwarded-Host": "globex.localhost",
    "Forwarded": "host=globex.localhost",
    "X-Original-URL": "http://globex.localhost/products/",
    "X-Rewrite-URL": "/products/",
    "X-Host": "globex.localhost",
    "X-Tenant-ID": "globex",
    "X-Tenant": "t_globex",
    "X_Tenant_Id": "globex",
    "Origin": "http://globex.localhost",
    "Referer": "http://globex.localhost/",
}
LOGIN = "/account/login/"


@pytest.mark.parametrize("host", ACMES)
def test_a_known_host_serves_its_tenant_however_it_is_written(acme, host):
    response = HostClient(host).get(LOGIN)
    assert (response.status_code, "Acme" in response.text) == (200, True)


@pytest.mark.parametrize("host", NOBODYS)
def test_an_unknown_host_is_nobodys(acme, host):
    response = HostClient(host).get(LOGIN)
    assert response.status_code == 404
    assert "No organisation lives at this address" in response.text
    assert MARKER not in response.text


@pytest.mark.parametrize("header", SELECTORS)
def test_no_header_chooses_the_tenant(acme, client_as, header):
    client = client_as("owner")
    plain = client.get("/products/")
    tricked = client.get("/products/", headers={header: SELECTORS[header]})
    assert (plain.status_code, tricked.status_code) == (200, 200)
    assert "Coffee acmeword" in tricked.text
    assert MARKER not in tricked.text


@pytest.mark.parametrize("name", ["tenant", "schema", "host", "organisation", "tenant_id"])
def test_no_parameter_or_cookie_chooses_the_tenant(acme, client_as, name):
    client = client_as("owner")
    client.cookies[name] = "globex"
    response = client.get("/products/", {name: "t_globex"})
    assert (response.status_code, MARKER in response.text) == (200, False)


# --- open or not ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ({}, 200, "Olive Owner"),
        ({"status": "suspended"}, 403, "is closed for now"),
        ({"status": "closing"}, 403, "is closed for now"),
        ({"status": "preparing"}, 503, "is being prepared"),
        ({"schema_ready": False}, 503, "is being prepared"),
        ({"status": "suspended", "schema_ready": False}, 403, "is closed for now"),
    ],
)
def test_a_tenant_that_is_not_open_says_so_and_asks_its_schema_nothing(client_as, acme, state, status, words):
    client = client_as("owner")
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(**state)
    with CaptureQueriesContext(connection) as queries:
        response = client.get("/profile/")
    assert response.status_code == status
    assert words in response.text
    assert ("Retry-After" in response) is (status == 503)
    assert bool(tenant_queries(queries)) is (status == 200)


def tenant_queries(queries) -> list[str]:
    """What was asked of a tenant's schema; binding it is how its absence is found out."""
    quiet = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT set_config(")
    asked = [query["sql"].strip() for query in queries]
    return [query for query in asked if not query.startswith(quiet) and '"tenants_' not in query]


@pytest.mark.parametrize("path", ["/", "/products/", "/profile/", "/account/password/reset/", "/nowhere/"])
def test_a_suspended_tenant_is_closed_on_every_path(visitor, acme, path):
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(status="suspended")
    assert visitor.get(path).status_code == 403
    assert visitor.post(path).status_code == 403


def test_suspending_one_tenant_leaves_the_other_open(acme, globex):
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(status="suspended")
    assert HostClient(acme.tenant.host).get(LOGIN).status_code == 403
    assert HostClient(globex.tenant.host).get(LOGIN).status_code == 200


@pytest.mark.parametrize("damage", ["DROP SCHEMA t_acme CASCADE", "ALTER SCHEMA t_acme RENAME TO t_elsewhere"])
def test_a_schema_lost_under_a_running_server_is_503_and_public_is_untouched(client_as, acme, sql, damage):
    client = client_as("owner")
    connection.set_schema_to_public()
    assert client.get("/products/").status_code == 200
    before = everything_public(sql)
    sql(acme.tenant, "SET CONSTRAINTS ALL IMMEDIATE")  # no table is dropped while a check on it is waiting
    sql(None, damage)
    with CaptureQueriesContext(connection) as queries:
        response = client.post("/products/new/", {"title": "Stray"})
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert tenant_queries(queries) == []
    assert everything_public(sql) == before


def everything_public(sql) -> dict[str, list]:
    tables = sql(None, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
    return {table: sql(None, f'SELECT * FROM "{table}" ORDER BY 1') for (table,) in tables}


def test_a_lost_schema_is_served_again_when_it_is_back(client_as, acme, sql):
    client = client_as("owner")
    connection.set_schema_to_public()
    sql(None, "ALTER SCHEMA t_acme RENAME TO t_elsewhere")
    assert client.get("/products/").status_code == 503
    sql(None, "ALTER SCHEMA t_elsewhere RENAME TO t_acme")
    assert client.get("/products/").status_code == 200


# --- one request after another ---------------------------------------------------------------------------------


def test_a_view_that_raises_leaves_the_next_request_right(acme, globex, client_as, monkeypatch):
    client = client_as("owner")
    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(ProductListView, "get_queryset", lambda view: 1 / 0)
        assert client.get("/products/").status_code == 500
    assert "Globex" in HostClient(globex.tenant.host).get(LOGIN).text
    assert HostClient().get("/").status_code == 200
    assert "Coffee acmeword" in client.get("/products/").text


@pytest.mark.parametrize("path", ["/products/", "/api/v1/products/"])
def test_a_question_before_the_view_that_takes_too_long_is_503(acme, client_as, monkeypatch, settings, path):
    def take_long(*ignored):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")

    client = client_as("owner")
    client.raise_request_exception = False
    settings.REQUEST_STATEMENT_TIMEOUT = "100ms"
    monkeypatch.setattr(MemberMiddleware, "recognise", take_long)
    response = client.get(path)
    assert (response.status_code, response["Retry-After"]) == (503, "10")


def test_a_view_that_leaves_the_connection_elsewhere_does_no_harm(acme, globex, client_as, monkeypatch):
    client = client_as("owner")

    def wander(view):
        connection.set_tenant(globex.tenant)
        return 1 / 0

    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(ProductListView, "get_queryset", wander)
        assert client.get("/products/").status_code == 500
    response = client.get("/products/")
    assert (response.status_code, MARKER in response.text) == (200, False)


def test_after_a_request_the_connection_is_as_it_was(acme, globex):
    connection.set_tenant(globex.tenant)
    HostClient(acme.tenant.host).get(LOGIN)
    assert connection.schema_name == "t_globex"


# --- two kinds of host (I12) --------------------------------------------------------------------------------------


def paths(urlconf: str) -> list[str]:
    """A path for each route: 1 for a number, the letter x for anything else."""
    shared = {"/", "/.well-known/jwks.json"}
    return sorted({"/" + filled(pattern) for pattern, _name, _view in routes(urlconf)} - shared)


def filled(pattern: str) -> str:
    pattern = re.sub(r"<int:\w+>", "1", pattern)
    pattern = re.sub(r"<\w+:\w+>", "x", pattern)
    pattern = re.sub(r"\(\?P<\w+>.*?\)(?=[-/])", "x", pattern)
    return pattern.replace("^", "").replace("$", "").replace("\\Z", "")


@pytest.mark.parametrize("path", paths(settings.PUBLIC_SCHEMA_URLCONF))
def test_the_public_pages_are_not_on_a_tenants_host(visitor, public_client, path):
    """Whatever they answer to such a question: some take a POST alone, or what a provider sends back."""
    assert public_client.get(path).status_code != 404
    assert visitor.get(path).status_code == 404


@pytest.mark.parametrize("path", paths(settings.ROOT_URLCONF))
def test_a_tenants_pages_are_not_on_the_public_host(public_client, path):
    assert public_client.get(path).status_code == 404
    assert public_client.post(path).status_code == 404


@pytest.mark.parametrize("path", ["/account/login/", "/products/", "/members/", "/profile/", "/account/sessions/"])
def test_the_walk_knows_the_pages_of_a_tenant(client_as, path):
    assert path in paths(settings.ROOT_URLCONF)
    assert client_as("owner").get(path).status_code in (200, 302)


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/dev/mail/"])
def test_the_public_host_has_no_admin_and_without_debugging_no_outbox(public_client, path):
    assert public_client.get(path).status_code == 404


def test_a_tenants_host_has_no_outbox(visitor):
    assert visitor.get("/dev/mail/").status_code == 404


def test_tenant_pages_are_not_kept_by_caches(client_as):
    assert "private" in client_as("owner").get("/products/")["Cache-Control"]


# --- the session's cookie --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key", ["abcdefgh\0", "a" * 41, "a'b", "ABCDEFGH" * 4, "ñ" * 32, "../../etc", " ", "a\nb" * 10]
)
def test_a_session_cookie_that_django_never_wrote_is_none(visitor, key):
    request = RequestFactory().get("/")
    request.tenant, request.COOKIES = object(), {settings.SESSION_COOKIE_NAME: key}
    SessionMiddleware(lambda request: None).process_request(request)
    assert request.session.session_key is None
    raw = f"{settings.SESSION_COOKIE_NAME}={_quote(key)}"
    assert visitor.get("/products/", headers={"cookie": raw}).status_code == 302
