"""Sharing one object with a person or a role, and telling who has access and why."""

from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import models, transaction
from guardian.shortcuts import assign_perm

from . import access
from .exceptions import NotYours
from .models import Role, User


@dataclass(frozen=True)
class Share:
    """One line of the share panel: who, what they may do, and why."""

    principal: User | Role
    rights: list[str]
    reason: str
    source: models.Model | None = None

    @property
    def is_direct(self) -> bool:
        return self.source is None and self.reason != "role"

    @property
    def principal_key(self) -> str:
        return f"{'user' if isinstance(self.principal, User) else 'role'}-{self.principal.pk}"


def shareable_models() -> list[type[access.Shareable]]:
    return [model for model in apps.get_models() if issubclass(model, access.Shareable)]


def rights_of(model: type[access.Shareable]) -> list[str]:
    """The permissions that can be granted on one row of `model`, in the order shown."""
    own = [access.permission_for(model, action) for action in ("view", "change", "delete")]
    inside = [
        inner.container.add for inner in shareable_models() if inner.container and inner.container_model() is model
    ]
    return own + inside


def share_permission(model: type[models.Model]) -> str:
    return access.permission_for(model, "share")


@transaction.atomic
def grant(*, actor: User, obj: access.Shareable, principal: User | Role, permissions: list[str]) -> None:
    """Set exactly these rights of `principal` on `obj`; an empty list takes all of them away.

    Viewing comes with every other right. Raises PermissionDenied without the right to share, NotYours
    for a right that the actor does not hold on this very object.
    """
    access.require_for_write(actor, share_permission(type(obj)), obj)
    type(obj)._default_manager.select_for_update(of=("self",)).get(pk=obj.pk)  # a write in progress ends first
    wanted = set(permissions) & set(rights_of(type(obj)))
    if wanted:
        wanted.add(access.view_permission(type(obj)))
    if not access.holds_all(actor, wanted, obj):
        raise NotYours
    holder = principal.group if isinstance(principal, Role) else principal
    direct_grants(obj, holder).exclude(permission__codename__in=[_code(name) for name in wanted]).delete()
    for permission in sorted(wanted):
        assign_perm(permission, holder, obj)


def direct_grants(obj: access.Shareable, holder: User | Group) -> models.QuerySet:
    if isinstance(holder, Group):
        return access.group_grants(type(obj)).objects.filter(content_object=obj, group=holder)
    return access.user_grants(type(obj)).objects.filter(content_object=obj, user=holder)


def explain(obj: access.Shareable) -> list[Share]:
    """Everyone who may at least view `obj`, with the reason: role, grant, or the container it lies in."""
    return [*_by_role(obj), *_by_grant(obj), *_by_containers(obj)]


def _by_role(obj: access.Shareable) -> list[Share]:
    shares = []
    for role in Role.objects.with_permissions():
        held = [name for name in rights_of(type(obj)) if name in role.permission_names]
        if held:
            shares.append(Share(role, held, "role"))
    return shares


def _by_grant(obj: access.Shareable, source: models.Model | None = None) -> list[Share]:
    holders: dict[User | Role, set[str]] = {}
    label = type(obj)._meta.app_label
    users = access.user_grants(type(obj)).objects.filter(content_object=obj)
    for row in users.select_related("user", "permission"):
        holders.setdefault(row.user, set()).add(f"{label}.{row.permission.codename}")
    groups = access.group_grants(type(obj)).objects.filter(content_object=obj, group__role__isnull=False)
    for row in groups.select_related("group__role__group", "permission"):
        holders.setdefault(row.group.role, set()).add(f"{label}.{row.permission.codename}")
    order = rights_of(type(obj))
    reason = "container" if source else "grant"
    return [Share(who, sorted(held, key=order.index), reason, source) for who, held in holders.items()]


def _by_containers(obj: access.Shareable) -> list[Share]:
    return [share for outer in obj.enclosing() for share in _by_grant(outer, source=outer)]


def words_for(permissions: list[str]) -> dict[str, str]:
    """Permission names as their plain words: `catalog.view_product` -> "Can view product"."""
    codes = [_code(name) for name in permissions]
    rows = Permission.objects.filter(codename__in=codes).select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}": row.name for row in rows}


def _code(permission: str) -> str:
    return permission.partition(".")[2]
