"""What a process remembers of a tenant is proven by the first statement; what another one changed is seen at once."""

import time
from contextlib import contextmanager
from io import BytesIO

import psycopg
import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as configured
from django.db import connection
from django.test import AsyncClient
from django.test.client import MULTIPART_CONTENT
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from accounts.models import User
from catalog.views.products import ProductListView
from tenants import citus, known
from tenants.exceptions import StatementsLost
from tenants.known import KNOWN
from tenants.middleware import can_begin_anew, take_back
from tenants.models import Domain, Tenant
from tenants.schema import in_public, in_tenant
from tests.conftest import HostClient
from tests.world import MARKER

from .server import database_url

LOGIN = "/account/login/"
NOWHERE = "/api/v1/nothing-of-the-kind/"  # asks nothing where nobody is signed in


@contextmanager
def elsewhere(tenant, **fields):
    """Change the row as another process would: this one is told nothing."""
    with in_public():
        Tenant.objects.filter(pk=tenant.pk).update(**fields)
    assert KNOWN.recall(tenant.host), "it is to be remembered"
    yield


def look_ups(queries) -> list[str]:
    return [query["sql"] for query in queries if "tenants_domain d JOIN" in query["sql"]]


def test_a_host_is_looked_up_once(client_as):
    client = client_as("owner")
    with CaptureQueriesContext(connection) as first:
        client.get("/products/")
    with CaptureQueriesContext(connection) as second:
        client.get("/products/")
    assert (len(look_ups(first)), len(look_ups(second))) == (1, 0)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"status": "suspended"}, 403),
        ({"status": "closing"}, 403),
        ({"schema_ready": False}, 503),
        ({"schema_name": "t_nowhere"}, 503),
        ({"name": "Acme renamed"}, 200),
    ],
)
def test_what_was_changed_elsewhere_holds_at_the_next_request(client_as, acme, fields, status):
    client = client_as("owner")
    assert client.get("/profile/").status_code == 200
    with elsewhere(acme.tenant, **fields):
        response = client.get("/profile/")
    assert response.status_code == status
    assert ("Acme renamed" in response.text) is (status == 200)


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize(("fields", "status"), [({"status": "suspended"}, 403), ({"schema_name": "t_nowhere"}, 503)])
def test_it_holds_whichever_language_the_server_speaks(client_as, acme, fields, status):
    client = client_as("owner")
    assert client.get("/profile/").status_code == 200
    with elsewhere(acme.tenant, **fields):
        assert client.get("/profile/").status_code == status


def test_a_host_that_was_given_to_another_tenant_is_the_others_at_once(client_as, acme, globex):
    client = client_as("owner")
    assert client.get("/products/").status_code == 200
    with in_public():
        Domain.objects.filter(domain=acme.tenant.host).update(tenant_id=globex.tenant.pk)
    response = client.get("/products/")
    assert (response.status_code, "Coffee acmeword" in response.text) == (302, False)  # there nobody is signed in
    assert KNOWN.recall(acme.tenant.host).tenant().pk == globex.tenant.pk


def test_a_host_that_leads_nowhere_any_more_is_unknown(client_as, acme):
    client = client_as("owner")
    assert client.get("/products/").status_code == 200
    with in_public():
        Domain.objects.filter(domain=acme.tenant.host).delete()
    assert client.get("/products/").status_code == 404
    assert KNOWN.recall(acme.tenant.host) is None


def test_nothing_is_written_before_the_proof(client_as, acme):
    """The first statement of this request is the session's; had the proof come later, the product would be there."""
    client = client_as("owner")
    assert client.get("/products/new/").status_code == 200
    with elsewhere(acme.tenant, status="suspended"):
        assert client.post("/products/new/", {"title": "Stray", "price": "1"}).status_code == 403
    with in_tenant(acme.tenant):
        assert not type(acme.coffee).objects.filter(title="Stray").exists()


@pytest.mark.parametrize("kind", [MULTIPART_CONTENT, "application/x-www-form-urlencoded"])
def test_a_form_that_was_read_already_is_handled_by_the_second_attempt(acme, kind):
    """A visitor's first statement comes after the forged requests were sorted out, which reads the form."""
    strict = HostClient(acme.tenant.host, enforce_csrf_checks=True)
    assert strict.get(LOGIN).status_code == 200
    fields = {"login": "owner@acme.test", "password": "correct horse battery"}
    fields["csrfmiddlewaretoken"] = strict.cookies[configured.CSRF_COOKIE_NAME].value
    body = fields if kind == MULTIPART_CONTENT else urlencode(fields)
    with elsewhere(acme.tenant, name="Acme renamed"):
        response = strict.post(LOGIN, body, content_type=kind)
    assert response.status_code == 302
    with in_tenant(acme.tenant):
        assert User.objects.get(email="owner@acme.test").last_login


