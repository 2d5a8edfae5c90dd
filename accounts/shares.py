"""Sharing one object with a person or a role, and telling who has access and why."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import models, transaction
from guardian.shortcuts import assign_perm

from . import access, reach
from .audit import trail
from .exceptions import NoLongerMember, NotYours
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
    for giving or taking a right that the actor does not hold on this very object, NoLongerMember.
    """
    grants = _held(actor, obj, principal)
    _set(actor, obj, principal, grants, set(permissions))


@transaction.atomic
def give(*, actor: User, obj: access.Shareable, principal: User | Role, permission: str) -> None:
    """One right more, whatever `principal` holds already. Raises as `grant`."""
    grants = _held(actor, obj, principal)
    _set(actor, obj, principal, grants, _names(grants, obj) | {permission})


@transaction.atomic
def take(*, actor: User, obj: access.Shareable, principal: User | Role, permission: str) -> None:
    """One right less; with the right to view, all of them. Raises as `grant`."""
    grants = _held(actor, obj, principal)
    view = access.view_permission(type(obj))
    left = set() if permission == view else _names(grants, obj) - {permission}
    _set(actor, obj, principal, grants, left)


def to_maker(maker: User, obj: access.Shareable, permissions: Iterable[Permission]) -> list[models.Model]:
    """What one has made, one may go on with: the grants of these rights on a new row, not stored. Nothing is asked."""
    grants = access.user_grants(type(obj))
    return [grants(user=maker, permission=permission, content_object=obj) for permission in permissions]


def rows_of(permissions: Iterable[str]) -> list[Permission]:
    return [reach.permission_row(name) for name in permissions]


def _held(actor: User, obj: access.Shareable, principal: User | Role) -> models.QuerySet:
    """The grants of `principal` on `obj`, which stay as they are until the commit unless we change them."""
    _lock_people(actor, principal)
    access.require_for_write(actor, share_permission(type(obj)), obj)
    type(obj)._default_manager.select_for_update(of=("self",)).get(pk=obj.pk)  # a write in progress ends first
    return direct_grants(obj, principal.group if isinstance(principal, Role) else principal)


def _set(actor: User, obj: access.Shareable, principal: User | Role, grants: models.QuerySet, wanted: set) -> None:
    wanted &= set(rights_of(type(obj)))
    if wanted:
        wanted.add(access.view_permission(type(obj)))
    held = _names(grants, obj)
    if not access.holds_all(actor, wanted ^ held, obj):
        raise NotYours
    holder = principal.group if isinstance(principal, Role) else principal
    with trail.act("shared" if wanted else "unshared", obj):
        grants.filter(permission__codename__in=[_code(name) for name in held - wanted]).delete()
        for permission in sorted(wanted - held):
            assign_perm(permission, holder, obj)


def _names(grants: models.QuerySet, obj: access.Shareable) -> set[str]:
    label = type(obj)._meta.app_label
    return {f"{label}.{code}" for code in grants.values_list("permission__codename", flat=True)}


def _lock_people(actor: User, principal: User | Role) -> None:
    """Until the commit nobody removes either of them. Raises NoLongerMember if that has happened.

    In the order of their keys: two who share with each other at once would wait in a circle.
    """
    people = User.objects.present().select_for_update(no_key=True, of=("self",)).order_by("pk")
    wanted = {person.pk for person in (actor, principal) if isinstance(person, User)}
    if len(people.filter(pk__in=wanted)) < len(wanted):
        raise NoLongerMember


def direct_grants(obj: access.Shareable, holder: User | Group) -> models.QuerySet:
    if isinstance(holder, Group):
        return access.group_grants(type(obj)).objects.filter(content_object=obj, group=holder)
    return access.user_grants(type(obj)).objects.filter(content_object=obj, user=holder)


def explain(obj: access.Shareable) -> list[Share]:
    """Everyone who may at least view `obj`, with the reason: role, grant, or the container it lies in."""
    return [*_by_role(obj), *_by_grants([obj], "grant"), *_by_grants(obj.enclosing(), "container")]


def _by_role(obj: access.Shareable) -> list[Share]:
    order, shares = rights_of(type(obj)), []
    for role in Role.objects.with_permissions():
        held = [name for name in order if name in role.permission_names]
        if held:
            shares.append(Share(role, held, "role"))
    return shares


def _by_grants(objects: list[access.Shareable], reason: str) -> list[Share]:
    """The grants on these rows of one model, row by row as they come. Two queries, however many rows."""
    if not objects:
        return []
    model = type(objects[0])
    rows = {obj.pk: obj for obj in objects}
    users = access.user_grants(model).objects.filter(content_object__in=rows)
    groups = access.group_grants(model).objects.filter(content_object__in=rows, group__role__isnull=False)
    held: dict[tuple[int, User | Role], set[str]] = {}
    for grant in users.select_related("user", "permission"):
        held.setdefault((grant.content_object_id, grant.user), set()).add(grant.permission.codename)
    for grant in groups.select_related("group__role__group", "permission"):
        held.setdefault((grant.content_object_id, grant.group.role), set()).add(grant.permission.codename)
    order, places = rights_of(model), list(rows)
    return [
        Share(
            who, [name for name in order if _code(name) in codes], reason, rows[on] if reason == "container" else None
        )
        for (on, who), codes in sorted(held.items(), key=lambda line: places.index(line[0][0]))
    ]


def words_for(permissions: list[str]) -> dict[str, str]:
    """Permission names as their plain words: `catalog.view_product` -> "Can view product"."""
    codes = [_code(name) for name in permissions]
    rows = Permission.objects.filter(codename__in=codes).select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}": row.name for row in rows}


def _code(permission: str) -> str:
    return permission.partition(".")[2]
