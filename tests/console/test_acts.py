"""What operators do with organisations: who may, what becomes of the organisation, and both logs."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts.console.pages import ConsoleMixin
from accounts.flows import organisations
from accounts.models import Role, SignInTicket, User
from tenants import lifecycle
from tenants.models import Domain, Tenant
from tenants.schema import in_public, in_tenant
from tests.accounts.mails import path_in
from tests.accounts.pages import Page
from tests.conftest import HostClient
from tests.snapshot import snapshot
from tests.world import MARKER

LOGIN = "/account/login/"
NEW = {
    "organisation": "Tea & Sons",
    "slug": "tea",
    "currency": "EUR",
    "name": "Ada Owner",
    "email": "ADA@tea.test",
}
ACTS = {
    "suspend/": {"notice": "Unpaid."},
    "name/": {"name": "Renamed"},
    "address/": {"slug": "elsewhere"},
    "close/": {"typed": f"Globex {MARKER}"},
    "domains/": {"domain": "shop.globex.test"},
}


@pytest.mark.parametrize("page", ACTS)
@pytest.mark.parametrize("who", ["owner", "operator", "support", "auditor"])
def test_only_operators_act_on_organisations(console, globex, who, page):
    may = who in ("owner", "operator")
    made = console(who)
    before = snapshot()
    response = made.post(page, ACTS[page])
    assert response.status_code == (302 if may else 403)
    after = snapshot()
    for log in ("t_platform.audit_entry",):  # a refusal is noted
        before.pop(log), after.pop(log)
    assert (after != before) is may


@pytest.mark.parametrize("page", ACTS)
def test_a_right_taken_away_while_the_page_was_open_counts(console, platform, page, monkeypatch):
    made = console()
    monkeypatch.setattr(ConsoleMixin, "has_permission", lambda view: True)
    with in_tenant(platform.tenant):
        platform.people["operator"].groups.clear()
    before = snapshot("public")
    assert made.post(page, ACTS[page]).status_code == 403
    assert snapshot("public") == before


def test_the_right_to_operate_is_worth_nothing_on_a_tenants_own_host(acme, globex):
    """Even where a role holds it by mistake."""
    operate = Permission.objects.get(codename="operate_organisations")
    Role.objects.get(key="owner").group.permissions.add(operate)
    with pytest.raises(PermissionDenied):
        organisations.suspend(actor=acme.owner, tenant=globex.tenant, notice="")


@pytest.mark.parametrize(("page", "action"), [("suspend/", "suspended"), ("address/", "moved"), ("close/", "closed")])
def test_an_act_is_in_the_platforms_log_and_in_the_customers_own(console, globex, page, action):
    made = console()
    made.post(page, ACTS[page])
    ours, theirs = made.noted(action)
    assert [(line.object_type, line.object_id) for line in ours] == [("tenants.tenant", str(globex.tenant.pk))]
    assert len(theirs) == 1
    assert "by the platform: Operator Ops" in theirs[0].detail
    assert theirs[0].actor_id is None, "that number is somebody else's there"


def test_a_customer_whose_schema_is_gone_is_suspended_all_the_same(console, globex, sql):
    made = console()
    sql(None, "ALTER SCHEMA t_globex RENAME TO t_elsewhere")
    assert made.post("suspend/", {}).status_code == 302
    assert made.stored().status == "suspended"


def test_suspending_closes_the_house_and_resuming_opens_it(console, globex):
    made = console()
    made.post("suspend/", {"notice": "Unpaid since May."})
    answer = HostClient(globex.tenant.host).get(LOGIN)
    assert (answer.status_code, "Unpaid since May." in answer.text) == (403, True)
    assert "Unpaid since May." in Page(made.get()).words
    made.post("resume/")
    assert HostClient(globex.tenant.host).get(LOGIN).status_code == 200


@pytest.mark.parametrize(("page", "data"), [("resume/", {}), ("address/", {"slug": "other"}), ("suspend/", {})])
def test_what_cannot_be_done_to_a_closed_one_is_said_and_not_done(console, globex, page, data):
    made = console()
    lifecycle.close(globex.tenant)
    response = made.post(page, data)
    assert (response.status_code, "is closing, not" in Page(response).words) == (409, True)
    assert made.stored().status == "closing"


@pytest.mark.parametrize(
    ("page", "data", "status"),
    [
        ("name/", {"name": ""}, 422),
        ("name/", {"name": "x" * 81}, 422),
        ("name/", {"name": "a\x00b"}, 422),
        ("address/", {"slug": "Not a slug"}, 422),
        ("address/", {"slug": "platform"}, 422),
        ("address/", {"slug": "acme"}, 409),
        ("suspend/", {"notice": "x" * 201}, 422),
        ("close/", {"typed": "Globex"}, 422),
        ("close/", {}, 422),
        ("domains/", {"domain": "acme.localhost"}, 422),
        ("domains/", {"domain": "not a domain"}, 422),
    ],
    ids=ascii,
)
def test_bad_input_is_refused_and_nothing_is_written(console, acme, page, data, status):
    made = console()
    before = snapshot()
    assert made.post(page, data).status_code == status
    assert snapshot() == before


def test_moving_leads_everybody_to_the_new_address(console, globex):
    made = console()
    assert made.post("address/", {"slug": "elsewhere"}).status_code == 302
    assert HostClient("globex.localhost").get("/products/")["Location"] == "http://elsewhere.localhost:8000/products/"
    assert HostClient("elsewhere.localhost").get(LOGIN).status_code == 200
    assert "globex leads here until" in Page(made.get()).words
    ours, _theirs = made.noted("moved")
    assert ours[0].changes == {"slug": ["globex", "elsewhere"]}


def test_closing_ends_every_session_and_ticket_and_undoing_brings_people_back(console, globex):
    signed_in = HostClient(globex.tenant.host).sign_in(globex.owner, globex.tenant)
    made = console()
    made.post("close/", {"typed": globex.tenant.name})
    assert made.stored().purge_after
    with in_tenant(globex.tenant):
        assert not Session.objects.exists()
        assert not SignInTicket.objects.exists()
    assert signed_in.get("/products/").status_code == 403
    connection.set_schema_to_public()
    made.post("reopen/")
    assert signed_in.get("/products/")["Location"].startswith(LOGIN)
    with in_tenant(globex.tenant):
        assert {role.key for role in User.objects.get(pk=globex.owner.pk).roles} == {"owner"}


def test_acts_on_one_organisation_touch_no_other(console, acme):
    made = console()
    before = {name: snapshot(name) for name in ("t_acme", "template")}
    for page, data in ACTS.items():
        made.post(page, data)
    assert {name: snapshot(name) for name in before} == before


# --- a new one ---------------------------------------------------------------------------------------------


def test_a_new_organisation_has_an_owner_who_sets_it_up_by_a_mailed_link(console):
    made = console()
    response = made.client.post("/console/organisations/new/", NEW)
    with in_public():
        tenant = Tenant.objects.get(slug="tea")
    assert response["Location"] == f"/console/organisations/{tenant.pk}/"
    message = mail.outbox[-1]
    assert (message.to, message.subject) == (["ada@tea.test"], "Tea & Sons is ready for you")
    client = HostClient(tenant.host)
    form = client.get(path_in(message, tenant), follow=True)
    chosen = {"password1": "a new good password", "password2": "a new good password"}
    client.post(form.redirect_chain[-1][0], chosen)
    with in_tenant(tenant):
        owner = User.objects.get()
        assert owner.check_password("a new good password")
        assert [role.key for role in owner.roles] == ["owner"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"slug": "acme"}, 409),
        ({"slug": "platform"}, 422),
        ({"slug": ""}, 422),
        ({"email": "nobody"}, 422),
        ({"currency": "XXX"}, 422),
        ({"organisation": "a\u202eb"}, 422),
    ],
    ids=ascii,
)
def test_a_new_organisation_that_cannot_be_is_not_made(console, change, status):
    made = console()
    before = snapshot()
    assert made.client.post("/console/organisations/new/", NEW | change).status_code == status
    assert (snapshot(), mail.outbox) == (before, [])


@pytest.mark.parametrize("who", ["support", "auditor"])
def test_who_may_not_operate_makes_no_organisation(console, who):
    assert console(who).client.post("/console/organisations/new/", NEW).status_code == 403
    with in_public():
        assert not Tenant.objects.filter(slug="tea").exists()
        assert not Domain.objects.filter(domain="tea.localhost").exists()
