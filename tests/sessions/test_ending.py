"""What ends a session or keeps it from opening anything: another way of signing in, time, its person. (W05-W10, F27)"""

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from accounts.flows import membership
from accounts.flows.provider_sessions import BACKEND
from accounts.flows.session_bounds import SESSION_TENANT
from accounts.models import ProviderSession, SignInTicket, User
from tenants.models import SessionPlace, Tenant
from tenants.schema import in_public
from tests.sign_in.browser import Browser
from tests.sign_in.conftest import connect

from .conftest import ACME_THERE, COOKIE, is_in


def stored(client) -> SessionStore:
    return SessionStore(client.cookies[COOKIE].value)


def test_the_session_holds_person_backend_and_tenant_and_no_token(frontegg):
    """W05, W06: in the tenant's own schema. The tokens lie sealed beside it."""
    tokens = frontegg.tokens()
    client = frontegg.signed_in(tokens=tokens)
    session = stored(client)
    assert session[SESSION_KEY] == str(frontegg.user().pk)
    assert (session[BACKEND_SESSION_KEY], session[SESSION_TENANT]) == (BACKEND, frontegg.world.tenant.schema_name)
    kept = frontegg.kept(client).tokens
    for token in (tokens.session, tokens.refresh):
        assert token not in str(session.load())
        assert token not in kept


def test_connecting_to_a_provider_signs_out_those_with_a_password(acme, client_as, frontegg):
    client = client_as("editor")
    assert not is_in(client)
    connect(acme, "local", "")
    assert is_in(client)


def test_going_back_to_passwords_signs_out_the_people_of_the_provider(acme, frontegg):
    client = frontegg.signed_in()
    assert is_in(client)
    connect(acme, "local", "")
    assert not is_in(client)


def test_changing_to_another_provider_signs_everybody_out(acme, frontegg):
    client = frontegg.signed_in()
    connect(acme, "auth0", ACME_THERE)
    assert not is_in(client)


def test_an_id_at_the_provider_that_is_another_now_signs_everybody_out(acme, frontegg):
    client = frontegg.signed_in()
    connect(acme, "frontegg", "another-id")
    assert not is_in(client)


def test_a_provider_that_is_not_set_up_any_more_leaves_visitors(frontegg, settings):
    client = frontegg.signed_in()
    settings.PROVIDERS = {}
    assert client.get("/profile/").status_code == 302
    settings.PROVIDERS = {}


def test_a_backend_that_is_not_configured_any_more_leaves_visitors(frontegg, settings):
    """W09."""
    client = frontegg.signed_in()
    settings.AUTHENTICATION_BACKENDS = [each for each in settings.AUTHENTICATION_BACKENDS if each != BACKEND]
    assert client.get("/profile/").status_code == 302


def test_a_person_who_is_gone_leaves_a_visitor(frontegg):
    """W10."""
    client = frontegg.signed_in()
    User.objects.filter(pk=frontegg.user().pk).update(removed_at="2026-01-01T00:00Z")
    assert not is_in(client)


def test_deactivated_here_wins_over_the_provider(frontegg, acme):
    client = frontegg.signed_in()
    membership.deactivate(actor=User.objects.get(pk=acme.owner.pk), member=frontegg.user())
    assert not is_in(client)
    assert not ProviderSession.objects.exists()


def test_an_ended_session_takes_its_tokens_along(frontegg):
    client = frontegg.signed_in()
    UserSession.objects.get(session_key=client.cookies[COOKIE].value).end()
    assert not is_in(client)
    assert not ProviderSession.objects.exists()


def test_a_session_row_copied_to_another_tenant_opens_nothing(frontegg, globex, client_as):
    client = frontegg.signed_in()
    session = stored(client)
    session[SESSION_TENANT] = globex.tenant.schema_name
    session.save()
    assert not is_in(client)


