"""What comes back is believed in the browser that began, once, and from the provider that was asked. (T14)"""

from urllib.parse import urlencode

import pytest

from accounts.flows import attempts
from accounts.models import SignInTicket, User
from accounts.providers.oauth import Client
from tests.accounts.pages import Page

from .browser import Browser, query_of
from .conftest import point_at

CALLBACK = "http://localhost:8000/auth/callback/{name}/"


@pytest.fixture
def asked(open_to_all_there, browser, sign_in_page) -> str:
    """The provider's address that this browser was sent to."""
    return browser.to_provider(sign_in_page)


def hops():
    return SignInTicket.objects.exclude(tokens="")


@pytest.fixture
def nobody_came_in(acme):
    yield
    assert not hops().exists()
    assert not User.objects.exclude(issuer="local").exists()


def changed(url: str, **changes) -> str:
    query = {name: value for name, value in {**query_of(url), **changes}.items() if value is not None}
    return f"{url.partition('?')[0]}?{urlencode(query)}"


def refused(response, status: int = 400) -> bool:
    return response.status_code == status and "You are not signed in" in response.content.decode()


def test_the_same_answer_unchanged_lets_him_in(asked, browser, ada):
    assert browser.open(browser.pick(asked, ada)).status_code == 302


@pytest.mark.usefixtures("nobody_came_in")
@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
@pytest.mark.parametrize("state", [None, "", "x", "\0", "é", "a" * 5000])
def test_without_its_state_an_answer_is_refused(asked, browser, ada, state):
    assert refused(browser.open(changed(browser.pick(asked, ada), state=state)))


@pytest.mark.usefixtures("nobody_came_in")
def test_a_state_of_another_browser_is_refused(asked, browser, another_browser, ada):
    assert refused(another_browser.open(browser.pick(asked, ada)))


@pytest.mark.usefixtures("nobody_came_in")
def test_the_answer_to_another_attempt_is_refused(asked, browser, another_browser, ada, sign_in_page):
    theirs = another_browser.pick(another_browser.to_provider(sign_in_page), ada)
    mine = browser.pick(asked, ada)
    assert refused(browser.open(changed(mine, code=query_of(theirs)["code"])))


def test_a_state_works_once(asked, browser, ada):
    first, second = browser.pick(asked, ada), browser.pick(asked, ada)  # two good codes for one attempt
    assert browser.open(first).status_code == 302
    hops().delete()
    assert refused(browser.open(second))
    assert not hops().exists()


def test_a_code_works_once(asked, browser, ada, sign_in_page):
    back = browser.pick(asked, ada)
    browser.open(back)
    hops().delete()
    second = changed(browser.pick(browser.to_provider(sign_in_page), ada), code=query_of(back)["code"])
    assert refused(browser.open(second))
    assert not hops().exists()


@pytest.mark.usefixtures("nobody_came_in")
def test_a_code_that_nobody_issued_is_refused(asked, browser, ada):
    assert refused(browser.open(changed(browser.pick(asked, ada), code="made-up")))


@pytest.mark.usefixtures("nobody_came_in")
def test_an_attempt_that_is_too_old_is_over(asked, browser, ada, clock):
    back = browser.pick(asked, ada)
    clock(minutes=11)
    assert refused(browser.open(back))


@pytest.mark.usefixtures("nobody_came_in")
def test_the_nonce_of_another_attempt_is_refused(asked, browser, ada, idp):
    idp.faults.nonce = "n-of-another"
    assert refused(browser.open(browser.pick(asked, ada)))


@pytest.mark.usefixtures("nobody_came_in")
@pytest.mark.parametrize("verifier", ["", "v" * 43])
def test_without_the_right_verifier_the_code_is_worth_nothing(asked, browser, ada, monkeypatch, verifier):
    fetch = Client.fetch_token
    without = lambda self, url, **kwargs: fetch(self, url, **{**kwargs, "code_verifier": verifier})  # noqa: E731
    monkeypatch.setattr(Client, "fetch_token", without)
    assert refused(browser.open(browser.pick(asked, ada)))


@pytest.mark.usefixtures("nobody_came_in")
@pytest.mark.parametrize("idp", ["frontegg", "descope"], indirect=True)
def test_tokens_of_two_people_are_refused(asked, browser, ada, idp, there, monkeypatch):
    other = idp.world.add_person("other", email="other@acme.test")
    idp.world.join(other, there, ["Owner"])
    theirs = idp.mint("idToken", person=other, tenant=there, claims={"nonce": query_of(asked)["nonce"]})
    fetch = Client.fetch_token
    monkeypatch.setattr(Client, "fetch_token", lambda *args, **kwargs: fetch(*args, **kwargs) | {"id_token": theirs})
    assert refused(browser.open(browser.pick(asked, ada)))


@pytest.mark.usefixtures("nobody_came_in")
@pytest.mark.parametrize("lie", ["https://evil.test", "", "http://127.0.0.1"])
def test_the_issuer_of_another_provider_is_refused(asked, browser, ada, lie):
    assert refused(browser.open(changed(browser.pick(asked, ada), iss=lie)))


@pytest.mark.usefixtures("nobody_came_in")
def test_an_answer_at_another_providers_address_is_refused(asked, browser, ada, idp):
    """A bad provider may send the browser on to a good one's page: that one's code comes to its own address."""
    back = browser.pick(asked, ada)
    assert refused(browser.open(back.replace(f"/callback/{idp.provider.name}/", "/callback/other/")))


@pytest.mark.usefixtures("nobody_came_in")
def test_at_the_address_of_all_providers_the_issuer_must_be_named(asked, browser, ada, idp):
    back = browser.pick(asked, ada).replace(f"/callback/{idp.provider.name}/", "/callback/")
    assert refused(browser.open(changed(back, iss=None)))