def test_a_body_that_nobody_kept_is_not_read_twice(rf):
    request = rf.post("/", b"x", content_type="application/json")
    before = dict(vars(request))
    assert can_begin_anew(request)
    request.read(1)
    take_back(request, before)
    assert not can_begin_anew(request)


def test_a_body_that_was_kept_is_there_for_the_second_attempt(rf):
    request = rf.post("/", b"xyz", content_type="application/json")
    before = dict(vars(request))
    assert request.body == b"xyz"
    take_back(request, before)
    assert can_begin_anew(request)
    assert (request.body, request.read()) == (b"xyz", b"xyz")


def test_files_that_were_read_are_there_for_the_second_attempt(rf):
    request = rf.post("/", {"file": BytesIO(b"xyz")})
    before = dict(vars(request))
    uploaded = request.FILES["file"]
    take_back(request, before)
    assert can_begin_anew(request)
    assert request.FILES["file"] is uploaded


@pytest.fixture
def lost_once(client_as, monkeypatch):
    """An editor whose first list of products is lost along with the statements that were kept ready."""
    answer, lost = ProductListView.get, []

    def get(view, request, *args, **kwargs):
        response = answer(view, request, *args, **kwargs)
        response["X-Nonce"] = str(request.csp_nonce)  # as a provider's widget asks for it
        if not lost:
            lost.append(response)
            raise StatementsLost
        return response

    client = client_as("editor")
    assert client.get("/profile/").status_code == 200
    monkeypatch.setattr(ProductListView, "get", get)
    yield client
    assert lost


def test_the_second_attempt_reads_anew_who_is_asking(lost_once, acme, monkeypatch):
    def find_later(host):
        with in_tenant(acme.tenant):
            User.objects.filter(pk=acme.people["editor"].pk).update(is_active=False)
        connection.set_schema_to_public()
        return known.find(host)

    monkeypatch.setattr("tenants.middleware.find", find_later)
    assert lost_once.get("/products/").status_code == 302


def test_the_second_attempt_may_run_its_scripts(lost_once):
    response = lost_once.get("/products/")
    assert response.status_code == 200
    assert f"'nonce-{response['X-Nonce']}'" in response["Content-Security-Policy"]


