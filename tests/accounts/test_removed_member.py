"""What a removed member leaves behind is dead at the next request: every kind of credential, one by one."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.flows import invite, membership, sign_in
from accounts.models import Invitation, SignInTicket
from catalog.models import CategoryUserGrant, ProductUserGrant
from tests.conftest import HostClient

from .test_membership import share
from .test_sign_in import EDITOR, is_signed_in
from .test_sign_in import sign_in as type_password


@pytest.fixture(params=["removed", "left"])
def ended(request, fresh):
    """`ended("editor")`: the membership is over, by another's hand or by his own."""

    def end(who: str) -> None:
        if request.param == "left":
            membership.leave(member=fresh(who))
        else:
            membership.remove(actor=fresh("owner"), member=fresh(who))

    return end


def test_his_sessions_are_dead(client_as, acme, ended):
    clients = client_as("editor"), client_as("editor")
    assert all(is_signed_in(client) for client in clients)
    ended("editor")
    assert not any(is_signed_in(client) for client in clients)
    keys = [client.cookies[settings.SESSION_COOKIE_NAME].value for client in clients]
    assert not Session.objects.filter(pk__in=keys).exists()
    assert not UserSession.objects.filter(user=acme.editor).exists()


def test_other_peoples_sessions_live_on(client_as, ended):
    colleague = client_as("viewer")
    ended("editor")
    assert is_signed_in(colleague)


def test_his_password_is_dead(visitor, acme, fresh, ended):
    ended("editor")
    type_password(visitor, EDITOR)
    assert not is_signed_in(visitor)
    assert not fresh("editor").has_usable_password()


def test_his_ticket_is_dead(visitor, acme, fresh, ended):
    ticket = sign_in.issue_ticket(fresh("editor"))
    ended("editor")
    assert not SignInTicket.objects.filter(user=acme.editor).exists()
    assert visitor.get(f"/arrive/{ticket}/").status_code == 410
    assert not is_signed_in(visitor)


def test_his_invitations_are_dead(visitor, invited, ended):
    _invitation, link = invited(by="admin")
    ended("admin")
    assert visitor.post(link, {"name": "Ann", "password": "correct horse battery"}).status_code == 410
    assert Invitation.objects.get().state == "revoked"


def test_his_grants_are_gone_and_do_not_come_back(client_as, acme, visitor, invited, ended):
    share(client_as("owner"), acme.coffee, acme.guest)
    ended("guest")
    assert not ProductUserGrant.objects.filter(user=acme.guest).exists()
    assert not CategoryUserGrant.objects.filter(user=acme.guest).exists()
    _invitation, link = invited("guest@acme.test", "guest")
    visitor.post(link, {"name": "Back", "password": "correct horse battery"})
    assert is_signed_in(visitor)
    assert visitor.get(f"/products/{acme.coffee.pk}/").status_code == 404


def test_his_roles_are_gone(fresh, ended):
    ended("editor")
    assert fresh("editor").roles == []
    assert not fresh("editor").is_staff


def test_his_second_factors_are_gone(acme, ended):
    Authenticator.objects.create(user=acme.editor, type="totp", data={"secret": "x"})
    Authenticator.objects.create(user=acme.editor, type="webauthn", data={})
    ended("editor")
    assert not Authenticator.objects.filter(user=acme.editor).exists()


def test_his_change_of_address_under_way_is_gone(acme, ended):
    EmailAddress.objects.create(user=acme.editor, email="elsewhere@acme.test")
    ended("editor")
    assert not EmailAddress.objects.filter(email="elsewhere@acme.test").exists()


def test_his_organisation_is_not_found_by_his_address(acme, ended, in_directory):
    assert in_directory(EDITOR, acme.tenant)
    ended("editor")
    assert not in_directory(EDITOR, acme.tenant)


def test_his_name_stays_in_history(client_as, acme, fresh, ended):
    acme.coffee.created_by = acme.coffee.changed_by = acme.editor
    acme.coffee.save(update_fields=["created_by", "changed_by"])
    ended("editor")
    assert acme.editor.name in client_as("viewer").get(f"/products/{acme.coffee.pk}/").content.decode()


def test_his_form_sent_a_moment_too_late_does_nothing(client_as, acme, ended):
    client = client_as("admin")
    client.get("/invitations/new/")
    ended("admin")
    assert client.post("/invitations/new/", {"addresses": "eve@evil.test", "role": "admin"}).status_code == 302
    assert not Invitation.objects.filter(email="eve@evil.test").exists()


def test_invitation_he_writes_while_he_is_being_removed_comes_to_nothing(acme, fresh, role):
    """The flow looks again, under the lock that the removal takes: the person that it was given is out of date."""
    stale = fresh("admin")
    assert stale.has_perm("accounts.add_invitation")
    membership.remove(actor=fresh("owner"), member=fresh("admin"))
    with pytest.raises(invite.access.PermissionDenied):
        invite.invite(actor=stale, addresses=["eve@evil.test"], role=role("guest"))
    assert not Invitation.objects.exists()


def test_deactivated_members_sessions_end_but_his_grants_and_roles_are_kept(client_as, acme, fresh):
    share(client_as("owner"), acme.coffee, acme.editor)
    client = client_as("editor")
    membership.deactivate(actor=fresh("owner"), member=fresh("editor"))
    assert not is_signed_in(client)
    assert ProductUserGrant.objects.filter(user=acme.editor).exists()
    assert [role.key for role in fresh("editor").roles] == ["editor"]
    membership.reactivate(actor=fresh("owner"), member=fresh("editor"))
    assert not is_signed_in(client)
    assert is_signed_in(HostClient(acme.tenant.host).sign_in(fresh("editor"), acme.tenant))
