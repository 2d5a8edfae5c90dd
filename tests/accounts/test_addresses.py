"""Proving an address and changing it; the directory follows."""

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation

from accounts.flows import membership
from tenants.schema import in_tenant
from tests.conftest import HostClient

from . import hostile
from .conftest import SIGN_UP
from .mails import path_in
from .test_sign_in import prove_again

NEW = "new@acme.test"


@pytest.fixture
def confirmation(newcomer, mailoutbox) -> str:
    """The path of the link that the new owner got."""
    newcomer.client.get(newcomer.arrival)
    assert mailoutbox[-1].to == [SIGN_UP["email"]]
    return path_in(mailoutbox[-1], newcomer.tenant)


def test_link_in_the_mail_proves_the_owners_address(newcomer, confirmation, in_directory):
    assert not in_directory(SIGN_UP["email"], newcomer.tenant)
    response = newcomer.client.post(confirmation)
    assert response.status_code == 302
    assert newcomer.owner.has_proven_address
    assert in_directory(SIGN_UP["email"], newcomer.tenant)


def test_opening_the_link_changes_nothing(newcomer, confirmation):
    assert newcomer.client.get(confirmation).status_code == 200
    assert not newcomer.owner.has_proven_address


def test_link_works_in_another_browser_and_signs_nobody_in(newcomer, confirmation):
    other = HostClient(newcomer.tenant.host)
    other.post(confirmation)
    assert newcomer.owner.has_proven_address
    assert other.get("/profile/").status_code == 302


def test_confirmation_link_is_built_from_the_stored_domain(newcomer, mailoutbox):
    newcomer.client.get(newcomer.arrival, headers={"host": "tea.localhost:6666", "x-forwarded-host": "evil.test"})
    assert path_in(mailoutbox[-1], newcomer.tenant).startswith("/account/confirm-email/")
    assert "6666" not in mailoutbox[-1].body


def test_mail_names_the_organisation_as_it_is_written(newcomer, confirmation, mailoutbox):
    assert "Tea & Sons" in mailoutbox[-1].body
    assert "&amp;" not in mailoutbox[-1].body


def test_link_of_one_tenant_confirms_nothing_at_another(newcomer, confirmation, globex):
    with in_tenant(globex.tenant):
        EmailAddress.objects.update(verified=False)
        same_key = EmailAddress.objects.filter(pk__in=with_keys_of(newcomer)).count()
    response = HostClient(globex.tenant.host).post(confirmation)
    assert response.status_code in (200, 404)
    with in_tenant(globex.tenant):
        assert same_key
        assert not EmailAddress.objects.filter(verified=True).exists()
    assert not newcomer.owner.has_proven_address


def with_keys_of(newcomer) -> list[int]:
    with in_tenant(newcomer.tenant):
        return list(EmailAddress.objects.values_list("pk", flat=True))


@pytest.fixture
def changing(client_as, mailoutbox, acme):
    """A viewer who asked for another address: the client, and the path of the link sent there."""
    client = client_as("viewer")
    prove_again(client)
    response = client.post("/account/email/", {"email": NEW, "action_add": ""})
    assert response.status_code == 302
    assert mailoutbox[-1].to == [NEW]
    return client, path_in(mailoutbox[-1], acme.tenant)


def test_address_changes_when_the_new_one_is_proven_and_not_before(changing, acme, fresh):
    client, link = changing
    assert fresh("viewer").email == "viewer@acme.test"
    client.post(link)
    assert fresh("viewer").email == NEW
    assert fresh("viewer").has_proven_address


def test_directory_follows_the_change(changing, acme, in_directory):
    client, link = changing
    assert (in_directory("viewer@acme.test", acme.tenant), in_directory(NEW, acme.tenant)) == (True, False)
    client.post(link)
    assert (in_directory("viewer@acme.test", acme.tenant), in_directory(NEW, acme.tenant)) == (False, True)


def test_former_members_pending_change_comes_to_nothing(changing, acme, fresh, in_directory):
    _client, link = changing
    membership.leave(member=fresh("viewer"))
    HostClient(acme.tenant.host).post(link)
    assert fresh("viewer").email == "viewer@acme.test"
    assert not in_directory(NEW, acme.tenant)
    assert not EmailConfirmation.objects.exists()


@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize("former", [True, False])
def test_address_of_another_cannot_be_taken_even_when_he_clicks_the_link(
    client_as, acme, fresh, mailoutbox, former, proven
):
    """The link goes to the address; whoever reads mail there may well follow it."""
    EmailAddress.objects.filter(user=acme.guest).update(verified=proven)
    if former:
        membership.leave(member=fresh("guest"))
    client = client_as("viewer")
    prove_again(client)
    client.post("/account/email/", {"email": "Guest@acme.test", "action_add": ""})
    link = path_in(mailoutbox[-1], acme.tenant)
    assert HostClient(acme.tenant.host).post(link).status_code in (200, 302)
    assert fresh("viewer").email == "viewer@acme.test"
    assert fresh("guest").email == "guest@acme.test"
    assert not EmailAddress.objects.filter(user=acme.viewer, verified=True, email="guest@acme.test").exists()


@pytest.mark.parametrize(
    "address", [*hostile.UNSENDABLE, hostile.NUL, hostile.MEGABYTE], ids=lambda text: ascii(text)[:20]
)
def test_address_that_mail_cannot_reach_is_refused(client_as, mailoutbox, acme, address):
    client = client_as("viewer")
    prove_again(client)
    assert client.post("/account/email/", {"email": address, "action_add": ""}).status_code == 200
    assert EmailAddress.objects.filter(user=acme.viewer).count() == 1
    assert mailoutbox == []
