"""Signing in on the provider's page, and coming back to where one was. (A11-A16, A22, A23, A38, A39)"""

import pytest

from accounts.models import ProviderSession, SignInTicket, User
from accounts.providers.tokens import Tokens
from tenants.models import Domain
from tenants.schema import in_public
from tests.conftest import HostClient

from .browser import query_of
from .conftest import connect, point_at


def add_domain(world, host: str) -> None:
    with in_public():
        world.tenant.domains.create(domain=host, is_primary=False)


def is_signed_in(client) -> bool:
    return client.get("/profile/").status_code == 200


def test_a_member_comes_in_with_the_roles_of_the_provider(acme, open_to_all_there, ada, browser, sign_in_page):
    response = browser.sign_in(sign_in_page, ada)
    assert response.status_code == 200
    user = User.objects.get(issuer=ProviderSession.objects.get().listed.user.issuer, subject=ada.subject)
    assert [role.key for role in user.roles] == ["editor"]
    assert "Ada Roe" in browser.site(acme.tenant.host).get("/profile/").content.decode()


def test_the_second_time_he_is_the_same_person(acme, open_to_all_there, ada, browser, another_browser, sign_in_page):
    browser.sign_in(sign_in_page, ada)
    another_browser.sign_in(sign_in_page, ada)
    assert User.objects.filter(email="ada@acme.test").count() == 1
    assert ProviderSession.objects.count() == 2


def test_the_local_form_is_never_shown(there, browser, sign_in_page):
    location = browser.to_provider(sign_in_page)
    assert location.startswith(browser.idp.url)


@pytest.mark.parametrize("path", ["/profile/", "/products/?q=tea&page=2", "/admin/"])
def test_a_visitor_is_sent_to_the_provider_and_comes_back(acme, open_to_all_there, idp, ada, there, browser, path):
    idp.world.set_roles(ada, there, ["Owner"])
    asked = browser.to_provider(acme.tenant.absolute_url(path))
    browser.follow(browser.open(browser.pick(asked, ada)))
    assert browser.trail[-1] == acme.tenant.absolute_url(path)


def test_the_admins_own_sign_in_leads_to_the_provider(acme, there, browser):
    assert browser.to_provider(acme.tenant.absolute_url("/admin/login/?next=/admin/")).startswith(browser.idp.url)


def test_the_organisation_is_named_to_the_provider(there, browser, sign_in_page, acme):
    asked = query_of(browser.to_provider(sign_in_page))
    name = {"frontegg": "tenantId", "auth0": "organization", "descope": "tenant"}.get(browser.idp.provider.name)
    assert name is None or asked[name] == there.id
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3


def test_no_two_attempts_share_a_state(there, browser, sign_in_page):
    first, second = (query_of(browser.to_provider(sign_in_page)) for _ in range(2))
    assert not {first["state"], first["nonce"], first["code_challenge"]} & set(second.values())


def test_who_is_signed_in_at_the_provider_is_not_asked_again(open_to_all_there, ada, browser, sign_in_page, acme):
    browser.sign_in(sign_in_page, ada)
    browser.sites.clear()  # signed out here alone
    back = browser.silently(browser.to_provider(sign_in_page))
    browser.follow(browser.open(back))
    assert is_signed_in(browser.site(acme.tenant.host))


def test_another_account_can_be_used(open_to_all_there, ada, browser, sign_in_page):
    browser.sign_in(sign_in_page, ada)
    asked = browser.to_provider(f"{sign_in_page}?prompt=login")
    assert query_of(asked)["prompt"] == "login"
    assert browser.silently(asked) == ""  # it shows its page


def test_after_signing_out_at_the_provider_it_asks_again(open_to_all_there, ada, browser, sign_in_page):
    browser.sign_in(sign_in_page, ada)
    browser.web.cookies.clear()
    browser.sites.clear()
    assert browser.silently(browser.to_provider(sign_in_page)) == ""


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
@pytest.mark.parametrize("prompt", ["none", "consent", "login x", "<b>"])
def test_no_other_prompt_goes_along(there, browser, sign_in_page, prompt):
    assert "prompt" not in query_of(browser.to_provider(f"{sign_in_page}?prompt={prompt}"))


