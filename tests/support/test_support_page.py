"""What the organisation sees of its visits, and how it ends them or lets them write."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit.models import Entry
from accounts.models import SupportPass, SupportVisit
from tenants.schema import in_tenant
from tests.accounts.pages import Page

from .conftest import REASON

READERS = {"owner": 200, "admin": 200, "editor": 403, "viewer": 403, "guest": 403, "stranger": 403}


@pytest.mark.parametrize(("who", "status"), READERS.items())
def test_page_is_for_owners_and_admins(client_as, visit, who, status):
    page = client_as(who).get("/support/")
    assert (page.status_code, REASON in page.content.decode()) == (status, status == 200)


@pytest.mark.parametrize(("who", "status"), READERS.items())
def test_bar_tells_owners_and_admins_while_support_is_here(client_as, visit, who, status):
    client = client_as(who)
    assert ("is looking at" in Page(client.get("/products/")).words) == (status == 200)
    SupportVisit.objects.update(ends_at=timezone.now())
    assert "is looking at" not in Page(client.get("/products/")).words


@pytest.mark.parametrize(("who", "ends"), [("owner", True), ("admin", True), ("editor", False), ("stranger", False)])
def test_owners_and_admins_end_a_visit(client_as, visit, who, ends):
    response = client_as(who).post(f"/support/visits/{visit.row.pk}/end/")
    assert response.status_code == (302 if ends else 403)
    assert visit.is_inside() != ends


def test_only_a_post_ends_a_visit(client_as, visit):
    assert client_as("owner").get(f"/support/visits/{visit.row.pk}/end/").status_code == 405
    assert visit.is_inside()


def test_visit_of_another_organisation_is_not_there(client_as, globex, enter):
    enter(tenant=globex.tenant)
    with in_tenant(globex.tenant):
        pk = SupportVisit.objects.get().pk
    assert client_as("owner").post(f"/support/visits/{pk}/end/").status_code == 404
    with in_tenant(globex.tenant):
        assert SupportVisit.objects.running().exists()


@pytest.mark.parametrize(("who", "status"), [("owner", 302), ("admin", 403), ("viewer", 403)])
def test_only_an_owner_issues_a_pass(client_as, acme, who, status):
    assert client_as(who).post("/support/pass/", {"hours": "2"}).status_code == status
    assert SupportPass.objects.running().exists() == (status == 302)


@pytest.mark.parametrize("hours", ["", "0", "25", "-1", "1.5", "x", "9" * 5000, "²", "\x00"])
def test_pass_lasts_between_an_hour_and_a_day(client_as, acme, hours):
    response = client_as("owner").post("/support/pass/", {"hours": hours})
    assert (response.status_code, SupportPass.objects.exists()) == (422, False)


@pytest.mark.parametrize("hours", [1, 24])
def test_pass_ends_when_it_says(give_pass, acme, hours):
    issued = give_pass(hours)
    assert issued.expires_at - issued.issued_at < timedelta(hours=hours, seconds=5)
    assert issued.issued_by_id == acme.owner.pk


def test_new_pass_takes_the_place_of_the_one_before(give_pass):
    first, second = give_pass(1), give_pass(2)
    assert list(SupportPass.objects.running()) == [second]
    first.refresh_from_db()
    assert first.revoked_at


@pytest.mark.parametrize(("who", "status"), [("owner", 302), ("admin", 403)])
def test_only_an_owner_revokes_a_pass(client_as, give_pass, who, status):
    give_pass()
    assert client_as(who).post("/support/pass/revoke/").status_code == status
    assert SupportPass.objects.running().exists() == (status == 403)


def test_history_says_how_each_visit_ended(client_as, acme, visiting):
    timed_out, ended = visiting("operator"), visiting("support")
    SupportVisit.objects.filter(pk=timed_out.row.pk).update(ends_at=timezone.now())
    client_as("admin").post(f"/support/visits/{ended.row.pk}/end/")
    words = Page(client_as("owner").get("/support/")).words
    assert "time was over" in words
    assert f"by {acme.admin}" in words


def test_visitor_sees_the_page_without_its_buttons(visit, give_pass):
    give_pass()
    page = Page(visit.get("/support/"))
    assert not [link for link in page.links() if link.startswith("/support/visits/") or "/pass/" in link]


def test_what_owners_do_about_support_is_in_the_log(client_as, visit, give_pass, acme):
    give_pass()
    client_as("owner").post("/support/pass/revoke/")
    client_as("owner").post(f"/support/visits/{visit.row.pk}/end/")
    lines = Entry.objects.filter(actor_id=acme.owner.pk).exclude(action="signed_in").order_by("pk")
    assert [line.action for line in lines] == ["pass_issued", "pass_revoked", "visit_ended"]


def test_page_leads_to_what_a_visitor_saw(client_as, visit):
    visit.get("/categories/")
    owner = client_as("owner")
    (log,) = [link for link in Page(owner.get("/support/")).links() if link.startswith("/activity/?type")]
    shown = Page(owner.get(log)).words
    assert "GET /categories/ → 200" in shown
    assert REASON in shown