def test_a_page_that_asks_nothing_is_late_by_so_many_seconds_at_most(visitor, acme, monkeypatch):
    """And holds no more than it would have held before the change."""
    now = known.time.monotonic()
    monkeypatch.setattr(known.time, "monotonic", lambda: now)
    assert visitor.get(NOWHERE).status_code == 404
    with elsewhere(acme.tenant, status="suspended"), CaptureQueriesContext(connection) as queries:
        late = visitor.get(NOWHERE)
    assert (late.status_code, look_ups(queries)) == (404, [])
    assert not [query for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
    assert MARKER not in late.text
    now += configured.TENANT_KNOWN_FOR
    assert visitor.get(NOWHERE).status_code == 403


def test_the_sign_in_page_is_the_tenants_as_it_is_now(visitor, acme):
    """Which page that is stands in the tenant's row alone, so that is proven, though nothing else is asked."""
    assert visitor.get(LOGIN).status_code == 200
    with elsewhere(acme.tenant, status="suspended"):
        assert visitor.get(LOGIN).status_code == 403


@pytest.mark.parametrize("moved", ["domain", "tenant"])
def test_a_row_that_came_to_stand_where_another_one_stood_proves_nothing(acme, globex, moved):
    """VACUUM FULL moves rows, and those that one transaction wrote have one version."""
    tenant, other = known.find(acme.tenant.host), known.find(globex.tenant.host)
    assert holds(known.Known.of(tenant).proof)
    for name in (f"{moved}_place", f"{moved}_version"):
        setattr(tenant, name, getattr(other, name))
    assert not holds(known.Known.of(tenant).proof)


def holds(question: str) -> bool:
    with in_public(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {question}")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("state", [{"status": "suspended"}, {"schema_ready": False}])
def test_what_is_not_served_is_not_remembered(visitor, acme, state):
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(**state)
    assert visitor.get(LOGIN).status_code in (403, 503)
    assert KNOWN.recall(acme.tenant.host) is None


def test_each_request_has_a_tenant_of_its_own(acme):
    KNOWN.keep(acme.tenant.host, known.find(acme.tenant.host))
    first, second = KNOWN.recall(acme.tenant.host).tenant(), KNOWN.recall(acme.tenant.host).tenant()
    first.name = "Written into by a form"
    assert (second.name, first == second) == (acme.tenant.name, True)


def test_a_tenant_that_is_remembered_is_as_it_was_read(acme):
    read = known.find(acme.tenant.host)
    KNOWN.keep(acme.tenant.host, read)
    remembered = KNOWN.recall(acme.tenant.host).tenant()
    assert [getattr(remembered, name) for name in known.FIELDS] == [getattr(read, name) for name in known.FIELDS]
    assert (remembered._state.adding, remembered._state.db) == (read._state.adding, read._state.db)


@pytest.mark.parametrize("reason", ["on citus", "switched off"])
def test_nothing_is_remembered_where_it_could_not_be_proven(acme, settings, monkeypatch, reason):
    if reason == "switched off":
        settings.TENANT_KNOWN_FOR = 0
    else:
        monkeypatch.setitem(citus.known, "default", True)
    assert HostClient(acme.tenant.host).get(LOGIN).status_code == 200
    assert KNOWN.recall(acme.tenant.host) is None


def test_the_second_attempt_comes_through_asgi_as_well(client_as, acme):
    client = client_as("owner")
    assert client.get("/profile/").status_code == 200
    asynchronous = AsyncClient()
    asynchronous.cookies = client.cookies

    def ask():  # `get` would add a second host
        host = [(b"host", acme.tenant.host.encode())]
        return async_to_sync(asynchronous.request)(path="/profile/", headers=host)

    assert ask().status_code == 200
    with elsewhere(acme.tenant, status="suspended"):
        assert ask().status_code == 403


@pytest.fixture
def another_session(tenants, django_db_blocker):
    """What another process is to the database. Sends a statement, and commits it."""
    with django_db_blocker.unblock(), psycopg.connect(database_url(), autocommit=True) as session:
        connection.close()
        yield session.execute
        connection.close()


LEADS_TO = "tenant_id = (SELECT id FROM tenants_tenant WHERE slug = '{}')"


@pytest.mark.real
@pytest.mark.parametrize(
    ("table", "row", "before", "after", "status"),
    [
        ("tenants_tenant", "slug = 'acme'", "status = 'active'", "status = 'suspended'", 403),
        ("tenants_domain", "domain = 'acme.localhost'", LEADS_TO.format("acme"), LEADS_TO.format("globex"), 302),
    ],
)
def test_a_version_that_stands_where_the_last_one_stood_proves_nothing(
    tenants, another_session, table, row, before, after, status
):
    """The row that was written last comes last in what VACUUM FULL makes of the table, version and all."""

    def write(change: str) -> tuple[str, str]:
        for _time in range(100):  # until nothing is left of earlier writes, which somebody may see still
            another_session(f"UPDATE {table} SET {change} WHERE {row}")
            another_session(f"VACUUM FULL {table}")
            told = f"ctid::text, xmin::text, (SELECT count(*) FROM {table})"
            place, version, rows = another_session(f"SELECT {told} FROM {table} WHERE {row}").fetchone()
            if place == f"(0,{rows})":
                break
            time.sleep(0.05)
        return place, version

    client = HostClient(tenants[0].tenant.host).sign_in(tenants[0].people["owner"], tenants[0].tenant)
    try:
        place, version = write(before)
        assert client.get("/profile/").status_code == 200
        place_by_now, version_by_now = write(after)
        assert (place_by_now == place, version_by_now == version) == (True, False)
        assert client.get("/profile/").status_code == status
    finally:
        write(before)


@pytest.mark.real
def test_a_tenant_that_another_session_suspends_is_refused_at_the_next_request(tenants, another_session):
    tenant, suspend = tenants[0].tenant, "UPDATE tenants_tenant SET status = %s WHERE id = %s"
    client = HostClient(tenant.host).sign_in(tenants[0].people["owner"], tenant)
    assert client.get("/profile/").status_code == 200
    try:
        another_session(suspend, ["suspended", tenant.pk])
        assert KNOWN.recall(tenant.host)
        assert client.get("/profile/").status_code == 403
    finally:
        another_session(suspend, ["active", tenant.pk])
    assert client.get("/profile/").status_code == 200