def test_who_is_signed_in_here_is_led_to_where_he_wanted(open_to_all_there, ada, browser, sign_in_page, acme):
    browser.sign_in(sign_in_page, ada)
    response = browser.open(f"{sign_in_page}?next=/members/")
    assert (response.status_code, response["Location"]) == (302, "/members/")


def test_five_attempts_stand_side_by_side_and_the_oldest_makes_room(
    open_to_all_there, ada, browser, sign_in_page, clock, acme
):
    asked = []
    for minute in range(6):
        clock(seconds=minute)
        asked.append(browser.to_provider(sign_in_page))
    assert browser.open(browser.pick(asked[0], ada)).status_code == 400
    browser.follow(browser.open(browser.pick(asked[1], ada)))
    assert is_signed_in(browser.site(acme.tenant.host))


def test_he_comes_back_to_the_domain_where_he_began(acme, open_to_all_there, ada, browser):
    add_domain(acme, "shop.localhost")
    browser.sign_in("http://shop.localhost:8000/account/login/?next=/profile/", ada)
    assert browser.trail[-1] == "http://shop.localhost:8000/profile/"
    assert is_signed_in(browser.site("shop.localhost"))
    assert not is_signed_in(browser.site(acme.tenant.host))


def test_a_domain_that_was_lost_meanwhile_is_not_returned_to(acme, open_to_all_there, ada, browser):
    add_domain(acme, "shop.localhost")
    asked = browser.to_provider("http://shop.localhost:8000/account/login/")
    with in_public():
        Domain.objects.filter(domain="shop.localhost").delete()
    response = browser.open(browser.pick(asked, ada))
    assert response["Location"].startswith(acme.tenant.absolute_url("/arrive/"))


def test_nothing_of_the_tokens_is_kept_in_the_open(open_to_all_there, ada, browser, sign_in_page):
    response = browser.open(browser.pick(browser.to_provider(sign_in_page), ada))
    kept = SignInTicket.objects.exclude(tokens="").get().tokens
    tokens = Tokens.unseal(kept)
    in_the_open = response["Location"] + str(response.cookies) + str(browser.site().cookies) + kept
    assert not any(token and token in in_the_open for token in (tokens.session, tokens.id, tokens.refresh))


def test_no_answer_on_the_way_is_kept_by_a_cache(open_to_all_there, ada, browser, sign_in_page):
    first = browser.open(sign_in_page)
    second = browser.open(first["Location"])
    third = browser.open(browser.pick(second["Location"], ada))
    fourth = browser.open(third["Location"])
    assert all("no-store" in each["Cache-Control"] for each in (first, second, third, fourth))


def test_a_provider_that_is_not_set_up_any_more_lets_nobody_in(there, settings, acme):
    settings.PROVIDERS = {}
    response = HostClient(acme.tenant.host).get("/account/login/")
    assert (response.status_code, "not set up" in response.content.decode()) == (503, True)


def test_an_organisation_that_its_provider_has_not_made_yet_says_so(there, acme):
    connect(acme, acme.tenant.provider, "")
    response = HostClient(acme.tenant.host).get("/account/login/")
    assert response.status_code == 503


@pytest.mark.parametrize("idp", ["oidc"], indirect=True)
def test_operators_come_by_a_provider_as_well(platform, idp, browser):
    connect(platform, "oidc", "platform-there", admits="provider")
    olga = idp.world.add_person("olga", email="olga@platform.test")
    idp.world.join(olga, idp.world.add_tenant("platform-there"), ["Operator"])
    browser.sign_in(platform.tenant.absolute_url("/account/login/?next=/console/organisations/"), olga)
    assert browser.site(platform.tenant.host).get("/console/organisations/").status_code == 200


@pytest.mark.parametrize("idp", ["auth0"], indirect=True)
def test_an_invitations_link_leads_to_the_organisation_of_the_provider_that_mails_them(
    idp, stand_ins, settings, acme, globex, public_client
):
    point_at(settings, stand_ins("oidc"), idp)
    connect(acme, "oidc", "same-id")
    connect(globex, "auth0", "same-id")
    response = public_client.get("/auth/login/?invitation=i&organization=same-id")
    assert response["Location"].startswith(globex.tenant.absolute_url("/account/login/"))
    for world in (acme, globex):
        connect(world, "local", "")
