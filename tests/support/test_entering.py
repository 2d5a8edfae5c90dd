"""The operator's side: who enters, with what reason, for how long, and where."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied

from accounts.audit.models import Entry
from accounts.flows import support
from accounts.models import Role, SupportVisit, User
from tenants import lifecycle
from tenants.schema import in_tenant
from tests.conftest import HostClient
from tests.snapshot import snapshot

from .conftest import REASON


@pytest.fixture
def owner_may_enter(acme) -> User:
    right = Permission.objects.get(codename="enter_organisations")
    Role.objects.get(key="owner").group.permissions.add(right)
    return User.objects.get(pk=acme.owner.pk)


@pytest.mark.parametrize(("who", "status"), [("owner", 302), ("operator", 302), ("support", 302), ("auditor", 403)])
def test_entering_follows_the_role_on_the_platform(knock, operator_as, acme, who, status):
    form = operator_as(who).get(f"/console/organisations/{acme.tenant.pk}/enter/")
    assert form.status_code == (200 if status == 302 else status)
    assert knock(who).status_code == status
    assert SupportVisit.objects.exists() == (status == 302)


@pytest.mark.parametrize("method", ["get", "post"])
def test_visitor_of_the_platform_signs_in_first(platform, acme, method):
    client = HostClient(platform.tenant.host)
    response = getattr(client, method)(f"/console/organisations/{acme.tenant.pk}/enter/")
    assert response["Location"].startswith("/account/login/")
    assert not SupportVisit.objects.exists()


@pytest.mark.parametrize(
    "reason", ["", "too short", " " * 40, "x" * 501, "a reason\x00 with a zero byte", "a reason \u202e reversed"]
)
def test_without_a_reason_nobody_enters(knock, acme, reason):
    before = snapshot(acme.tenant.schema_name)
    assert knock(reason=reason).status_code == 422
    assert snapshot(acme.tenant.schema_name) == before


@pytest.mark.parametrize("minutes", ["", "14", "241", "-60", "60.5", "1e2", "x", "9" * 5000, "\x00"])
def test_visit_lasts_a_quarter_of_an_hour_to_four_hours(knock, acme, minutes):
    before = snapshot(acme.tenant.schema_name)
    assert knock(minutes=minutes).status_code == 422
    assert snapshot(acme.tenant.schema_name) == before


@pytest.mark.parametrize("minutes", [15, 60, 240])
def test_visit_ends_when_it_says(knock, acme, minutes):
    knock(minutes=minutes)
    visit = SupportVisit.objects.get()
    assert round((visit.ends_at - visit.started_at).total_seconds() / 60) == minutes
    assert visit.reason == REASON


def test_reason_is_stored_as_it_was_typed(knock, acme):
    knock(reason="<b>R&D</b> asked: why “none”? 🙂")
    assert SupportVisit.objects.get().reason == "<b>R&D</b> asked: why “none”? 🙂"


@pytest.mark.parametrize("close", [None, lifecycle.suspend])
def test_only_an_open_organisation_is_entered(knock, acme, close):
    if close:
        close(acme.tenant)
    assert knock().status_code == (409 if close else 302)
    assert SupportVisit.objects.exists() == (not close)


def test_platform_itself_is_not_entered(knock, platform):
    assert knock(tenant=platform.tenant).status_code == 404
    with in_tenant(platform.tenant):
        assert not SupportVisit.objects.exists()


def test_organisation_that_is_not_there_is_not_found(operator_as):
    client = operator_as("support")
    assert client.get("/console/organisations/987654/enter/").status_code == 404


def test_only_the_platforms_host_has_the_form(acme, client_as):
    assert client_as("owner").get(f"/console/organisations/{acme.tenant.pk}/enter/").status_code == 404


def test_right_to_enter_counts_on_the_platform_alone(acme, globex, owner_may_enter):
    """Even a customer's role that came to hold it enters nowhere."""
    with pytest.raises(PermissionDenied):
        support.enter(operator=owner_may_enter, tenant=globex.tenant, reason=REASON, length=timedelta(hours=1))


def test_visitor_has_the_operators_name_of_today(knock, platform, acme):
    knock()
    with in_tenant(platform.tenant):
        User.objects.filter(pk=platform.support.pk).update(name="Sue Newname")
    knock()
    assert [str(visit.visitor) for visit in SupportVisit.objects.all()] == ["Sue Newname (support)"] * 2


def test_longest_name_still_says_support(knock, platform, acme):
    with in_tenant(platform.tenant):
        User.objects.filter(pk=platform.support.pk).update(name="N" * 80)
    assert knock().status_code == 302
    assert str(SupportVisit.objects.get().visitor).endswith("N (support)")


def test_line_in_the_platforms_log_names_the_operator(knock, platform, acme):
    knock()
    with in_tenant(platform.tenant):
        line = Entry.objects.get(action="entered")
    assert (line.actor_id, line.object_name, line.detail) == (platform.support.pk, acme.tenant.name, REASON)


def test_operator_stands_in_the_customers_log_by_name_alone(knock, acme):
    """His number on the platform is somebody else's here."""
    knock()
    (line,) = Entry.objects.filter(request_id=Entry.objects.latest("pk").request_id)
    assert (line.action, line.actor_id, line.actor_name) == ("visit_opened", None, "Support Ops")
    assert (line.object_id, line.detail) == (str(SupportVisit.objects.get().pk), REASON)


def test_browser_may_follow_the_form_to_the_customers_host(operator_as, acme):
    """The policy holds the redirect after a form against `form-action` as well."""
    client = operator_as("support")
    page = client.get(f"/console/organisations/{acme.tenant.pk}/enter/")
    form_action = f"form-action 'self' {settings.PUBLIC_SCHEME}://*.{settings.BASE_DOMAIN}:{settings.PUBLIC_PORT}"
    assert page.status_code == 200
    assert form_action in page["Content-Security-Policy"]
