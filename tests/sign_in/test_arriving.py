"""The hop to the organisation's host: for one browser, one host, one minute, once. (W2, W4)"""

from urllib.parse import quote

import pytest
from django.utils import timezone

from accounts.flows.attempts import Ask
from accounts.models import ProviderSession, SignInTicket, User
from accounts.providers import registry, verifier
from accounts.providers.base import SESSION
from accounts.providers.tokens import Tokens
from standin import REMOVE
from tenants.schema import in_tenant
from tests.accounts.test_redirects import PAYLOADS, stays_here
from tests.conftest import HostClient

from .browser import path_of, query_of


@pytest.fixture
def arrival(open_to_all_there, ada, browser, sign_in_page) -> str:
    """Where the public host sent the browser in the end."""
    return browser.open(browser.pick(browser.to_provider(sign_in_page), ada))["Location"]


def is_signed_in(client) -> bool:
    return client.get("/profile/").status_code == 200


def test_it_signs_in_the_browser_that_began(arrival, browser, acme):
    assert browser.open(arrival).status_code == 302
    assert is_signed_in(browser.site(acme.tenant.host))


def test_it_signs_in_nobody_else(arrival, another_browser, browser, acme):
    """Somebody sends his own link on, so that others work in his name: they are not signed in by it."""
    another_browser.open(acme.tenant.absolute_url("/account/login/"))  # has a mark of its own
    assert another_browser.open(arrival).status_code == 410
    assert not is_signed_in(another_browser.site(acme.tenant.host))
    assert browser.open(arrival).status_code == 302


def test_without_any_mark_it_signs_in_nobody(arrival, acme):
    stranger = HostClient(acme.tenant.host)
    assert stranger.get(path_of(arrival)).status_code == 410
    SignInTicket.objects.update(attempt="")
    assert stranger.get(path_of(arrival)).status_code == 410


def test_it_works_once(arrival, browser, acme):
    browser.open(arrival)
    assert browser.open(arrival).status_code == 410
    assert ProviderSession.objects.count() == 1


def test_it_works_for_a_minute(arrival, browser, clock):
    clock(seconds=61)
    assert browser.open(arrival).status_code == 410
    assert not SignInTicket.objects.exclude(tokens="").exists()


def test_another_organisation_takes_it_for_noise(arrival, elsewhere, globex, acme):
    client = HostClient(globex.tenant.host)
    client.cookies.load(HostClient(acme.tenant.host).cookies)
    assert client.get(path_of(arrival)).status_code == 410


def test_it_is_no_ticket_of_the_other_kind(arrival, browser, acme):
    ticket = path_of(arrival).split("/")[3]
    client = browser.site(acme.tenant.host)
    assert client.get(f"/arrive/{ticket}/").status_code == 410
    assert not is_signed_in(client)
    assert browser.open(arrival).status_code == 302  # and is not used up by it


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
@pytest.mark.parametrize("method", ["head", "post", "options"])
def test_only_following_it_uses_it_up(arrival, browser, acme, method):
    assert getattr(browser.site(acme.tenant.host), method)(path_of(arrival)).status_code == 405
    assert browser.open(arrival).status_code == 302


def test_the_session_has_a_new_key(arrival, browser, acme, settings):
    client = browser.site(acme.tenant.host)
    client.cookies[settings.SESSION_COOKIE_NAME] = "plantedplantedplantedplantedplan"
    browser.open(arrival)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != "plantedplantedplantedplantedplan"


def test_sealed_by_another_key_it_is_worth_nothing(arrival, browser):
    SignInTicket.objects.update(tokens="gAAAAA")
    assert browser.open(arrival).status_code == 410


def test_the_provider_may_be_gone_meanwhile(arrival, browser, settings):
    settings.PROVIDERS = {}
    assert browser.open(arrival).status_code == 403


def test_a_token_that_ended_meanwhile_signs_nobody_in(arrival, browser, clock, monkeypatch, settings):
    SignInTicket.objects.update(expires_at=timezone.now() + timezone.timedelta(days=3))
    clock(days=2)
    assert browser.open(arrival).status_code in (400, 410)
    assert not User.objects.filter(email="ada@acme.test").exists()


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
@pytest.mark.parametrize(("meant", "status"), [("ada", 403), ("her session", 403), ("her other session", 302)])
def test_a_log_out_by_the_back_channel_ends_a_sign_in_under_way(
    arrival, browser, another_browser, ada, idp, acme, sign_in_page, meant, status
):
    with in_tenant(acme.tenant):
        tokens = Tokens.unseal(SignInTicket.objects.exclude(tokens="").get().tokens)
    claims, _provider = verifier.verify(tokens.id, entry=SESSION, providers=registry.hosted_providers().values())
    sid = {"ada": REMOVE, "her session": claims.raw["sid"], "her other session": "another"}[meant]
    sent = {"logout_token": idp.mint("logoutToken", person=ada, claims={"sid": sid})}
    assert HostClient("localhost").post("/auth/backchannel/oidc/", sent).status_code == 200
    assert browser.open(arrival).status_code == status
    assert is_signed_in(browser.site(acme.tenant.host)) is (status == 302)
    another_browser.sign_in(sign_in_page, ada)
    assert is_signed_in(another_browser.site(acme.tenant.host))  # one that begins later is not meant


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
def test_next_never_leads_away(arrival, browser, acme):
    ticket = SignInTicket.objects.exclude(tokens="").get()
    for payload in PAYLOADS:
        response = browser.open(f"{arrival.partition('?')[0]}?next={quote(payload)}")
        assert response.status_code == 302
        assert stays_here(response["Location"], acme.tenant.host), payload
        ticket.pk = None
        ticket.save(force_insert=True)


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
def test_next_that_leads_away_does_not_even_go_along(there, browser, acme):
    for payload in PAYLOADS:
        url = browser.open(acme.tenant.absolute_url(f"/account/login/?next={quote(payload)}"))["Location"]
        asked = Ask.signed(query_of(url)["ask"])
        assert stays_here(asked.next, acme.tenant.host), payload


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
@pytest.mark.parametrize("odd", ["foo", "accounts", "?x", "[", "%ff", "home"])
def test_next_that_is_no_path_leads_home_on_arrival_and_later(arrival, browser, acme, odd):
    response = browser.open(f"{arrival.partition('?')[0]}?next={odd}")
    assert (response.status_code, response["Location"]) == (302, "/")
    response = browser.open(acme.tenant.absolute_url(f"/account/login/?next={odd}"))
    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize("idp", ["auth0"], indirect=True)
@pytest.mark.parametrize("letter", ["x", "é", "\u20ac", "\x7f", "\x01", "\\", '"'])
def test_what_a_browser_keeps_fits_into_one_header(there, browser, acme, letter):
    for length in (395, 190, 120, 60, 30):
        query = f"next=/{quote(letter * length)}&invitation={'i' * 95}&organization={quote(letter * 95)}"
        browser.to_provider(acme.tenant.absolute_url(f"/account/login/?{query}"))
        browser.to_provider(acme.tenant.absolute_url(f"/account/login/?{query}"))
    kept = [f"{name}={each.value}" for name, each in browser.site().cookies.items() if each.value]
    assert len(kept) == 5
    assert len("; ".join(kept)) < 8000


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
def test_next_that_is_too_long_is_left_out(open_to_all_there, ada, browser, acme):
    browser.sign_in(acme.tenant.absolute_url(f"/account/login/?next=/products/?q={'x' * 500}"), ada)
    assert browser.trail[-1] == acme.tenant.absolute_url("/products/")
