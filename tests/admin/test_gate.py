"""Who gets into the admin site, which routes it has, and what its index shows. (Z2, Z5, Z11, I1)"""

import pytest
from django.contrib import admin
from django.urls import include, path

from accounts.admin.site import TenantAdminSite
from accounts.guards import unguarded
from accounts.models import Role
from catalog.models import Product
from config.urls import tenant as tenant_urls
from tests import addresses
from tests.accounts.pages import Page
from tests.conftest import HostClient
from tests.snapshot import snapshot
from tests.world import MARKER, PASSWORD

STAFF, NOT_STAFF = ("owner", "admin", "editor"), ("viewer", "guest", "stranger")


def admin_routes(acme):
    return [route for route in addresses.of_tenants(acme) if route.path.startswith("/admin/")]


@pytest.mark.parametrize("who", STAFF)
def test_a_role_that_opens_the_site_gets_in(client_as, who):
    assert client_as(who).get("/admin/").status_code == 200


@pytest.mark.parametrize("who", NOT_STAFF)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_any_other_member_is_refused_everywhere(acme, client_as, who, method):
    client, before = client_as(who), snapshot()
    for route in admin_routes(acme):
        if route.name != "admin:login":
            assert client.generic(method, route.path).status_code == 403, route
    assert snapshot() == before


def test_a_visitor_signs_in_on_our_page_and_comes_back(visitor):
    assert visitor.get("/admin/catalog/product/")["Location"] == "/account/login/?next=/admin/catalog/product/"
    assert visitor.get("/admin/login/?next=/admin/catalog/product/")["Location"].endswith(
        "?next=/admin/catalog/product/"
    )
    sent = visitor.post("/account/login/?next=/admin/", {"login": "editor@acme.test", "password": PASSWORD})
    assert (sent.status_code, sent["Location"]) == (302, "/admin/")
    assert visitor.get("/admin/").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(visitor, elsewhere):
    assert visitor.get("/admin/login/", {"next": elsewhere})["Location"] == "/account/login/?next=/admin/"


def test_the_site_closes_with_the_role(acme, client_as):
    client = client_as("editor")
    assert client.get("/admin/").status_code == 200
    acme.editor.groups.set([Role.objects.get(key="viewer").group])
    assert client.get("/admin/").status_code == 403


def test_a_session_of_another_organisation_is_a_visitors(acme, globex):
    foreign = HostClient(globex.tenant.host).sign_in(globex.owner, globex.tenant)
    client = HostClient(acme.tenant.host)
    client.cookies = foreign.cookies
    for route in admin_routes(acme):
        response = client.get(route.path)
        assert response.status_code == 302, route
        assert MARKER not in response.content.decode()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_the_site_takes_no_other_verbs_even_from_an_owner(acme, client_as, method):
    client, before = client_as("owner"), snapshot()
    for route in admin_routes(acme):
        if route.name != "admin:login":
            assert client.generic(method, route.path).status_code == 405, route
    assert snapshot() == before


@pytest.mark.parametrize(
    "gone",
    [
        "logout/",
        "password_change/",
        "password_change/done/",
        "r/1/1/",
        "catalog/",
        "accounts/user/1/password/",
        "catalog/product/1/",
        "catalog/product/1/permissions/",
        "auth/group/",
        "admin/logentry/",
        "guardian/userobjectpermission/",
        "usersessions/",
    ],
)
def test_routes_of_the_libraries_that_go_past_the_door_are_gone(client_as, gone):
    assert client_as("owner").get(f"/admin/{gone}").status_code == 404


def test_a_model_registered_without_the_door_is_a_start_up_error(monkeypatch):
    site = TenantAdminSite(name="planted")
    site.register(Product, admin.ModelAdmin)
    routes = [*tenant_urls.urlpatterns, path("planted/", include((site.get_urls(), "planted")))]
    monkeypatch.setattr(tenant_urls, "urlpatterns", routes)
    addresses.forget_urls()
    found = unguarded()
    monkeypatch.undo()
    addresses.forget_urls()
    assert "config.urls.tenant: planted/catalog/product/" in found


def links(client) -> set[str]:
    return {link for link in Page(client.get("/admin/")).links() if link.startswith("/admin/") and link != "/admin/"}


def test_the_index_shows_what_one_may_open_and_nothing_else(acme, client_as):
    editor, owner = links(client_as("editor")), links(client_as("owner"))
    assert editor == {
        "/admin/catalog/product/",
        "/admin/catalog/product/add/",
        "/admin/catalog/category/",
        "/admin/catalog/category/add/",
        "/admin/accounts/user/",
        "/admin/accounts/role/",
        "/admin/accounts/apikey/",
    }
    assert (
        editor | {"/admin/audit/entry/", "/admin/accounts/invitation/add/", "/admin/usersessions/usersession/"} < owner
    )
    for who, shown in (("editor", editor), ("owner", owner)):
        lists = {route.path for route in admin_routes(acme) if route.name.endswith(("_changelist", "_add"))}
        client = client_as(who)
        assert {path for path in lists if client.get(path).status_code == 200} == shown


@pytest.mark.parametrize("who", STAFF)
def test_reading_changes_nothing_and_shows_nothing_of_others(acme, client_as, who):
    client, before = client_as(who), snapshot()
    for route in admin_routes(acme):
        response = client.get(route.path)
        assert response.status_code in (200, 302, 403, 404), route
        assert MARKER not in response.content.decode(), route
    assert snapshot() == before


def test_the_profile_leads_staff_to_the_site(client_as):
    assert "/admin/" in Page(client_as("editor").get("/profile/")).links()
    assert "/admin/" not in Page(client_as("viewer").get("/profile/")).links()
