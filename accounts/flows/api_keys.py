"""Making and ending API keys. The text of a key leaves this module once, and is stored nowhere."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts import access
from accounts.audit import trail
from accounts.exceptions import NoRoleForKey, NotYours
from accounts.models import RIGHTS_OF_PEOPLE, ApiKey, Role, User
from accounts.shares import rights_of, shareable_models

MAKE_OWN, MAKE_SERVICE = "accounts.add_apikey", "accounts.add_service_apikey"
SEE_ALL, REVOKE_ALL = "accounts.view_apikey", "accounts.delete_apikey"
SERVICE_ISSUER = "service"
PREFIX_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # told apart by eye, for whoever looks for a leaked key


@transaction.atomic
def create(
    *,
    actor: User,
    name: str,
    rights: Iterable[str],
    expires_at: datetime,
    addresses: Iterable[str] = (),
    service: bool = False,
) -> tuple[ApiKey, str]:
    """A new key and its text. A personal key acts as `actor`, a service key as an account of its own.

    `rights` are `app.codename`, `addresses` networks as CIDR. A service account gets the least role of those
    that the actor may give which holds all these rights; the key outlives its maker's membership.
    Raises PermissionDenied, NotYours for a right that the actor does not hold, NoRoleForKey.
    """
    demand_a_person(actor)
    access.require_for_write(actor, MAKE_SERVICE if service else MAKE_OWN)
    wanted = set(rights)
    if not wanted <= rights_for_key(actor, service=service):
        raise NotYours
    prefix, secret = "".join(secrets.choice(PREFIX_LETTERS) for _letter in range(12)), secrets.token_urlsafe(32)
    with trail.act("api_key_created") as act:
        act.obj = key = ApiKey.objects.create(
            user=_service_account(actor, name, wanted) if service else actor,
            name=name,
            prefix=prefix,
            secret_hash=ApiKey.hash(secret),
            rights=sorted(wanted),
            addresses=list(addresses),
            created_by=actor,
            expires_at=expires_at,
        )
    return key, f"tnt_{prefix}_{secret}"


@transaction.atomic
def revoke(*, actor: User, key: ApiKey) -> None:
    """End a key at once, for good: one's own, or anybody's with the right to. Ended before: nothing happens.

    A service account goes with its key. Raises PermissionDenied.
    """
    demand_a_person(actor)
    access.hold(actor)
    if key.user_id != actor.pk:
        access.require(actor, REVOKE_ALL)
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("user").get(pk=key.pk)
    if key.revoked_at:
        return
    key.revoked_at = timezone.now()
    with trail.act("api_key_revoked", key):
        key.save(update_fields=["revoked_at"])
        if key.user.kind == User.Kind.SERVICE:
            key.user.groups.clear()
            key.user.is_active, key.user.removed_at = False, key.revoked_at
            key.user.save(update_fields=["is_active", "removed_at"])


def revoke_all_of(member: User) -> None:
    """The personal keys of somebody who leaves; in the transaction of the leaving."""
    for key in ApiKey.objects.select_for_update(of=("self",)).filter(user=member, revoked_at=None):
        key.revoked_at = timezone.now()
        with trail.act("api_key_revoked", key):
            key.save(update_fields=["revoked_at"])


def demand_a_person(actor: User) -> None:
    """Keys are made and ended by people at the page: not by a key, and not by support on a visit."""
    if actor.limits is not None:
        raise PermissionDenied("a limited credential")


def rights_for_key(actor: User, *, service: bool = False) -> set[str]:
    """What the actor may put into a key: what he holds by role and, for his own, on some row by a grant."""
    held = set(access.role_permissions(actor))
    if not service:
        held |= {right for right in _grantable() - held if _holds_somewhere(actor, right)}
    return held - RIGHTS_OF_PEOPLE


def visible_to(user: User):
    """One's own keys; with the right to see them, everybody's."""
    keys = ApiKey.objects.select_related("user", "created_by")
    return keys if access.allows(user, SEE_ALL) else keys.filter(user_id=user.pk)


def _grantable() -> set[str]:
    return {right for model in shareable_models() for right in rights_of(model)}


def _holds_somewhere(actor: User, right: str) -> bool:
    return access.narrow(access.model_of(right)._default_manager.all(), actor, right).exists()


def _service_account(actor: User, name: str, rights: set[str]) -> User:
    fitting = [role for role in Role.objects.may_be_given_by(actor) if rights <= role.permission_names]
    if not fitting:
        raise NoRoleForKey
    user = User(kind=User.Kind.SERVICE, issuer=SERVICE_ISSUER, name=name, email="")
    user.set_unusable_password()
    user.save()
    user.groups.set([min(fitting, key=lambda role: len(role.permission_names)).group])
    return user
