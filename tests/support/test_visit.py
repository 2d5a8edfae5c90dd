"""A visit of support, from inside: how far it reaches, and what it leaves behind."""

import pytest
from django.core import mail
from django.urls import path

from accounts.audit.models import Entry
from accounts.flows.people import make_member
from accounts.guards import members_only
from accounts.models import ApiKey, Role, User
from accounts.roles import VISIT_WRITES
from catalog.models import Product
from config.urls import tenant as tenant_urls
from tests import addresses
from tests.accounts.pages import Page
from tests.snapshot import snapshot
from tests.world import PASSWORD

WRITES = ("POST", "PUT", "PATCH", "DELETE")
WAYS_OUT = {"accounts:support-leave", "account_logout"}
ENTRANCE = {"accounts:support-arrive", "accounts:arrive"}  # of another visit; nobody is let in by a wrong ticket
LINES = "audit_"


def unlogged(before: dict) -> dict:
    """A snapshot without the log, which every request of a visit adds to."""
    return {table: rows for table, rows in before.items() if f".{LINES}" not in table}


def edit(product, **changes) -> dict:
    product = Product.objects.get(pk=product.pk)
    return {
        "title": product.title,
        "price": "12.50",
        "status": product.status,
        "category": product.category_id,
        "version": product.version,
        **changes,
    }


# --- Reading -----------------------------------------------------------------------------------------


def test_visitor_sees_what_an_admin_sees(acme, visit):
    pages = ("/products/", acme.sencha.get_absolute_url(), "/categories/", "/members/", "/invitations/", "/roles/")
    assert [visit.get(page).status_code for page in (*pages, "/support/")] == [200] * 7


def test_banner_is_on_every_page_and_each_page_is_one_line_in_the_log(acme, visit):
    before = unlogged(snapshot())
    for count, route in enumerate(addresses.of_tenants(acme), start=1):
        response = visit.get(route.path)
        is_page = response["Content-Type"].startswith("text/html") and response.content
        assert not is_page or "Support visit</strong> of Support Ops (support)" in response.content.decode(), route
        assert len(visit.seen()) == count, route
    assert unlogged(snapshot()) == before


def test_visitor_is_told_why_until_when_and_how_to_leave(visit):
    words = Page(visit.get()).words
    assert "Reason: The order list is empty, ticket 4711" in words
    assert f"until {visit.row.ends_at:%H:%M} UTC. You can look, not change anything." in words
    assert "End visit" in words


def test_pages_about_an_account_are_closed_to_a_visitor(acme, visit):
    for route in addresses.of_tenants(acme):
        if route.guard.startswith("members:") and route.name not in WAYS_OUT:
            assert visit.get(route.path).status_code == 403, route


def test_visitor_does_not_open_the_admin_site(acme, visit):
    assert not User.objects.get(pk=visit.row.visitor_id).is_staff
    assert User.objects.get(pk=acme.admin.pk).is_staff


# --- Writing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", WRITES)
def test_without_a_pass_every_write_is_refused(acme, visit, method):
    before = unlogged(snapshot())
    for route in addresses.of_tenants(acme):
        if route.name not in WAYS_OUT:
            assert visit.client.generic(method, route.path).status_code == 403, route
    assert unlogged(snapshot()) == before
    assert visit.is_inside()


@pytest.mark.parametrize("issued", [False, True])
def test_product_can_be_changed_only_under_a_pass(acme, visit, give_pass, issued):
    if issued:
        give_pass()
    response = visit.post(f"/products/{acme.coffee.pk}/edit/", edit(acme.coffee, title="Mended"))
    mended = Product.objects.filter(pk=acme.coffee.pk, title="Mended").exists()
    assert (response.status_code, mended) == ((302, True) if issued else (403, False))


def test_changes_under_a_pass_bear_the_visitors_name(acme, visit, give_pass):
    give_pass()
    visit.post(f"/products/{acme.coffee.pk}/edit/", edit(acme.coffee, title="Mended"))
    assert str(Product.objects.get(pk=acme.coffee.pk).changed_by) == "Support Ops (support)"


@pytest.mark.parametrize("method", WRITES)
def test_under_a_pass_only_what_is_meant_for_it_can_be_written(acme, visit, give_pass, method):
    """People, roles, shares, invitations, keys, passes, exports and all pages about an account stay closed."""
    give_pass()
    before = unlogged(snapshot())
    for route in addresses.of_tenants(acme):
        is_meant = route.guard in VISIT_WRITES and not route.path.startswith("/api/")
        if not is_meant and route.name not in WAYS_OUT:
            assert visit.client.generic(method, route.path).status_code in (403, 405), route
    assert unlogged(snapshot()) == before


def test_what_a_pass_opens_stands_here():
    """A new right of admins is not opened to support by accident."""
    assert {right for right in VISIT_WRITES if ".view_" not in right} == {
        "catalog.add_product",
        "catalog.change_product",
        "catalog.delete_product",
        "catalog.add_category",
        "catalog.change_category",
        "catalog.delete_category",
        "catalog.add_product_to_category",
    }


