"""How a visit begins and what ends it: time, the customer, the visitor, or the platform."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.utils import timezone

from accounts.audit.models import Entry
from accounts.flows import sign_in
from accounts.models import Role, SignInTicket, SupportVisit, User
from tenants import lifecycle
from tenants.schema import in_tenant
from tests.accounts.mails import path_in
from tests.accounts.pages import Page
from tests.conftest import HostClient

from .conftest import REASON

COOKIE = settings.SESSION_COOKIE_NAME


# --- Coming in ---------------------------------------------------------------------------------------


def test_ticket_lets_in_once(enter, visitor, acme):
    way_in = enter()
    assert visitor.get(way_in).status_code == 302
    second = HostClient(acme.tenant.host)
    assert second.get(way_in).status_code == 410
    assert second.get("/products/").status_code == 302


def test_ticket_ends_after_a_minute(enter, visitor):
    way_in = enter()
    SignInTicket.objects.update(expires_at=timezone.now())
    assert visitor.get(way_in).status_code == 410


def test_another_organisations_host_refuses_the_ticket(enter, globex, visitor):
    way_in = enter()
    elsewhere = HostClient(globex.tenant.host)
    assert elsewhere.get(way_in).status_code == 410
    assert elsewhere.get("/products/").status_code == 302
    assert visitor.get(way_in).status_code == 302


@pytest.mark.parametrize("method", ["head", "options", "post"])
def test_only_following_the_link_uses_the_ticket_up(enter, visitor, method):
    way_in = enter()
    assert getattr(visitor, method)(way_in).status_code == 405
    assert visitor.get(way_in).status_code == 302


def test_the_two_ways_in_do_not_take_each_others_tickets(enter, visitor, acme):
    ticket = enter().split("/")[3]
    assert visitor.get(f"/arrive/{ticket}/").status_code == 410
    person = sign_in.issue_ticket(acme.owner)
    assert visitor.get(f"/support/arrive/{person}/").status_code == 410
    assert SignInTicket.objects.filter(user=acme.owner).exists()
    assert SignInTicket.objects.filter(user__kind=User.Kind.SUPPORT).exists()


def test_ticket_of_a_visit_that_was_ended_meanwhile_lets_nobody_in(enter, visitor, client_as):
    way_in = enter()
    client_as("admin").post(f"/support/visits/{SupportVisit.objects.get().pk}/end/")
    assert visitor.get(way_in).status_code == 410


def test_owners_are_told_by_mail_and_nobody_else(acme, enter):
    enter()
    (message,) = mail.outbox
    assert (message.to, path_in(message, acme.tenant)) == ([acme.owner.email], "/support/")
    assert REASON in message.body


def test_entering_again_ends_the_earlier_visit_and_finds_the_same_user(visiting):
    first, second = visiting(), visiting()
    assert first.row.visitor_id == second.row.visitor_id
    assert (first.is_inside(), second.is_inside()) == (False, True)


def test_two_operators_are_two_visitors(visiting):
    first, second = visiting("support"), visiting("operator")
    assert first.row.visitor_id != second.row.visitor_id
    assert (first.is_inside(), second.is_inside()) == (True, True)


def test_both_logs_have_the_visit(acme, platform, visit):
    lines = Entry.objects.filter(action="visit_started", object_id=str(visit.row.pk))
    assert [(line.actor_name, line.detail) for line in lines] == [("Support Ops (support)", REASON)]
    with in_tenant(platform.tenant):
        entered = Entry.objects.get(action="entered")
        assert (entered.object_name, entered.detail) == (acme.tenant.name, REASON)


# --- Going -------------------------------------------------------------------------------------------


def end_time(visit, **_):
    SupportVisit.objects.filter(pk=visit.row.pk).update(ends_at=timezone.now())


def end_by_customer(visit, client_as, **_):
    assert client_as("admin").post(f"/support/visits/{visit.row.pk}/end/").status_code == 302


def end_by_visitor(visit, **_):
    assert visit.post("/support/leave/").status_code == 302


def deactivate_operator(platform, **_):
    with in_tenant(platform.tenant):
        User.objects.filter(pk=platform.support.pk).update(is_active=False)


def remove_operator(platform, **_):
    with in_tenant(platform.tenant):
        User.objects.filter(pk=platform.support.pk).update(removed_at=timezone.now())


def demote_operator(platform, **_):
    with in_tenant(platform.tenant):
        User.objects.get(pk=platform.support.pk).groups.set([Role.objects.get(key="auditor").group])


def strip_session(visit, **_):
    session = visit.client.session
    del session["support_visit"]
    session.save()


def take_anothers_visit(visit, visiting, **_):
    session = visit.client.session
    session["support_visit"] = visiting("operator").row.pk
    session.save()


@pytest.mark.parametrize(
    "stop",
    [
        end_time,
        end_by_customer,
        end_by_visitor,
        deactivate_operator,
        remove_operator,
        demote_operator,
        strip_session,
        take_anothers_visit,
    ],
)
def test_next_request_after_the_end_is_out(platform, visit, client_as, visiting, stop):
    assert visit.is_inside()
    key = visit.client.cookies[COOKIE].value
    stop(platform=platform, visit=visit, client_as=client_as, visiting=visiting)
    response = visit.get()
    assert (response.status_code, "Your visit has ended" in Page(response).words) == (403, True)
    assert not Session.objects.filter(session_key=key).exists()
    assert visit.get()["Location"].startswith("/account/login/")


def test_write_after_the_end_is_out_too(acme, visit, give_pass):
    give_pass()
    end_time(visit)
    assert visit.post(f"/products/{acme.coffee.pk}/delete/").status_code == 403
    assert type(acme.coffee).objects.filter(pk=acme.coffee.pk).exists()


def test_visitor_who_leaves_is_told_so_whatever_asks_first(visit):
    """A picture of the page before may still be on its way, and takes the session's end."""
    farewell = visit.post("/support/leave/")["Location"]
    visit.get("/products/1/picture/")
    page = visit.get(farewell)
    assert (page.status_code, "Your visit has ended" in Page(page).words) == (200, True)


def test_signing_out_ends_the_visit(visit):
    visit.post("/account/logout/")
    visit.row.refresh_from_db()
    assert visit.row.ended_by_id == visit.row.visitor_id
    assert visit.get()["Location"].startswith("/account/login/")


def test_end_is_noted_once(visit, client_as):
    end_by_customer(visit, client_as)
    end_by_customer(visit, client_as)
    visit.row.refresh_from_db()
    assert Entry.objects.filter(action="visit_ended", object_id=str(visit.row.pk)).count() == 1


def test_session_does_not_outlive_the_visit_by_more_than_a_day(visit):
    expires = Session.objects.get(session_key=visit.client.cookies[COOKIE].value).expire_date
    assert expires - visit.row.ends_at == timedelta(days=1)


def test_only_a_visitor_leaves_a_visit(client_as, visit):
    assert client_as("owner").post("/support/leave/").status_code == 403
    assert visit.is_inside()


def test_suspended_organisation_is_closed_to_its_visitor(acme, visit):
    lifecycle.suspend(acme.tenant)
    assert visit.get().status_code == 403
