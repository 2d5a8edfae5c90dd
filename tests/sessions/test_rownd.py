"""Rownd's Hub and this site: the two addresses, their answers to the letter, and no endless reload. (R12-R15)"""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import reverse

from accounts.flows import widget_sign_in
from accounts.models import ProviderSession, User
from tests.conftest import HostClient

from .conftest import COOKIE, is_in

AUTHENTICATE, SIGN_OUT = "/rownd/session_authenticate", "/rownd/session_sign_out"
FIRST = {"message": "Authentication successful", "should_refresh_page": True}
AGAIN = {"message": "Already authenticated"}
OUT = {"message": "Sign-out successful", "should_refresh_page": True}


@pytest.fixture
def client(rownd) -> HostClient:
    """A browser that was shown a page with the snippet."""
    client = HostClient(rownd.world.tenant.host)
    assert client.get("/account/login/").status_code == 200
    return client


@pytest.fixture
def token(rownd):
    """`token()`: what the Hub has for Ada."""
    return lambda person=None, **changes: rownd.idp.mint("user", person=person or rownd.ada, **changes)


def by_header(client, token: str):
    return client.post(AUTHENTICATE, headers={"authorization": f"Bearer {token}"})


def by_body(client, token: str):
    return client.post(AUTHENTICATE, json.dumps({"access_token": token}), content_type="application/json")


def test_the_names_are_reversible_as_they_always_were():
    for name, path in (("session_authenticate", AUTHENTICATE), ("session_sign_out", SIGN_OUT)):
        assert reverse(f"rownd:{name}", urlconf=settings.ROOT_URLCONF) == path


@pytest.mark.parametrize("carry", [by_header, by_body])
def test_the_first_token_opens_a_session_and_asks_for_a_reload_and_the_next_does_not(rownd, client, token, carry):
    """R14, R15: in the header or in the body."""
    first = carry(client, token())
    assert (first.status_code, first["Content-Type"], first.json()) == (200, "application/json", FIRST)
    assert is_in(client)
    key = client.cookies[COOKIE].value
    for _load in range(3):
        assert carry(client, token()).json() == AGAIN
    assert client.cookies[COOKIE].value == key
    assert ProviderSession.objects.count() == 1


def test_a_newer_token_of_the_same_person_keeps_the_session_going(rownd, client, token):
    old = token(lifetime=timedelta(minutes=5))
    by_header(client, old)
    newer = token(lifetime=timedelta(minutes=50))
    assert by_header(client, newer).json() == AGAIN
    assert rownd.opened(client).session == newer
    assert by_header(client, old).json() == AGAIN
    assert rownd.opened(client).session == newer  # an older one does not take its place


def test_another_persons_token_switches(rownd, client, token):
    bob = rownd.person("bob", "Viewer")
    by_header(client, token())
    key = client.cookies[COOKIE].value
    assert by_header(client, token(bob)).status_code == 401  # no page was shown since
    client.get("/products/")
    assert by_header(client, token(bob)).json() == FIRST
    assert rownd.kept(client).subject == bob.subject
    assert not Session.objects.filter(pk=key).exists()


def test_signing_out(rownd, client, token):
    by_header(client, token())
    response = client.post(SIGN_OUT)
    assert (response.status_code, response["Content-Type"], response.json()) == (200, "application/json", OUT)
    assert not is_in(client)
    assert not ProviderSession.objects.exists()
    assert client.post(SIGN_OUT).json() == OUT


def test_one_can_sign_out_while_rownd_is_away(rownd, client, token):
    by_header(client, token())
    key = client.cookies[COOKIE].value
    cache.clear()
    rownd.idp.faults.answer("/", status=503, times=None)
    assert client.get("/profile/").status_code == 503
    assert client.post(SIGN_OUT).json() == OUT
    assert not Session.objects.filter(pk=key).exists()


@pytest.mark.parametrize("path", [AUTHENTICATE, SIGN_OUT])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
def test_only_post_is_served(client, path, method):
    assert getattr(client, method)(path).status_code == 405


def test_a_newer_token_that_comes_after_signing_out_is_refused(rownd, client, token, monkeypatch):
    by_header(client, token(lifetime=timedelta(minutes=5)))
    verified = widget_sign_in.verified

    def meanwhile(*args):
        ProviderSession.objects.all().delete()  # in another tab
        return verified(*args)

    monkeypatch.setattr(widget_sign_in, "verified", meanwhile)
    assert by_header(client, token(lifetime=timedelta(minutes=50))).status_code == 401


@pytest.mark.parametrize("path", [AUTHENTICATE, SIGN_OUT])
def test_both_want_the_pages_csrf_token(rownd, client, token, path):
    by_header(client, token())
    strict = HostClient(rownd.world.tenant.host, enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(path, headers={"authorization": f"Bearer {token()}"}).status_code == 403
    assert is_in(client)


def test_tokens_that_this_browser_did_not_ask_for_sign_nobody_in(rownd, client, token):
    """W2: with a CSRF token alone. Any page with the snippet will do."""
    other = HostClient(rownd.world.tenant.host)
    assert by_header(other, token()).status_code == 401
    assert not ProviderSession.objects.exists()
    assert other.get("/no-such-page/").status_code == 404
    assert by_header(other, token()).json() == FIRST


def test_a_token_that_is_not_right_is_an_empty_401(rownd, client, token):
    stranger = rownd.idp.world.add_person("eve", email="eve@evil.test")
    bad = {
        "ended": token(lifetime=timedelta(seconds=-61)),
        "badly signed": token(key=rownd.idp.keys.new()),
        "unsigned": token(algorithm="none"),
        "another app": token(claims={"aud": ["app:other"]}),
        "a refresh token": rownd.idp.mint("refresh", person=rownd.ada),
        "not in the group": token(stranger),
        "no token": "x",
    }
    people = User.objects.count()
    for what, sent in bad.items():
        response = by_header(client, sent)
        assert (what, response.status_code, response.content) == (what, 401, b"")
    assert User.objects.count() == people
    assert not ProviderSession.objects.exists()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"{", {}),
        (b"[]", {}),
        (b'{"access_token": 7}', {}),
        (b'{"access_token": ["x"]}', {}),
        (b"\xff", {}),
        (b"[" * 5000, {}),
        (b"", {"authorization": "Basic x"}),
        (b"", {"authorization": "Bearer"}),
        (b"", {"authorization": "x"}),
    ],
)
def test_an_odd_request_is_an_empty_401(client, body, headers):
    response = client.post(AUTHENTICATE, body, content_type="application/json", headers=headers)
    assert (response.status_code, response.content) == (401, b"")


def test_while_rownd_is_away_the_answer_is_503_and_nothing_changes(rownd, client, token):
    rownd.idp.faults.answer("/applications/", status=503, times=None)
    assert by_header(client, token()).status_code == 503
    assert not ProviderSession.objects.exists()


def test_the_session_ends_with_its_token(rownd, client, token, clock):
    """The Hub renews it in the browser; without a page there is nobody who could."""
    by_header(client, token(lifetime=timedelta(minutes=5)))
    clock(minutes=7)
    assert not is_in(client)


def test_where_people_come_in_another_way_nothing_is_taken(place_of, token):
    sent = token()
    client = HostClient(place_of("frontegg").world.tenant.host)
    assert by_header(client, sent).status_code == 401
    assert client.post(SIGN_OUT).status_code == 401
