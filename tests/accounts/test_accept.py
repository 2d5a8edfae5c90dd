"""The page that an invitation's link leads to: who may come in, once, as what."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.flows import membership
from accounts.models import Invitation, User
from tests.conftest import HostClient
from tests.world import PASSWORD

from . import hostile
from .pages import Page
from .test_sign_in import is_signed_in

ANN = "ann@acme.test"
FORM = {"name": "Ann New", "password": PASSWORD}


def ann() -> User | None:
    return User.objects.filter(email=ANN).first()


def test_form_makes_a_member_with_a_proven_address_and_the_rows_role(visitor, invited, acme, in_directory):
    invitation, link = invited()
    assert visitor.post(link, FORM).status_code == 302
    member = ann()
    assert ([role.key for role in member.roles], member.name, member.has_proven_address) == (
        ["editor"],
        "Ann New",
        True,
    )
    assert member.check_password(PASSWORD)
    assert is_signed_in(visitor)
    invitation.refresh_from_db()
    assert (invitation.state, invitation.accepted_by) == ("accepted", member)
    assert in_directory(ANN, acme.tenant)


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_opening_the_link_changes_nothing(visitor, invited, method):
    _invitation, link = invited()
    before = Invitation.objects.values().get()
    assert getattr(visitor, method)(link).status_code == 200
    assert Invitation.objects.values().get() == before
    assert ann() is None


def test_page_names_organisation_inviter_and_role(visitor, invited, acme):
    _invitation, link = invited()
    words = Page(visitor.get(link)).words
    assert all(word in words for word in (acme.tenant.name, acme.owner.name, "Editor"))


def test_second_click_says_already_used(visitor, invited, acme):
    _invitation, link = invited()
    visitor.post(link, FORM)
    second = HostClient(acme.tenant.host)
    for response in (second.get(link), second.post(link, FORM | {"name": "Eve"})):
        assert response.status_code == 410
        assert "already been used" in Page(response).words
    assert ann().name == "Ann New"
    assert not is_signed_in(second)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"expires_at": timezone.now() - timedelta(seconds=1)}, "expired"), ({"revoked_at": timezone.now()}, "withdrawn")],
)
def test_ended_invitation_opens_nothing(visitor, invited, change, word):
    _invitation, link = invited()
    Invitation.objects.update(**change)
    for response in (visitor.get(link), visitor.post(link, FORM)):
        assert response.status_code == 410
        assert word in Page(response).words
    assert ann() is None


def test_invitation_lasts_seven_days(visitor, invited, clock):
    _invitation, link = invited()
    clock(days=6, hours=23)
    assert visitor.get(link).status_code == 200
    clock(days=7, seconds=1)
    assert visitor.get(link).status_code == 410


def test_page_opened_before_it_was_withdrawn_is_of_no_use(visitor, client_as, invited):
    invitation, link = invited()
    assert visitor.get(link).status_code == 200
    client_as("admin").post(f"/invitations/{invitation.pk}/revoke/")
    assert visitor.post(link, FORM).status_code == 410
    assert ann() is None


def test_link_of_one_tenant_is_unknown_to_another(invited, globex):
    _invitation, link = invited()
    for client in (HostClient(globex.tenant.host), HostClient(globex.tenant.host).sign_in(globex.owner, globex.tenant)):
        assert client.get(link).status_code == client.post(link, FORM).status_code == 404
    assert Invitation.objects.get().accepted_at is None
    assert ann() is None


def flip(token: str, position: int) -> str:
    other = "A" if token[position] != "A" else "B"
    return token[:position] + other + token[position + 1 :]


@pytest.mark.parametrize(
    "change",
    [
        lambda t: flip(t, 0),
        lambda t: flip(t, 20),
        lambda t: t[:-1],
        lambda t: t + "A",
        lambda t: t.swapcase(),
        lambda t: "%00",
        lambda t: "%ED%A0%80",
        lambda t: "x" * 8000,
        lambda t: Invitation.hash(t),
    ],
)
def test_nearly_the_token_is_not_the_token(visitor, invited, change):
    _invitation, link = invited()
    guess = f"/join/{change(link.split('/')[2])}/"
    assert visitor.get(guess).status_code == visitor.post(guess, FORM).status_code == 404
    assert ann() is None


def test_guessing_is_limited(visitor, invited):
    _invitation, link = invited()
    for _try in range(60):
        visitor.get("/join/guess/")
    for response in (visitor.get(link), visitor.post(link, FORM)):
        assert response.status_code == 429
        assert "too often" in Page(response).words
    assert ann() is None


def test_somebody_signed_in_already_is_told_and_sees_a_masked_address(client_as, invited):
    _invitation, link = invited()
    client = client_as("viewer")
    for response in (client.get(link), client.post(link, FORM)):
        assert response.status_code == 403
        assert "a•••@acme.test" in Page(response).words
        assert ANN not in response.content.decode()
    assert Invitation.objects.get().accepted_at is None
    assert ann() is None


@pytest.mark.parametrize(
    "extra",
    [
        {"role": "owner"},
        {"email": "eve@evil.test"},
        {"is_superuser": "1", "is_staff": "1"},
        {"groups": "1"},
        {"invitation": "1", "token": "x"},
    ],
)
def test_nothing_but_name_and_password_is_read_from_the_form(visitor, invited, extra):
    _invitation, link = invited(role="guest")
    visitor.post(link, FORM | extra)
    assert [role.key for role in ann().roles] == ["guest"]
    assert not ann().is_staff
    assert not ann().is_superuser


@pytest.mark.parametrize("fate", ["demoted", "removed", "deactivated", None])
def test_invitation_is_void_when_the_inviter_may_no_longer_give_the_role(visitor, invited, fresh, role, fate):
    _invitation, link = invited(by="admin")
    if fate == "demoted":
        membership.change_role(actor=fresh("owner"), member=fresh("admin"), role=role("editor"))
    elif fate:
        act = {"removed": membership.remove, "deactivated": membership.deactivate}[fate]
        act(actor=fresh("owner"), member=fresh("admin"))
    assert visitor.post(link, FORM).status_code == (410 if fate else 302)
    assert (ann() is None) is bool(fate)


def test_removed_member_invited_again_gets_the_same_row_back(visitor, invited, acme, fresh):
    membership.remove(actor=fresh("owner"), member=fresh("editor"))
    _invitation, link = invited("editor@acme.test", "viewer")
    visitor.post(link, {"name": "Back Again", "password": "another horse battery"})
    member = fresh("editor")
    assert User.objects.filter(email="editor@acme.test").count() == 1
    assert (member.name, member.is_active, member.removed_at) == ("Back Again", True, None)
    assert [role.key for role in member.roles] == ["viewer"]
    assert member.check_password("another horse battery")
    assert is_signed_in(visitor)


def test_removed_members_old_invitations_do_not_come_back_with_him(visitor, invited, fresh):
    _invitation, link = invited(by="admin")
    membership.remove(actor=fresh("owner"), member=fresh("admin"))
    _again, back = invited("admin@acme.test", "admin")
    visitor.post(back, FORM)
    visitor.post("/account/logout/")
    assert visitor.post(link, FORM).status_code == 410
    assert ann() is None


def test_account_made_meanwhile_under_the_address_is_not_taken_over(visitor, invited, acme):
    _invitation, link = invited()
    User.objects.filter(pk=acme.guest.pk).update(email=ANN)
    assert visitor.post(link, FORM).status_code == 410
    assert ann().pk == acme.guest.pk
    assert ann().name == acme.guest.name
    assert not is_signed_in(visitor)


def test_link_sent_again_between_form_and_submit_is_no_longer_known(visitor, invited, monkeypatch):
    from accounts.views import invitations

    invitation, link = invited()
    form_of = invitations.InvitationAcceptView.get_form

    def sent_again_meanwhile(view, *args):
        Invitation.objects.filter(pk=invitation.pk).update(token_hash="another")
        return form_of(view, *args)

    monkeypatch.setattr(invitations.InvitationAcceptView, "get_form", sent_again_meanwhile)
    assert visitor.post(link, FORM).status_code == 404
    assert ann() is None


@pytest.mark.parametrize("password", ["short", "password1234", "1234567890123", "ann@acme.test", ""])
def test_poor_password_is_refused_and_the_name_kept(visitor, invited, password):
    _invitation, link = invited()
    response = visitor.post(link, {"name": "Ann New", "password": password})
    assert response.status_code == 422
    assert Page(response).values["name"] == "Ann New"
    assert not Page(response).values["password"]
    assert ann() is None


@pytest.mark.parametrize("text", [*hostile.INVISIBLE, hostile.MEGABYTE, ""], ids=lambda text: ascii(text)[:20])
def test_hostile_name_is_refused(visitor, invited, text):
    _invitation, link = invited()
    assert visitor.post(link, FORM | {"name": text}).status_code == 422
    assert ann() is None


@pytest.mark.parametrize("text", hostile.PLAIN, ids=ascii)
def test_any_other_name_is_stored_as_typed(visitor, invited, text):
    _invitation, link = invited()
    visitor.post(link, FORM | {"name": text[:80]})
    assert ann().name == text[:80]


def test_address_counts_as_proven_once_accepted(visitor, invited):
    _invitation, link = invited()
    visitor.post(link, FORM)
    assert EmailAddress.objects.get(email=ANN).verified