def test_under_a_pass_nothing_is_shared_and_nobody_invited(acme, visit, give_pass):
    give_pass()
    share = {"principal": f"user-{acme.guest.pk}", "rights": ["catalog.view_product"]}
    invite = {"addresses": "spy@acme.test", "role": "viewer"}
    tries = [
        visit.post(f"/products/{acme.sencha.pk}/share/", share),
        visit.post("/invitations/new/", invite),
        visit.post(f"/members/{acme.viewer.pk}/remove/"),
        visit.post("/profile/", {"name": "Somebody Else"}),
    ]
    assert [response.status_code for response in tries] == [403] * 4
    assert mail.outbox[1:] == []  # the first told the owner of the visit


def test_visitor_makes_no_api_key(visit, give_pass):
    give_pass()
    assert "accounts.add_apikey" not in VISIT_WRITES
    assert not ApiKey.objects.filter(user=visit.row.visitor_id).exists()


@pytest.mark.parametrize("way", ["expired", "revoked", "demoted", "removed"])
def test_writing_stops_with_the_pass(acme, visit, give_pass, client_as, way):
    issued = give_pass()
    if way == "expired":
        type(issued).objects.filter(pk=issued.pk).update(expires_at=visit.row.started_at)
    elif way == "revoked":
        client_as("owner").post("/support/pass/revoke/")
    elif way == "demoted":
        User.objects.get(pk=acme.owner.pk).groups.set([Role.objects.get(key="viewer").group])
    else:
        User.objects.filter(pk=acme.owner.pk).update(is_active=False)
    response = visit.post(f"/products/{acme.coffee.pk}/edit/", edit(acme.coffee, title="Late"))
    assert response.status_code == 403
    assert not Product.objects.filter(title="Late").exists()
    assert visit.is_inside()


# --- The log -----------------------------------------------------------------------------------------


def test_log_has_no_query_and_no_secret_of_a_path(visit):
    visit.get("/products/?q=salary+of+olive")
    visit.get("/join/Th1sIsAToken/")
    assert visit.seen() == ["GET /products/ → 200", "GET /join/…/ → 404"]


def test_refused_pages_and_those_that_are_not_there_are_in_the_log(visit):
    visit.get("/profile/")
    visit.get("/nothing/here/")
    visit.post("/products/new/")
    assert visit.seen() == ["GET /profile/ → 403", "GET /nothing/here/ → 404", "POST /products/new/ → 403"]


def test_page_that_breaks_is_in_the_log_and_shows_the_banner(acme, visit, monkeypatch):
    def broken(request):
        User.objects.filter(pk=acme.guest.pk).update(name="Half done")
        raise RuntimeError

    view = members_only("a test")(broken)
    view.guard = "catalog.view_product"
    monkeypatch.setattr(tenant_urls, "urlpatterns", [*tenant_urls.urlpatterns, path("broken/", view)])
    addresses.forget_urls()
    visit.client.raise_request_exception = False
    response = visit.get("/broken/")
    monkeypatch.undo()
    addresses.forget_urls()
    assert (response.status_code, "Support visit" in response.content.decode()) == (500, True)
    assert visit.seen() == ["GET /broken/ → 500"]
    assert not User.objects.filter(name="Half done").exists()


def test_pages_of_people_are_not_in_the_log(visit, client_as):
    client_as("owner").get("/products/")
    assert visit.seen() == []


# --- Not a member ------------------------------------------------------------------------------------


def test_visitor_is_no_member(acme, visit, client_as):
    owner = client_as("owner")
    for page in ("/members/", "/members/?q=support", acme.coffee.get_absolute_url(), "/invitations/new/"):
        shown = Page(owner.get(page)).words.replace("Support Ops (support) is looking at", "")
        assert "(support)" not in shown, page
    assert owner.get(f"/members/{visit.row.visitor_id}/role/").status_code == 404


def test_visitor_is_no_owner_of_last_resort(acme, visit, client_as):
    """Somebody has to stay in charge, and support does not count."""
    assert client_as("owner").post("/members/leave/").status_code == 409


def test_nobody_gets_a_password_for_the_visitor(acme, visit, visitor):
    row = User.objects.get(pk=visit.row.visitor_id)
    assert (row.email, row.has_usable_password()) == ("", False)
    sent = len(mail.outbox)
    visitor.post("/account/password/reset/", {"email": "support@platform.test"})
    assert all(row.name not in message.body for message in mail.outbox[sent:])


def test_operators_own_account_here_is_another_one(acme, visiting):
    make_member(email="support@platform.test", name="Sue", password=PASSWORD, role=Role.objects.get(key="guest"))
    visit = visiting()
    assert visit.row.visitor.email == ""
    assert User.objects.get(email="support@platform.test").kind == User.Kind.PERSON


@pytest.mark.parametrize("path", ["/%00", "/products/%00/"])
def test_a_path_that_no_database_holds_is_not_found_and_noted(visit, path):
    assert visit.client.get(path).status_code == 404
    assert "\0" not in Entry.objects.filter(action="page_seen").latest("pk").detail
