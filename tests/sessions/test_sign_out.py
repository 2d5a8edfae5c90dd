"""The ways out: of here alone, at the provider as well, and what the next sign-in does. (A19-A23, F26)"""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from accounts.models import ProviderSession
from accounts.providers import registry
from accounts.providers.oidc import Discovery
from tests.conftest import HostClient
from tests.sign_in.browser import Browser
from tests.sign_in.conftest import connect

from .conftest import ACME_THERE, COOKIE, is_in

HERE, AT_PROVIDER = "/account/logout/", "/sign-out/provider/"
RETURN = "http://acme.localhost:8000/signed-out/"


@pytest.fixture
def browser(place) -> Browser:
    """Ada's: she has signed in by the provider's own page, and is known there."""
    browser = Browser(place.idp)
    response = browser.sign_in(
        place.world.tenant.absolute_url("/account/login/?next=/profile/"), place.ada, place.tenant
    )
    assert response.status_code == 200
    return browser


def client_of(browser, place) -> HostClient:
    return browser.site(place.world.tenant.host)


def address_on(page) -> str:
    """Where a page leads on to by itself."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.content.decode())
    assert found
    return unescape(found[1])


def test_out_of_here_alone_leaves_the_provider_as_it_is(place, browser):
    """A19, A22: the next sign-in is silent."""
    client, asked = client_of(browser, place), len(place.idp.requests)
    response = client.post(HERE)
    assert (response.status_code, response["Location"]) == (302, "/signed-out/")
    assert "cache" in response["Clear-Site-Data"]
    assert len(place.idp.requests) == asked
    assert not ProviderSession.objects.exists()
    start = browser.to_provider(place.world.tenant.absolute_url("/account/login/"))
    assert browser.silently(start).startswith("http://localhost:8000/auth/callback/")


def test_another_account_is_asked_for(place, browser):
    """A22."""
    page = client_of(browser, place)
    page.post(HERE)
    assert "prompt=login" in page.get("/signed-out/").content.decode()
    start = browser.to_provider(place.world.tenant.absolute_url("/account/login/?prompt=login"))
    assert browser.silently(start) == ""


def test_at_the_provider_too_the_browser_goes_there_and_comes_back(place, browser):
    """A20, A23: with the ID token as a hint where there is one, and the sign-in page asks again afterwards."""
    client = client_of(browser, place)
    page = client.post(AT_PROVIDER)
    address = address_on(page)
    assert page.status_code == 200
    assert address.startswith(place.idp.url)
    assert parse_qs(urlsplit(address).query)["post_logout_redirect_uri"] == [RETURN]
    assert not is_in(client)
    back = browser.web.get(address, allow_redirects=False, timeout=5)
    assert (back.status_code, back.headers["Location"]) == (302, RETURN)
    assert client.get("/signed-out/").status_code == 200
    start = browser.to_provider(place.world.tenant.absolute_url("/account/login/"))
    assert browser.silently(start) == ""


def test_the_id_token_goes_along_as_a_hint(oidc):
    tokens = oidc.tokens()
    page = oidc.signed_in(tokens=tokens).post(AT_PROVIDER)
    assert parse_qs(urlsplit(address_on(page)).query)["id_token_hint"] == [tokens.id]


def test_a_provider_without_a_page_for_it_is_not_said_to_be_away(oidc, monkeypatch):
    read = Discovery._read
    without = lambda self: {name: each for name, each in read(self).items() if name != "end_session_endpoint"}  # noqa: E731
    monkeypatch.setattr(Discovery, "_read", without)
    registry._made.cache_clear()
    client = oidc.signed_in()
    response = client.post(AT_PROVIDER)
    registry._made.cache_clear()
    assert (response.status_code, response["Location"]) == (302, "/signed-out/")
    assert not is_in(client)


@pytest.mark.parametrize("path", [HERE, AT_PROVIDER])
def test_nothing_is_left_of_the_session_and_an_old_cookie_opens_nothing(oidc, path):
    client = oidc.signed_in()
    key = client.cookies[COOKIE].value
    client.post(path)
    assert not Session.objects.filter(pk=key).exists()
    assert not UserSession.objects.filter(session_key=key).exists()
    copied = HostClient(oidc.world.tenant.host)
    copied.cookies[COOKIE] = key
    assert not is_in(copied)


def test_no_link_signs_anybody_out(oidc):
    client = oidc.signed_in()
    assert client.get(AT_PROVIDER).status_code == 405
    client.get(HERE)
    client.get("/signed-out/")
    assert is_in(client)
    strict = HostClient(oidc.world.tenant.host, enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert [strict.post(path).status_code for path in (HERE, AT_PROVIDER)] == [403, 403]
    assert is_in(client)


def test_while_the_provider_is_away_one_is_signed_out_here_and_told(oidc, settings):
    client = oidc.signed_in()
    oidc.idp.faults.answer("/realms/main/.well-known/", status=503, times=None)
    settings.PROVIDERS = dict(settings.PROVIDERS)  # as after a restart: neither addresses nor keys are known
    page = client.post(AT_PROVIDER)
    assert page.status_code == 200
    assert "may still be signed in there" in page.content.decode()
    assert not is_in(client)


def test_somebody_whose_token_has_ended_while_the_provider_is_away_can_sign_out(frontegg):
    client = frontegg.signed_in()
    frontegg.expire(client, lifetime=timedelta(seconds=-61))
    frontegg.idp.faults.answer("/oauth/token", status=503, times=None)
    key = client.cookies[COOKIE].value
    assert client.get("/profile/").status_code == 503
    response = client.post(HERE)
    assert response.status_code == 302
    assert "cache" in response["Clear-Site-Data"]
    assert not Session.objects.filter(pk=key).exists()


def test_a_session_of_descopes_widget_is_ended_by_a_call(descope):
    tokens = descope.tokens()
    client = descope.signed_in(tokens=type(tokens)(tokens.session, tokens.refresh))
    response = client.post(AT_PROVIDER)
    assert (response.status_code, response["Location"]) == (302, "/signed-out/")
    assert descope.asked("/v1/auth/logout") == 1
    assert tokens.refresh not in descope.idp.provider.flow.ledger.refresh_tokens
    assert not is_in(client)


def test_rownd_is_told_by_a_call_and_its_hub_forgets(rownd):
    hub = rownd.idp.provider.issued(rownd.ada)
    client = rownd.signed_in(tokens=rownd.tokens())
    assert client.post(AT_PROVIDER).status_code == 302
    assert hub["refresh_token"] not in rownd.idp.provider.refresh_tokens
    assert "data-rownd-forget" in client.get("/signed-out/").content.decode()


def test_what_the_organisation_chose_is_what_the_button_does(oidc, acme):
    client = oidc.signed_in()
    for everywhere, _path in ((False, HERE), (True, AT_PROVIDER)):
        connect(acme, "oidc", ACME_THERE, signs_out_at_provider=everywhere)
        menu = client.get("/products/").content.decode()
        assert (f'action="{HERE}"' in menu, f'action="{AT_PROVIDER}"' in menu) == (not everywhere, everywhere)


def test_with_passwords_of_our_own_the_way_out_is_as_before(client_as):
    client = client_as("editor")
    assert client.post(HERE)["Location"] == "/account/login/"
    again = client_as("editor")
    assert again.post(AT_PROVIDER)["Location"] == "/signed-out/"
    assert not is_in(again)