def test_signing_in_again_has_a_new_key_and_the_old_one_is_over(frontegg):
    tokens = frontegg.tokens()
    first = frontegg.signed_in(tokens=tokens)
    old = first.cookies[COOKIE].value
    first.post("/account/logout/")
    second = frontegg.signed_in()
    assert second.cookies[COOKIE].value != old
    assert not Session.objects.filter(pk=old).exists()
    assert UserSession.objects.filter(user=frontegg.user()).count() == 1


def test_so_has_one_who_signs_in_again_without_signing_out(oidc):
    browser, page = Browser(oidc.idp), oidc.world.tenant.absolute_url("/account/login/?prompt=login&next=/profile/")
    keys = []
    for _time in range(2):
        assert browser.sign_in(page, oidc.ada, oidc.tenant).status_code == 200
        keys.append(browser.site(oidc.world.tenant.host).cookies[COOKIE].value)
    assert keys[0] != keys[1]
    assert [each.session_key for each in UserSession.objects.all()] == [keys[1]]
    assert not Session.objects.filter(pk=keys[0]).exists()


# --- Limits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [{"days": 6}, {"days": 8}])
def test_a_session_ends_that_was_not_used_for_a_week(client_as, clock, days):
    client = client_as("editor")
    assert is_in(client)
    clock(**days)
    assert is_in(client) is (days["days"] < 7)


def test_a_session_ends_after_two_weeks_however_much_it_is_used(client_as, clock):
    client = client_as("editor")
    for day in range(1, 14, 3):
        clock(days=day)
        assert is_in(client)
    clock(days=14)
    assert not is_in(client)


@pytest.mark.parametrize(
    ("limit", "moved"), [("session_idle_minutes", {"minutes": 31}), ("session_longest_hours", {"hours": 31})]
)
def test_an_organisation_shortens_both(acme, client_as, clock, limit, moved):
    client = client_as("owner")
    form = {"name": acme.tenant.name, "currency": "EUR", limit: "30"}
    assert client.post("/organisation/", form).status_code == 302
    assert is_in(client)
    clock(**moved)
    assert not is_in(client)


@pytest.mark.parametrize(("minutes", "status"), [("10080", 302), ("10081", 422)])
def test_an_organisation_lengthens_none(acme, client_as, minutes, status):
    form = {"name": acme.tenant.name, "currency": "EUR", "session_idle_minutes": minutes}
    assert client_as("owner").post("/organisation/", form).status_code == status


def test_nor_does_a_number_that_was_kept_before(acme, client_as, clock):
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(session_idle_minutes=60 * 24 * 30)
    client = client_as("editor")
    assert is_in(client)
    clock(days=8)
    assert not is_in(client)


# --- What is kept no longer than that -----------------------------------------------------------------


def test_tokens_of_sessions_that_are_gone_are_purged(frontegg):
    gone, stays = frontegg.signed_in(), frontegg.signed_in()
    Session.objects.filter(pk=gone.cookies[COOKIE].value).delete()
    call_command("purge_sessions")
    assert [kept.listed.session_key for kept in ProviderSession.objects.all()] == [stays.cookies[COOKIE].value]


@pytest.mark.parametrize(("minutes", "left"), [(0, 1), (2, 0)])
def test_tokens_of_a_sign_in_that_was_not_finished_are_purged(acme, clock, minutes, left):
    ends = timezone.now() + settings.SIGN_IN_TICKET_LIFETIME
    SignInTicket.objects.create(digest="d", tokens="sealed", attempt="mark", expires_at=ends)
    clock(minutes=minutes)
    call_command("purge_sessions")
    assert SignInTicket.objects.filter(digest="d").count() == left


def test_where_a_session_was_is_forgotten_after_its_time(oidc, clock):
    oidc.signed_in()
    for days, left in ((13, 2), (15, 0)):
        clock(days=days)
        call_command("purge_events")
        with in_public():
            assert SessionPlace.objects.count() == left
