"""The same thing twice in one instant: real threads, real connections, real commits."""

import pytest
from django.core import mail
from django.core.cache import cache

from accounts.flows import people
from accounts.models import Invitation, Role, User
from tenants.schema import in_tenant
from tests.conftest import HostClient

from .mails import path_in
from .races import at_once

pytestmark = pytest.mark.real

ROUNDS = 50
FORM = {"name": "Ann New", "password": "correct horse battery"}


def client_of(world, person: User | None = None) -> HostClient:
    client = HostClient(world.tenant.host)
    if person:
        with in_tenant(world.tenant):
            person = User.objects.get(pk=person.pk)  # his password may be another one by now
        client.sign_in(person, world.tenant)
    return client


def invite(world, address: str) -> str:
    """An invitation through the page; the path of its link."""
    cache.clear()  # many rounds in one minute are no attack here
    client_of(world, world.owner).post("/invitations/new/", {"addresses": address, "role": "editor"})
    return path_in(mail.outbox[-1], world.tenant)


@pytest.fixture
def two_owners(racing):
    with in_tenant(racing.tenant):
        role = Role.objects.get(key="owner")
        second = people.make_member(email="second@racing.test", name="Second", password="x", role=role)
    return racing.owner, second


def restore_owners(world, owners) -> None:
    with in_tenant(world.tenant):
        for owner in owners:
            User.objects.filter(pk=owner.pk).update(is_active=True, removed_at=None)
            owner.groups.set([Role.objects.get(key="owner").group])


def count_owners(world) -> int:
    with in_tenant(world.tenant):
        return User.objects.active().holding("owner").count()


def test_two_owners_leaving_at_once_leave_one_behind(racing, two_owners):
    for _round in range(ROUNDS):
        restore_owners(racing, two_owners)
        clients = [client_of(racing, owner) for owner in two_owners]
        answers = at_once(*[lambda c=client: c.post("/members/leave/").status_code for client in clients])
        assert sorted(answers) == [302, 409]
        assert count_owners(racing) == 1


def test_two_owners_demoting_each_other_at_once_leave_one_behind(racing, two_owners):
    paths = [f"/members/{owner.pk}/role/" for owner in reversed(two_owners)]
    for _round in range(ROUNDS):
        restore_owners(racing, two_owners)
        clients = [client_of(racing, owner) for owner in two_owners]
        acts = [lambda c=c, p=p: c.post(p, {"role": "viewer"}).status_code for c, p in zip(clients, paths, strict=True)]
        assert sorted(at_once(*acts)) == [302, 403]
        assert count_owners(racing) == 1


def test_one_owner_leaving_while_the_other_removes_him(racing, two_owners):
    first, second = two_owners
    for _round in range(10):
        restore_owners(racing, two_owners)
        leaver, remover = client_of(racing, first), client_of(racing, second)
        _left, removed = at_once(
            lambda c=leaver: c.post("/members/leave/").status_code,
            lambda c=remover: c.post(f"/members/{first.pk}/remove/").status_code,
        )
        assert removed in (302, 404)
        assert count_owners(racing) == 1


def test_twenty_acceptances_at_once_make_one_member(racing):
    for number in range(3):
        address = f"ann{number}@racing.test"
        link = invite(racing, address)
        clients = [client_of(racing) for _each in range(20)]
        answers = at_once(*[lambda c=client, to=link: c.post(to, FORM).status_code for client in clients])
        assert sorted(answers) == [302] + [410] * 19
        with in_tenant(racing.tenant):
            assert User.objects.filter(email=address).count() == 1
            assert Invitation.objects.get(email=address).accepted_by.email == address


def test_acceptance_against_withdrawal_has_one_winner(racing):
    winners = set()
    for number in range(20):
        address = f"bob{number}@racing.test"
        link = invite(racing, address)
        with in_tenant(racing.tenant):
            invitation = Invitation.objects.get(email=address)
        visitor, admin = client_of(racing), client_of(racing, racing.admin)
        accepted, _answer = at_once(
            lambda c=visitor, to=link: c.post(to, FORM).status_code,
            lambda c=admin, pk=invitation.pk: c.post(f"/invitations/{pk}/revoke/").status_code,
        )
        with in_tenant(racing.tenant):
            invitation.refresh_from_db()
            is_member = User.objects.filter(email=address).exists()
        assert (accepted == 302) is is_member is bool(invitation.accepted_at)
        assert bool(invitation.accepted_at) is not bool(invitation.revoked_at)
        winners.add(is_member)
    assert winners


def test_same_address_invited_twice_at_once_gets_one_invitation(racing):
    for number in range(10):
        address = f"cat{number}@racing.test"
        clients = [client_of(racing, person) for person in (racing.owner, racing.admin)]
        form = {"addresses": address, "role": "viewer"}
        answers = at_once(*[lambda c=client, f=form: c.post("/invitations/new/", f).status_code for client in clients])
        assert answers == [302, 302]
        with in_tenant(racing.tenant):
            assert Invitation.objects.filter(email=address).count() == 1


def test_nobody_invites_after_his_removal_has_been_committed(racing):
    """Whichever comes first: an invitation that is open afterwards was not written by a removed member."""
    for number in range(20):
        address = f"dog{number}@racing.test"
        with in_tenant(racing.tenant):
            User.objects.filter(pk=racing.admin.pk).update(is_active=True, removed_at=None)
            people.record_address(User.objects.get(pk=racing.admin.pk), verified=True)
            racing.admin.groups.set([Role.objects.get(key="admin").group])
        admin, owner = client_of(racing, racing.admin), client_of(racing, racing.owner)
        form = {"addresses": address, "role": "viewer"}
        at_once(
            lambda c=admin, f=form: c.post("/invitations/new/", f),
            lambda c=owner: c.post(f"/members/{racing.admin.pk}/remove/"),
        )
        with in_tenant(racing.tenant):
            assert not Invitation.objects.open().filter(email=address).exists()