def test_at_the_address_of_all_providers_the_right_issuer_will_do(asked, browser, ada, idp):
    back = browser.pick(asked, ada).replace(f"/callback/{idp.provider.name}/", "/callback")
    assert browser.open(changed(back, iss=idp.provider.issuer)).status_code == 302


def test_a_final_slash_may_be_missing(asked, browser, ada, idp):
    back = browser.pick(asked, ada).replace(f"/{idp.provider.name}/?", f"/{idp.provider.name}?")
    assert browser.open(back).status_code == 302


@pytest.mark.usefixtures("nobody_came_in")
@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
@pytest.mark.parametrize(
    ("error", "status"), [("access_denied", 403), ("server_error", 503), ("temporarily_unavailable", 503), ("odd", 400)]
)
def test_what_the_provider_says_is_shown_and_not_believed(asked, browser, idp, error, status):
    said = "<script>alert(1)</script> & <b>bold</b>"
    state = query_of(asked)["state"]
    url = changed(CALLBACK.format(name=idp.provider.name), state=state, error=error, error_description=said)
    response = browser.open(url)
    assert refused(response, status)
    assert said in Page(response).words
    assert "<script>alert" not in response.content.decode()
    assert refused(browser.open(url))  # the attempt is over


@pytest.mark.usefixtures("nobody_came_in")
def test_without_a_state_not_even_the_providers_words_are_shown(asked, browser, idp):
    url = changed(CALLBACK.format(name=idp.provider.name), error="access_denied", error_description="You have won")
    assert "You have won" not in browser.open(url).content.decode()


@pytest.mark.usefixtures("nobody_came_in")
def test_neither_code_nor_error_is_refused(asked, browser, ada):
    assert refused(browser.open(changed(browser.pick(asked, ada), code=None)))


@pytest.mark.usefixtures("nobody_came_in")
@pytest.mark.parametrize("idp", ["frontegg", "oidc"], indirect=True)
@pytest.mark.parametrize("fault", ["status", "html", "list", "huge", "redirect", "numbers", "empty", "endless", "deep"])
def test_a_provider_that_answers_oddly_is_no_error_of_ours(asked, browser, ada, idp, fault):
    token = {"frontegg": "/oauth/token", "auth0": "/oauth/token", "descope": "/oauth2/v1/token"}
    path = token.get(idp.provider.name, "/realms/main/protocol/openid-connect/token")
    numbers = {"access_token": 1, "id_token": [], "refresh_token": {}}
    odd = {
        "list": [],
        "numbers": numbers,
        "empty": {},
        "html": "<p>no",
        "endless": '{"access_token": "x", "expires_in": 1e400}',
        "deep": "[" * 50_000,
    }
    back = browser.pick(asked, ada)
    if fault == "status":
        idp.faults.answer(path, status=503)
    elif fault == "huge":
        idp.faults.huge(path)
    elif fault == "redirect":
        idp.faults.redirect(path, "http://127.0.0.1:1/")
    else:
        idp.faults.answer(path, status=200, body=odd[fault])
    response = browser.open(back)
    assert refused(response, response.status_code)
    assert response.status_code in (400, 503)


@pytest.mark.usefixtures("nobody_came_in")
@pytest.mark.parametrize("claim", ["issuer", "audience"])
def test_tokens_for_somebody_else_are_refused(asked, browser, ada, idp, claim):
    setattr(idp.faults, claim, "https://evil.test")
    back = browser.pick(asked, ada)
    idp.faults.discovery_issuer = ""
    assert refused(browser.open(changed(back, iss=None)))


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
@pytest.mark.parametrize("ask", ["x", "", "a:b:c", "\0", "x" * 4000])
def test_an_address_to_begin_is_not_made_up(idp, browser, ask):
    assert refused(browser.open(f"http://localhost:8000/auth/start/?{urlencode({'ask': ask})}"))


def test_an_address_to_begin_is_good_for_minutes(there, browser, sign_in_page, monkeypatch):
    from django.core import signing

    url = browser.open(sign_in_page)["Location"]
    monkeypatch.setattr(signing.time, "time", lambda now=signing.time.time: now() + 601)
    assert refused(browser.open(url))


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
@pytest.mark.parametrize("method", ["head", "post", "options"])
def test_only_following_the_link_uses_an_attempt_up(asked, browser, ada, method):
    back = browser.pick(asked, ada)
    assert getattr(browser.site(), method)(back.removeprefix("http://localhost:8000")).status_code == 405
    assert browser.open(back).status_code == 302


def test_a_page_that_failed_leads_to_another_try(asked, browser, ada, idp, sign_in_page):
    idp.faults.nonce = "n-of-another"
    links = Page(browser.open(browser.pick(asked, ada))).links()
    assert any(link.startswith(sign_in_page) for link in links)


@pytest.mark.parametrize("idp", ["auth0", "frontegg"], indirect=True)
def test_two_providers_at_once_do_not_mix(idp, stand_ins, settings, open_to_all_there, ada, browser, sign_in_page):
    other = stand_ins("oidc")
    other.reset()
    point_at(settings, idp, other)
    back = browser.pick(browser.to_provider(sign_in_page), ada)
    assert refused(browser.open(changed(back, iss=other.provider.issuer)))


def test_what_a_browser_keeps_is_sealed(asked, browser):
    kept = [value.value for name, value in browser.site().cookies.items() if name.startswith(attempts.ATTEMPTS.name)]
    assert len(kept) == 1
    assert query_of(asked)["state"] not in kept[0]
    assert Browser(browser.idp).site().cookies == {}
