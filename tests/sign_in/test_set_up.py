"""Signing up at the provider, and setting up the organisation here. (A30)"""

from urllib.parse import urlsplit

import pytest

from accounts.models import DirectoryTask, User
from accounts.views.set_up import NEWCOMER
from tenants.models import DirectoryEntry, Tenant
from tenants.schema import in_public, in_tenant
from tests.accounts.pages import Page

from .browser import query_of
from .conftest import connect

START = "http://localhost:8000/auth/start/"
FORM = {"organisation": "Tea & Sons", "slug": "tea", "currency": "EUR", "name": "Tessa Tea"}


@pytest.fixture
def tessa(idp):
    return idp.world.add_person("tessa", email="tessa@tea.test", name="Tessa Tea")


@pytest.fixture
def at_home(idp, tessa):
    """Tessa's organisation at the provider. Nobody here knows it."""
    tea = idp.world.add_tenant("tea-there", name="Tea")
    idp.world.join(tessa, tea, ["Owner"])
    return tea


@pytest.fixture
def vouched(browser, tessa, at_home, idp, monkeypatch):
    """A browser that stands before the form."""
    asked = browser.to_provider(START)
    if idp.provider.name == "auth0":  # nobody signs in to an organisation that was not named
        asked += "&organization=tea-there"
    browser.follow(browser.open(browser.pick(asked, tessa, at_home)))
    return browser


def there_is(slug: str) -> bool:
    with in_public():
        return Tenant.objects.filter(slug=slug).exists()


def test_signing_up_leads_to_the_provider(idp, browser):
    page = Page(browser.open("http://localhost:8000/sign-up/"))
    assert "/auth/start/" in page.links()
    assert "password" not in page.values
    assert browser.to_provider(START).startswith(idp.url)
    browser.site().post("/sign-up/", {**FORM, "email": "a@b.test", "password": "correct horse"})
    assert not there_is("tea")


def test_an_unknown_organisation_leads_to_the_form(vouched):
    assert urlsplit(vouched.trail[-1]).path == "/sign-up/organisation/"
    assert "tessa@tea.test" in vouched.open(vouched.trail[-1]).content.decode()


def test_the_form_makes_the_organisation_and_its_owner(vouched, idp, tessa):
    response = vouched.site().post("/sign-up/organisation/", FORM)
    assert response.status_code == 200
    tenant = Tenant.objects.get(slug="tea")
    assert (tenant.provider, tenant.provider_tenant_id, tenant.status) == (idp.provider.name, "tea-there", "active")
    assert tenant.absolute_url("/account/login/") in Page(response).links()
    with in_tenant(tenant):
        owner = User.objects.get()
        assert (owner.subject, owner.email, owner.address_proven) == (tessa.subject, "tessa@tea.test", True)
        assert [role.key for role in owner.roles] == ["owner"]
        assert not owner.has_usable_password()
        assert not DirectoryTask.objects.exists()
    with in_public():
        assert DirectoryEntry.objects.filter(tenant=tenant).count() == 1


def test_then_he_comes_in_without_being_asked_again(vouched):
    vouched.site().post("/sign-up/organisation/", FORM)
    tenant = Tenant.objects.get(slug="tea")
    back = vouched.silently(vouched.to_provider(tenant.absolute_url("/account/login/")))
    assert vouched.follow(vouched.open(back)).status_code == 200
    assert vouched.site(tenant.host).get("/members/").status_code == 200


def test_an_organisation_that_is_here_already_leads_to_it(vouched, acme, tessa, at_home, idp):
    connect(acme, idp.provider.name, "tea-there")
    asked = vouched.to_provider(START)
    if idp.provider.name == "auth0":
        asked += "&organization=tea-there"
    response = vouched.open(vouched.pick(asked, tessa, at_home))
    assert response["Location"] == acme.tenant.absolute_url("/account/login/")
    connect(acme, "local", "")


def test_of_two_set_ups_of_one_organisation_the_second_leads_to_the_first(vouched):
    vouched.site().post("/sign-up/organisation/", FORM)
    response = vouched.site().post("/sign-up/organisation/", {**FORM, "slug": "other"})
    assert response.status_code == 200
    assert Tenant.objects.get(slug="tea").absolute_url("/account/login/") in Page(response).links()
    assert not there_is("other")


