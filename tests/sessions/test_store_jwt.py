"""Descope's widget hands over its tokens, by the names that Descope's own Django package gave it. (D05-D10, W2)"""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.urls import reverse

from accounts.models import ProviderSession, User
from standin import REMOVE
from tenants.models import PlatformEvent
from tenants.schema import in_public
from tests.conftest import HostClient

from .conftest import COOKIE, is_in

ADDRESS = "/auth/store_jwt"


@pytest.fixture
def shown(descope):
    """A browser that was shown the widget."""
    client = HostClient(descope.world.tenant.host)
    assert client.get("/account/login/", follow=True).status_code == 200
    return client


@pytest.fixture(autouse=True)
def by_widget(place_of, descope, settings):
    """A project without OpenID Connect: there is only the widget."""
    without = settings.PROVIDERS["descope"] | {"CLIENT_ID": "", "CLIENT_SECRET": ""}
    settings.PROVIDERS = {"descope": without}


@pytest.fixture
def pair(descope):
    """`pair()`: the two tokens of a sign-in, as form fields."""

    def made(person=None, **session) -> dict[str, str]:
        person = person or descope.ada
        first = {"person": person, "tenant": descope.tenant} | session
        refresh = descope.idp.mint("refresh", person=person, tenant=descope.tenant)
        return {"DS": descope.idp.mint("session", **first), "DSR": refresh}

    return made


def test_the_name_is_reversible_as_it_always_was():
    assert reverse("django_descope:store_jwt", urlconf=settings.ROOT_URLCONF) == ADDRESS


def test_two_good_tokens_open_a_session(descope, shown, pair):
    response = shown.post(ADDRESS, pair())
    assert (response.status_code, response.json()) == (200, {"success": True})
    assert "no-store" in response["Cache-Control"]
    assert is_in(shown)
    assert descope.user().name == "Ada There"


def test_the_session_has_a_new_key(shown, pair):
    before = shown.cookies[COOKIE].value
    shown.post(ADDRESS, pair())
    assert shown.cookies[COOKIE].value != before
    assert not Session.objects.filter(pk=before).exists()


def test_the_cookie_goes_before_the_field(descope, shown, pair):
    """D06: no script can read it."""
    tokens = pair()
    shown.cookies["DSR"] = tokens["DSR"]
    assert shown.post(ADDRESS, tokens | {"DSR": "of the page"}).status_code == 200
    assert descope.opened(shown).refresh == tokens["DSR"]


def test_a_cookie_alone_is_enough(shown, pair):
    tokens = pair()
    shown.cookies["DSR"] = tokens.pop("DSR")
    assert shown.post(ADDRESS, tokens).status_code == 200


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post_is_served(shown, method):
    assert getattr(shown, method)(ADDRESS).status_code == 405


def test_a_request_without_its_csrf_token_is_refused(descope, shown, pair):
    strict = HostClient(descope.world.tenant.host, enforce_csrf_checks=True)
    strict.cookies = shown.cookies
    assert strict.post(ADDRESS, pair()).status_code == 403
    assert not ProviderSession.objects.exists()


def bad_pairs(descope, pair) -> dict[str, dict[str, str]]:
    mint, ada, tenant = descope.idp.mint, descope.ada, descope.tenant
    bob = descope.person("bob", "Admin")
    other = descope.idp.world.add_tenant("globex-id", name="Globex")
    descope.idp.world.join(ada, other, ["Admin"])
    good = pair()
    return {
        "nothing": {},
        "no session token": {"DSR": good["DSR"]},
        "no refresh token": {"DS": good["DS"]},
        "no token": good | {"DS": "x"},
        "two session tokens": good | {"DSR": good["DS"]},
        "two refresh tokens": good | {"DS": good["DSR"]},
        "another person's refresh token": good | {"DSR": mint("refresh", person=bob, tenant=tenant)},
        "another organisation": pair(tenant=other),
        "no organisation": pair(claims={"dct": REMOVE}),
        "an organisation of others": pair(claims={"dct": "globex-id", "tenants": {"acme-id": {"roles": ["Admin"]}}}),
        "badly signed": pair(key=descope.idp.keys.new()),
        "unsigned": pair(algorithm="none"),
        "ended": pair(lifetime=timedelta(seconds=-61)),
        "another project": pair(claims={"iss": "P2other"}),
        "a refresh token that has ended": good
        | {"DSR": mint("refresh", person=ada, tenant=tenant, lifetime=timedelta(seconds=-61))},
        "too long": good | {"DS": "a" * 9000},
        "a character that is none": good | {"DS": "\x00"},
    }


