"""Changing what a member may do, and a member's leaving. One place for every path.

Two rules hold on all of them: nobody hands out, changes or takes a right that he does not hold, and the
organisation never loses its last active owner. The second is kept by a lock on the owner role's row, so
that two owners who leave in the same second cannot both be told that the other one stays.
"""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from accounts import access
from accounts.audit import trail
from accounts.exceptions import LastOwner, NotYours
from accounts.models import Invitation, Role, SignInTicket, User
from accounts.roles import OWNER
from accounts.shares import shareable_models
from tenants import directory
from tenants.schema import current_tenant

from . import api_keys


@transaction.atomic
def change_role(*, actor: User, member: User, role: Role) -> None:
    """Give `member` this role instead of those he has. Raises NotYours, LastOwner."""
    actor, member = _lock(actor, member)
    demand_may_manage(actor, member, "accounts.change_user")
    if not role.permission_names <= access.role_permissions(actor):
        raise NotYours
    with trail.act("role_changed", member):
        member.groups.set([role.group])
    _demand_an_owner()


@transaction.atomic
def deactivate(*, actor: User, member: User) -> None:
    """Stop an account: nobody can sign in with it, and its sessions end. Roles and grants are kept."""
    actor, member = _lock(actor, member)
    demand_may_manage(actor, member, "accounts.change_user")
    with trail.act("deactivated", member):
        member.is_active = False
        member.save(update_fields=["is_active"])
        end_sessions(member)
    _demand_an_owner()


@transaction.atomic
def reactivate(*, actor: User, member: User) -> None:
    actor, member = _lock(actor, member)
    demand_may_manage(actor, member, "accounts.change_user")
    with trail.act("reactivated", member):
        member.is_active = True
        member.save(update_fields=["is_active"])


@transaction.atomic
def remove(*, actor: User, member: User) -> None:
    """End a membership: sessions, roles, grants and open invitations go, the name stays in history."""
    actor, member = _lock(actor, member)
    demand_may_manage(actor, member, "accounts.delete_user")
    with trail.act("member_removed", member):
        _end_membership(member)


@transaction.atomic
def leave(*, member: User) -> None:
    """The member himself goes. Raises LastOwner."""
    member = _lock(member, member)[1]
    with trail.act("member_left", member):
        _end_membership(member)


def _end_membership(member: User) -> None:
    member.is_active = False
    member.removed_at = timezone.now()
    member.set_unusable_password()
    member.save(update_fields=["is_active", "removed_at", "password"])
    member.groups.clear()
    for model in shareable_models():
        access.user_grants(model).objects.filter(user=member).delete()
    Invitation.objects.open().filter(invited_by=member).update(revoked_at=timezone.now())
    api_keys.revoke_all_of(member)
    SignInTicket.objects.filter(user=member).delete()
    Authenticator.objects.filter(user=member).delete()  # an old phone does not come back with its owner
    EmailAddress.objects.filter(user=member, verified=False).delete()  # nor does a change of address under way
    end_sessions(member)
    directory.leave(member.email, current_tenant())
    _demand_an_owner()


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
    list(Role.objects.select_for_update(no_key=True, of=("self",)).filter(key=OWNER))
    member = User.objects.members().select_for_update(no_key=True, of=("self",)).get(pk=member.pk)
    return access.reread(actor), member


def _demand_an_owner() -> None:
    """Raise LastOwner, which rolls the change back, if it left nobody in charge."""
    if not User.objects.members().active().holding(OWNER).exists():
        raise LastOwner