def test_an_address_that_is_taken_is_said_and_nothing_made(vouched, acme):
    response = vouched.site().post("/sign-up/organisation/", {**FORM, "slug": "acme"})
    assert (response.status_code, "taken" in response.content.decode()) == (409, True)


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
@pytest.mark.parametrize(
    "bad", [{"slug": "A b"}, {"slug": ""}, {"organisation": "x\u202ey"}, {"currency": "XXX"}, {"name": ""}]
)
def test_bad_input_is_said_and_nothing_made(vouched, bad):
    assert vouched.site().post("/sign-up/organisation/", {**FORM, **bad}).status_code == 422
    assert not there_is("tea")


def test_without_a_sign_up_there_is_no_form(browser):
    assert browser.open("http://localhost:8000/sign-up/organisation/").status_code == 400
    assert browser.site().post("/sign-up/organisation/", FORM).status_code == 400
    assert not there_is("tea")


def test_what_is_kept_of_the_sign_up_cannot_be_made_up(vouched, browser):
    browser.site().cookies["newcomer"] = "gAAAAABmade-up"
    assert browser.open("http://localhost:8000/sign-up/organisation/").status_code == 400


def test_a_quarter_of_an_hour_is_enough(vouched, clock):
    clock(minutes=16)
    assert vouched.site().post("/sign-up/organisation/", FORM).status_code == 400
    assert not there_is("tea")


def test_no_token_is_kept_in_the_browser(vouched):
    kept = vouched.site().cookies[NEWCOMER.name].value
    assert "eyJ" not in kept
    assert len(kept) < 1500


def test_an_address_that_is_not_proven_is_refused_with_the_reason(idp, browser, tessa, at_home):
    tessa.verified = False
    response = browser.open(browser.pick(browser.to_provider(START), tessa))
    assert response.status_code == 403
    assert "Confirm your e-mail address" in Page(response).words
    assert NEWCOMER.name not in browser.site().cookies


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        (["Viewer"], 403),
        (["viewer", "Editor"], 403),
        (["OWNER"], 403),
        (["Admin"], 302),
        (["owner", "Viewer"], 302),
        ([], 302),
    ],
)
def test_an_organisation_of_the_provider_is_set_up_by_those_who_run_it_there(
    idp, browser, tessa, at_home, roles, status
):
    idp.world.set_roles(tessa, at_home, roles)
    asked = browser.to_provider(START) + ("&organization=tea-there" if idp.provider.name == "auth0" else "")
    response = browser.open(browser.pick(asked, tessa, at_home))
    assert response.status_code == status
    assert (NEWCOMER.name in browser.site().cookies) is (status == 302)
    assert status == 302 or "called Owner or Admin" in Page(response).words


@pytest.mark.parametrize("idp", ["auth0", "frontegg", "descope"], indirect=True)
def test_who_belongs_to_no_organisation_makes_one_there_too(idp, browser, tessa):
    browser.follow(browser.open(browser.pick(browser.to_provider(START), tessa)))
    response = browser.site().post("/sign-up/organisation/", FORM)
    assert response.status_code == 200
    tenant = Tenant.objects.get(slug="tea")
    assert tenant.provider_tenant_id in idp.world.tenants
    back = browser.silently(browser.to_provider(tenant.absolute_url("/account/login/")))
    assert browser.follow(browser.open(back)).status_code == 200


@pytest.mark.parametrize("idp", ["auth0"], indirect=True)
def test_sent_twice_it_makes_one_organisation(idp, browser, tessa):
    browser.follow(browser.open(browser.pick(browser.to_provider(START), tessa)))
    first, second = (browser.site().post("/sign-up/organisation/", FORM) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert Tenant.objects.filter(provider="auth0").count() == 1


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
def test_where_no_organisation_can_be_made_there_it_is_said(idp, browser, tessa):
    response = browser.open(browser.pick(browser.to_provider(START), tessa))
    assert response.status_code == 403
    assert "belongs to no organisation" in Page(response).words


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
def test_a_provider_without_a_page_of_its_own_signs_nobody_up(idp, browser, settings):
    settings.IDENTITY_PROVIDER = "rownd"
    assert "not signed up on this page" in browser.open("http://localhost:8000/sign-up/").content.decode()
    assert browser.open(START).status_code == 403


@pytest.mark.parametrize("idp", ["auth0"], indirect=True)
def test_the_providers_page_for_newcomers_is_opened(idp, browser):
    assert query_of(browser.to_provider(START))["screen_hint"] == "signup"