def test_what_is_not_right_is_a_plain_400_and_nothing_is_kept(descope, shown, pair):
    people, sessions = User.objects.count(), set(Session.objects.values_list("pk", flat=True))
    for what, form in bad_pairs(descope, pair).items():
        response = shown.post(ADDRESS, form)
        assert (what, response.status_code, response.content) == (what, 400, b"")
    assert User.objects.count() == people
    assert set(Session.objects.values_list("pk", flat=True)) == sessions
    assert not ProviderSession.objects.exists()
    assert shown.post(ADDRESS, pair()).status_code == 200  # the same browser, with good ones


def test_a_refusal_is_noted_without_the_token(shown, pair, caplog):
    form = pair(lifetime=timedelta(seconds=-61))
    shown.post(ADDRESS, form)
    with in_public():
        event = PlatformEvent.objects.first()
    assert (event.kind, event.detail) == ("token_rejected", "expired")
    for token in form.values():
        assert token not in caplog.text
        assert token.split(".")[1] not in event.detail


def test_who_is_not_let_in_gets_no_session(descope, shown, pair):
    stranger = descope.idp.world.add_person("eve", email="eve@evil.test")
    assert shown.post(ADDRESS, pair(stranger)).status_code == 400
    assert not User.objects.filter(subject=stranger.subject).exists()


def test_tokens_that_this_browser_did_not_ask_for_sign_nobody_in(descope, pair):
    """W2: an attacker's tokens, in the browser of somebody who was shown no widget."""
    victim = HostClient(descope.world.tenant.host)
    assert victim.post(ADDRESS, pair()).status_code == 400
    assert not ProviderSession.objects.exists()


def test_a_flow_that_was_begun_too_long_ago_takes_no_tokens(shown, descope, clock):
    clock(minutes=61)
    descope.idp.faults.clock_offset = timedelta(minutes=61)
    form = {
        "DS": descope.idp.mint("session", person=descope.ada, tenant=descope.tenant),
        "DSR": descope.idp.mint("refresh", person=descope.ada, tenant=descope.tenant),
    }
    assert shown.post(ADDRESS, form).status_code == 400


def test_a_flow_takes_tokens_once(shown, pair):
    assert [shown.post(ADDRESS, pair()).status_code for _try in range(2)] == [200, 400]


def test_an_attackers_tokens_do_not_replace_somebodys_session(descope, shown, pair):
    shown.post(ADDRESS, pair())
    mallory = descope.person("mallory", "Viewer")
    assert shown.post(ADDRESS, pair(mallory)).status_code == 400
    assert descope.kept(shown).subject == descope.ada.subject


def test_another_person_in_the_same_browser_takes_over_nothing_of_the_first(descope, shown, pair):
    shown.post(ADDRESS, pair())
    first = shown.cookies[COOKIE].value
    shown.post("/account/logout/")
    shown.get("/account/login/", follow=True)
    bob = descope.person("bob", "Viewer")
    assert shown.post(ADDRESS, pair(bob)).status_code == 200
    assert descope.kept(shown).subject == bob.subject
    assert not Session.objects.filter(pk=first).exists()


def test_where_people_come_in_another_way_nothing_is_taken(place_of, pair, descope):
    tokens = pair()
    client = HostClient(place_of("frontegg").world.tenant.host)
    assert client.post(ADDRESS, tokens).status_code == 400


def test_the_session_is_renewed_by_descopes_own_call_and_a_rotated_token_is_kept(descope, shown, pair):
    """In the body, and as a cookie where the project is set so."""
    shown.post(ADDRESS, pair())
    descope.idp.faults.rotate_refresh_tokens = True
    for in_cookie in (False, True):
        descope.idp.provider.refresh_in_cookie = in_cookie
        kept, before = descope.kept(shown), descope.opened(shown)
        ended = descope.idp.mint("session", person=descope.ada, tenant=descope.tenant, lifetime=timedelta(seconds=-61))
        kept.tokens = type(before)(ended, before.refresh).seal()
        kept.save()
        assert is_in(shown)
        assert descope.opened(shown).refresh not in ("", before.refresh)
