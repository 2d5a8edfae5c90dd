"""A good sign-in is not enough: who is told what, and that nothing is written of those who stay outside. (V4, A32)"""

import pytest

from accounts.models import Invitation, ProviderSession, User
from tenants.models import PlatformEvent
from tenants.schema import in_public
from tests.accounts.pages import Page

from .conftest import connect


@pytest.fixture
def invited(acme, there, client_as):
    """`invited("ann@acme.test")`: the row, and the address that our mail leads to."""

    def make(address: str, role: str = "editor"):
        invitation = Invitation(email=address, role=acme.owner.roles[0].__class__.objects.get(key=role))
        invitation.invited_by = acme.owner
        token = invitation.renew()
        invitation.save()
        return invitation, acme.tenant.absolute_url(f"/join/{token}/")

    return make


def newcomer(idp, there, email: str, **facts):
    person = idp.world.add_person("newcomer", email=email, name="Nell Newcomer", **facts)
    idp.world.join(person, there, [])
    return person


def events() -> list[str]:
    with in_public():
        return list(PlatformEvent.objects.values_list("kind", flat=True))


def test_who_was_not_invited_is_told_whom_to_ask(there, acme, ada, browser, sign_in_page):
    response = browser.sign_in(sign_in_page, ada)
    words = Page(response).words
    assert response.status_code == 403
    assert f"You are not a member of {acme.tenant.name}" in words
    assert acme.owner.name in words
    assert any("prompt=login" in link for link in Page(response).links())
    assert not User.objects.filter(email="ada@acme.test").exists()
    assert not ProviderSession.objects.exists()


def test_an_invitation_is_accepted_by_signing_in(acme, idp, there, browser, invited):
    invitation, url = invited("nell@acme.test")
    person = newcomer(idp, there, "nell@acme.test")
    page = Page(browser.open(url))
    assert "Sign in at" in page.words
    assert acme.owner.name in page.words
    start = next(link for link in page.links() if link.startswith("/account/login/"))
    browser.sign_in(acme.tenant.absolute_url(start), person)
    invitation.refresh_from_db()
    assert browser.trail[-1] == acme.tenant.absolute_url("/products/")
    assert invitation.accepted_by.email == "nell@acme.test"
    assert [role.key for role in invitation.accepted_by.roles] == ["editor"]


def test_a_forwarded_invitation_lets_nobody_else_in(acme, idp, there, browser, invited):
    invitation, url = invited("nell@acme.test")
    person = newcomer(idp, there, "mallory@acme.test")
    path = url.removeprefix(acme.tenant.absolute_url(""))
    response = browser.sign_in(acme.tenant.absolute_url(f"/account/login/?next={path}"), person)
    invitation.refresh_from_db()
    assert response.status_code == 403
    assert invitation.masked_email in Page(response).words
    assert "nell@acme.test" not in response.content.decode()
    assert invitation.accepted_at is None
    assert not User.objects.filter(email="mallory@acme.test").exists()


def test_an_address_that_is_only_claimed_accepts_nothing(acme, idp, there, browser, invited, sign_in_page):
    invitation, _url = invited("nell@acme.test")
    person = newcomer(idp, there, "nell@acme.test", verified=False)
    if idp.provider.name == "descope":
        idp.provider.newcomers.discard(person.subject)
    response = browser.sign_in(sign_in_page, person)
    invitation.refresh_from_db()
    assert (response.status_code, invitation.accepted_at) == (403, None)


def test_an_account_made_beforehand_with_a_password_is_not_taken_over(acme, idp, there, browser, sign_in_page):
    """The address of somebody here, at the provider under his name: it is another person, who was not invited."""
    person = newcomer(idp, there, acme.editor.email)
    assert browser.sign_in(sign_in_page, person).status_code == 403
    acme.editor.refresh_from_db()
    assert (acme.editor.issuer, ProviderSession.objects.count()) == ("local", 0)


def test_the_form_with_a_password_is_closed(acme, there, browser, invited):
    invitation, url = invited("nell@acme.test")
    client = browser.site(acme.tenant.host)
    path = url.removeprefix(acme.tenant.absolute_url(""))
    response = client.post(path, {"name": "Nell", "password": "correct horse battery"})
    invitation.refresh_from_db()
    assert (response.status_code, invitation.accepted_at) == (403, None)


def test_without_a_proven_address_he_comes_in_without_a_role(
    acme, idp, open_to_all_there, there, browser, sign_in_page
):
    person = idp.world.add_person("una", email="una@acme.test", verified=False)
    idp.world.join(person, there, ["Owner"])
    response = browser.sign_in(f"{sign_in_page}?next=/members/", person)
    assert response.status_code == 200
    assert "Confirm your e-mail address" in Page(response).words
    assert User.objects.get(email="una@acme.test").roles == []
    assert browser.site(acme.tenant.host).get("/members/").status_code == 403


def test_without_a_role_he_is_told_so(acme, idp, open_to_all_there, there, browser, sign_in_page):
    response = browser.sign_in(sign_in_page, newcomer(idp, there, "nell@acme.test"))
    assert "You have no role yet" in Page(response).words
    assert acme.owner.name in Page(response).words


def test_once_he_has_a_role_the_page_leads_on(acme, idp, open_to_all_there, ada, browser, sign_in_page):
    browser.sign_in(sign_in_page, ada)
    assert browser.site(acme.tenant.host).get("/waiting/")["Location"] == "/"


def test_who_was_deactivated_here_stays_outside(acme, open_to_all_there, ada, browser, another_browser, sign_in_page):
    browser.sign_in(sign_in_page, ada)
    User.objects.filter(email="ada@acme.test").update(is_active=False)
    response = another_browser.sign_in(sign_in_page, ada)
    assert response.status_code == 403
    assert "deactivated" in Page(response).words
    assert ProviderSession.objects.count() == 1


@pytest.mark.parametrize("idp", ["frontegg", "auth0", "oidc"], indirect=True)
def test_a_sign_in_to_another_organisation_is_refused_and_noted(acme, elsewhere, ada, idp, browser, sign_in_page):
    idp.faults.tenant = "globex-id"
    response = browser.open(browser.pick(browser.to_provider(sign_in_page), ada))
    assert response.status_code == 403
    assert "another organisation" in Page(response).words
    assert PlatformEvent.Kind.CROSS_ACCESS in events()


def test_three_such_sign_ins_by_one_person_raise_the_alert(acme, elsewhere, ada, idp, browser, sign_in_page, caplog):
    if idp.provider.name == "descope":
        idp.world.join(ada, elsewhere, [])
    idp.faults.tenant = "globex-id"
    for _attempt in range(3):
        browser.open(browser.pick(browser.to_provider(sign_in_page), ada))
    assert any("ALERT" in record.message for record in caplog.records)


def test_who_does_not_belong_there_is_told_by_his_provider(there, idp, browser, sign_in_page):
    stranger = idp.world.add_person("stranger", email="stranger@elsewhere.test")
    response = browser.open(browser.pick(browser.to_provider(sign_in_page), stranger, there))
    assert response.status_code == 403
    assert not ProviderSession.objects.exists()


def test_the_organisation_may_be_connected_elsewhere_meanwhile(acme, open_to_all_there, ada, browser, sign_in_page):
    back = browser.pick(browser.to_provider(sign_in_page), ada)
    connect(acme, "local", "")
    assert browser.open(back).status_code == 403
