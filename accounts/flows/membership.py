"""Changing what a member may do, and a member's leaving. One place for every path.

Two rules hold on all of them: nobody hands out, changes or takes a right that he does not hold, and the
organisation never loses its last active owner. The second is kept by a lock on the owner role's row, so
that two owners who leave in the same second cannot both be told that the other one stays.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from accounts import access
from accounts.audit import trail
from accounts.exceptions import LastOwner, NotYours
from accounts.models import DirectoryTask, Invitation, Role, SignInTicket, SyncedRole, User
from accounts.providers.directory import Can
from accounts.roles import OWNER
from accounts.shares import shareable_models
from tenants.schema import current_tenant

from . import api_keys, people, role_sync
from . import directory as at_provider

Deed = DirectoryTask.Deed


@transaction.atomic
def change_role(*, actor: User, member: User, role: Role) -> None:
    """Give `member` this role instead of those he has. Raises NotYours, LastOwner."""
    actor, member = _lock(actor, member)
    demand_may_manage(actor, member, "accounts.change_user")
    if not role.permission_names <= access.role_permissions(actor):
        raise NotYours
    with _keeping_an_owner(), trail.act("role_changed", member):
        member.groups.set([role.group])
        if not member.is_local:
            _change_at_provider(member, role)


def _change_at_provider(member: User, role: Role) -> None:
    is_told = at_provider.can(current_tenant(), Can.SET_ROLES)
    role_sync.changed_here(member, role, is_told=is_told)
    at_provider.tell(Deed.SET_ROLES, user=member, roles=[role])


@transaction.atomic
def deactivate(*, actor: User, member: User) -> None:
    """Stop an account: nobody can sign in with it, and its sessions end. Roles and grants are kept."""
    actor, member = _lock(actor, member)
    demand_may_manage(actor, member, "accounts.change_user")
    with _keeping_an_owner(), trail.act("deactivated", member):
        member.is_active = member.stopped_by_provider = False
        member.save(update_fields=["is_active", "stopped_by_provider"])
        end_sessions(member)
        at_provider.tell(Deed.DEACTIVATE, user=member)


@transaction.atomic
def reactivate(*, actor: User, member: User) -> None:
    actor, member = _lock(actor, member)
    demand_may_manage(actor, member, "accounts.change_user")
    with trail.act("reactivated", member):
        member.is_active, member.stopped_by_provider = True, False
        member.save(update_fields=["is_active", "stopped_by_provider"])
        at_provider.tell(Deed.REACTIVATE, user=member)


@transaction.atomic
def remove(*, actor: User, member: User) -> None:
    """End a membership: sessions, roles, grants and open invitations go, the name stays in history."""
    actor, member = _lock(actor, member)
    demand_may_manage(actor, member, "accounts.delete_user")
    with _keeping_an_owner(), trail.act("member_removed", member):
        _end_membership(member)
        at_provider.tell(Deed.REMOVE, user=member)


@transaction.atomic
def leave(*, member: User) -> None:
    """The member himself goes. Raises LastOwner."""
    member = _lock(member, member)[1]
    with _keeping_an_owner(), trail.act("member_left", member):
        _end_membership(member)
        at_provider.tell(Deed.REMOVE, user=member)


# --- By the provider's word, which counts even for the last owner --------------------------------------


@transaction.atomic
def ended_there(member: User) -> None:
    """The provider says that he no longer belongs to the organisation."""
    member = _lock(member, member)[1]
    with trail.act("member_removed", member):
        lost = _roles_of(member)
        _end_membership(member, by_provider=True)
        role_sync.warn_without_owner(lost)


@transaction.atomic
def stopped_there(member: User) -> None:
    """The provider has disabled him in this organisation."""
    member = _lock(member, member)[1]
    with trail.act("deactivated", member):
        member.is_active, member.stopped_by_provider = False, True
        member.save(update_fields=["is_active", "stopped_by_provider"])
        end_sessions(member)
        role_sync.warn_without_owner(_roles_of(member))


@transaction.atomic
def back_there(member: User) -> None:
    """The provider has enabled him again. Who was deactivated here stays so."""
    member = _lock(member, member)[1]
    if member.stopped_by_provider and not member.is_active:
        with trail.act("reactivated", member):
            member.is_active, member.stopped_by_provider = True, False
            member.save(update_fields=["is_active", "stopped_by_provider"])


def _roles_of(member: User) -> set[int]:
    return set(Role.objects.filter(group__user=member).values_list("pk", flat=True))


def _end_membership(member: User, *, by_provider: bool = False) -> None:
    """Whom his provider took away it may bring again; whoever goes here comes back by an invitation alone."""
    member.is_active = member.staff_at_provider = False
    member.stopped_by_provider = by_provider
    member.removed_at = timezone.now()
    member.set_unusable_password()
    changed = ["is_active", "removed_at", "password", "staff_at_provider", "stopped_by_provider"]
    member.save(update_fields=changed)
    member.groups.clear()
    SyncedRole.objects.filter(user=member).delete()
    for model in shareable_models():
        access.user_grants(model).objects.filter(user=member).delete()
    _withdraw_invitations(member)
    api_keys.revoke_all_of(member)
    SignInTicket.objects.filter(user=member).delete()
    Authenticator.objects.filter(user=member).delete()  # an old phone does not come back with its owner
    EmailAddress.objects.filter(user=member, verified=False).delete()  # nor does a change of address under way
    end_sessions(member)
    people.leave_directory(member, member.email)


def _withdraw_invitations(member: User) -> None:
    """Those that he has sent, at the provider as well: its own mail would let people in there for a role."""
    sent = Invitation.objects.select_for_update(of=("self",)).filter(invited_by=member)
    for invitation in sent.open():
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        at_provider.tell(Deed.WITHDRAW, email=invitation.email)


def end_sessions(member: User, keep: str | None = None) -> None:
    """End every session of `member`, but for the one with the key `keep`."""
    sessions = UserSession.objects.filter(user=member).exclude(session_key=keep)
    Session.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
    sessions.delete()


def demand_may_manage(actor: User, member: User, permission: str) -> None:
    """The actor has the right, is somebody else, and holds every right that the member holds."""
    access.require(actor, permission)
    if actor.pk == member.pk or not access.permissions_of_roles(member) <= access.role_permissions(actor):
        raise NotYours


def _lock(actor: User, member: User) -> tuple[User, User]:
    """Both people as they are now. The owner role's row is locked first: the count of owners depends on it,
    and with it no two changes of membership run at once, so what is asked of the actor holds to the end.
    Raises User.DoesNotExist when `member` has left meanwhile.
    """
    people.lock_owner_role()
    member = User.objects.members().select_for_update(no_key=True, of=("self",)).get(pk=member.pk)
    return access.reread(actor), member


@contextmanager
def _keeping_an_owner() -> Iterator[None]:
    """Raise LastOwner, which rolls the change back, if it leaves nobody in charge: none of the owners who can come in
    or, until the first of them does so by a newly connected provider, none at all.
    """
    owners = people.owners_here()
    if not owners.exists():
        owners = User.objects.members().active().holding(OWNER)
    yield
    if not owners.exists():
        raise LastOwner
