"""The one door: who may do what to which row. Pages, lists, counts, search, forms, admin and API ask here.

A role opens every row of its tenant, a grant opens one row, and a request passes if either does. A grant
on a container (a category) reaches the rows inside it; adding is granted on the container, since the row
does not exist yet. A model whose rows can be granted one by one derives from `Shareable`.

Source: docs/permissions.md, docs/decisions/0004-one-door.md
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from tenants.schema import current_schema, current_tenant


@dataclass(frozen=True)
class Container:
    """How grants on a container reach the rows inside it.

    `via` is the row's foreign key to it; `rights` maps a permission on the row to the permission that
    must be granted on the container; `add` is the container's permission to make rows in it.
    """

    via: str
    add: str
    rights: dict[str, str] = field(default_factory=dict)


class AccessQuerySet(models.QuerySet):
    """A queryset that can be narrowed to what somebody may see or do."""

    def for_user(self, user, permission: str | None = None):
        """Rows on which `user` has `permission` (`app.action_model`; the model's view right by default)."""
        return narrow(self, user, permission or view_permission(self.model))


class Shareable(models.Model):
    """A model with object rights: its queryset derives from AccessQuerySet, and it has two grant models
    that subclass guardian's direct foreign-key bases.
    """

    container: Container | None = None

    class Meta:
        abstract = True

    @classmethod
    def container_model(cls) -> "type[Shareable]":
        assert cls.container, f"{cls.__name__} lies in no container"  # noqa: S101
        return cls._meta.get_field(cls.container.via).related_model  # type: ignore[return-value]

    @classmethod
    def reach(cls, granted: models.QuerySet) -> Q:
        """Which rows a set of granted keys opens. A tree overrides it to reach what lies below."""
        return Q(pk__in=granted)

    def enclosing(self) -> list["Shareable"]:
        """The containers whose grants reach this row, the nearest first."""
        return []

    @classmethod
    def open_to_visitors(cls) -> Q | None:
        """Rows that anyone may view while the tenant's catalogue is public; None for none."""
        return None


# --- Questions ------------------------------------------------------------------------------------


def role_permissions(user) -> frozenset[str]:
    """The rights that `user` has through roles, as `app.codename`. One query, remembered on the instance.

    Remembered with the schema it was read in: an instance carried into another tenant asks again.
    A credential that may do less than its holder (an API key) cuts them: see `within_limits`.
    """
    if not (user.is_authenticated and user.is_active):
        return frozenset()
    held = permissions_of_roles(user)
    return held if user.limits is None else held & user.limits


def within_limits(user, permission: str) -> bool:
    """Does the credential of this request let its holder use this right, should he have it?"""
    limits = getattr(user, "limits", None)  # a visitor has none
    return limits is None or permission in limits


def permissions_of_roles(user) -> frozenset[str]:
    """The same, whether or not the account is active: what reactivating it would give back."""
    schema, known = getattr(user, "_role_permissions", (None, frozenset()))
    if schema != current_schema():
        names = Permission.objects.using(user._state.db).filter(group__user=user)
        known = frozenset(f"{app}.{code}" for app, code in names.values_list("content_type__app_label", "codename"))
        user._role_permissions = (current_schema(), known)
    return known


def allows(user, permission: str, obj: models.Model | None = None) -> bool:
    """May `user` do this (to `obj`)? Without `obj`: to every row, that is, by role."""
    if permission in role_permissions(user):
        return True
    if not isinstance(obj, Shareable) or obj.pk is None:
        return False
    return narrow(type(obj)._default_manager.filter(pk=obj.pk), user, permission).exists()


def may_list(user, permission: str) -> bool:
    """May `user` open a list at all? For shareable models yes, and the list says which rows."""
    if not within_limits(user, permission):
        return False
    return permission in role_permissions(user) or issubclass(model_of(permission), Shareable)


def may_add(user, permission: str) -> bool:
    """May `user` add a row: by role, or because some container lets him?"""
    if permission in role_permissions(user):
        return True
    model = model_of(permission)
    return issubclass(model, Shareable) and containers(user, model).exists()


def may_try(user, permission: str) -> bool:
    """May there be anything on which `user` has this right? Asked before any row is fetched."""
    return may_add(user, permission) if ".add_" in permission else may_list(user, permission)


def containers(user, model: type[Shareable]) -> models.QuerySet:
    """The containers into which `user` may put new rows of `model`. By role: all that he may view."""
    if model.container is None:
        return model._default_manager.none()
    target = model.container_model()
    if add_permission(model) in role_permissions(user):
        return narrow(target._default_manager.all(), user, view_permission(target))
    return narrow(target._default_manager.all(), user, model.container.add)


def may_move(user, obj: Shareable, into: Shareable | None) -> bool:
    """May `user` put `obj`, as it is stored now, into the container `into`?

    Whoever holds grants there, the mover included, gets the same rights on `obj`. So moving hands out
    rights as sharing does, and the mover must hold each of them himself.
    """
    if into is None:
        return True
    model, places = type(into), [into, *into.enclosing()]
    codes: set[str] = set()
    for grants in (user_grants(model), group_grants(model)):
        codes.update(grants.objects.filter(content_object__in=places).values_list("permission__codename", flat=True))
    granted = {f"{model._meta.app_label}.{code}" for code in codes}
    if obj.container:
        granted = {own for own, outer in obj.container.rights.items() if outer in granted}
    return holds_all(user, granted, obj)


def narrow(queryset: models.QuerySet, user, permission: str) -> models.QuerySet:
    """The rows of `queryset` on which `user` has `permission`. The rule itself; all else here calls it."""
    if permission in role_permissions(user):
        return queryset
    model = queryset.model
    if not issubclass(model, Shareable) or not within_limits(user, permission):
        return queryset.none()
    opened = _visible_to_visitors(model, permission)
    if user.is_authenticated and user.is_active:
        opened |= _granted(model, user, permission)
    return queryset.filter(opened) if opened else queryset.none()


def _granted(model: type[Shareable], user, permission: str) -> Q:
    """Rows opened by grants: to the person, to one of his roles, on the row or on its container."""
    codename = permission.partition(".")[2]
    opened = Q()
    for grants, holder in (
        (user_grants(model), {"user": user}),
        (group_grants(model), {"group__user": user}),
    ):
        granted = grants.objects.filter(permission__codename=codename, **holder)
        opened |= model.reach(granted.values("content_object_id"))
    container = model.container
    if container and permission in container.rights:
        target = model.container_model()
        inside = target._default_manager.filter(_granted(target, user, container.rights[permission]))
        opened |= Q(**{f"{container.via}__in": inside.values("pk")})
    return opened


@cache
def _grant_model(model: type[Shareable], base: type[models.Model]) -> type[Any]:
    """The direct grant model of `model`. Raises LookupError where there is none (a start-up error, E003).

    guardian's own look-up asks the database for content types, which a system check cannot.
    """
    for relation in model._meta.related_objects:
        if issubclass(relation.related_model, base) and relation.field.name == "content_object":
            return relation.related_model
    raise LookupError(f"{model.__name__} has no {base.__name__} with a foreign key `content_object`")


def user_grants(model: type[Shareable]) -> type[Any]:
    return _grant_model(model, UserObjectPermissionBase)


def group_grants(model: type[Shareable]) -> type[Any]:
    return _grant_model(model, GroupObjectPermissionBase)


def _visible_to_visitors(model: type[Shareable], permission: str) -> Q:
    if permission == view_permission(model) and catalogue_is_public():
        return model.open_to_visitors() or Q()
    return Q()


def catalogue_is_public() -> bool:
    """The tenant's switch: visitors may see what is published."""
    return getattr(current_tenant(), "catalogue_is_public", False)


# --- Demands --------------------------------------------------------------------------------------


def require(user, permission: str, obj: models.Model | None = None) -> None:
    """Raise PermissionDenied unless `allows`. Called again after a save, inside the transaction."""
    if not allows(user, permission, obj):
        raise PermissionDenied(permission)


def require_for_write(user, permission: str, obj: models.Model | None = None) -> None:
    """The same just before a write: nothing takes effect after a right was taken away."""
    hold(user)
    require(user, permission, obj)


def require_add(user, obj: Shareable) -> None:
    """May `user` add this row, not saved yet, where it says it belongs? By role, where he may see the container,
    or by a grant on it.
    """
    hold(user)
    model = type(obj)
    inside = model.container and getattr(obj, f"{model.container.via}_id")
    if containers(user, model).filter(pk=inside).exists():
        return
    require(user, add_permission(model))
    if inside is not None:  # a place that he may not see, or that is not there
        raise PermissionDenied(add_permission(model))


def stored_for_write(user, permission: str, obj: models.Model):
    """The row as it is stored now, locked until the commit, if `user` may do this to it.

    The actor first, the row second, as sharing does: in another order two could wait in a circle.
    Raises PermissionDenied, and the model's DoesNotExist for a row that has gone meanwhile.
    """
    hold(user)
    stored = type(obj)._default_manager.select_for_update(of=("self",)).get(pk=obj.pk)
    require(user, permission, stored)
    return stored


def hold(user) -> None:
    """Lock the actor's own row until the commit, and forget what was known of his rights.

    Whoever takes a role away locks that row too (flows/membership.py): either he waits for the write to
    come, or the question to come sees that the right is gone. Raises PermissionDenied if the person is.
    A credential of its own row (an API key) is asked and locked likewise, by `user.credential_stands`.
    """
    # `user` may be the request's lazy one: its type and its __dict__ are not the person's.
    locked = user._meta.model._default_manager.select_for_update(no_key=True, of=("self",))
    if not locked.filter(pk=user.pk, is_active=True).exists():
        raise PermissionDenied("inactive")
    if not getattr(user, "credential_stands", lambda: True)():
        raise PermissionDenied("revoked")
    user._role_permissions = (None, frozenset())


def reread(user):
    """The person as he is stored now, under the limits of the credential that he came with."""
    fresh = user._meta.model._default_manager.get(pk=user.pk)
    fresh.limits = user.limits
    return fresh


def holds_all(user, permissions: Iterable[str], obj: models.Model | None = None) -> bool:
    """Does `user` hold every one of these? Nobody hands out a right that he does not hold."""
    return all(allows(user, permission, obj) for permission in permissions)


# --- Names ----------------------------------------------------------------------------------------


def permission_for(model: type[models.Model], action: str) -> str:
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def view_permission(model: type[models.Model]) -> str:
    return permission_for(model, "view")


def add_permission(model: type[models.Model]) -> str:
    return permission_for(model, "add")


def model_of(permission: str) -> type[models.Model]:
    """`catalog.change_product` -> Product. Raises LookupError where a name has no such model."""
    app_label, _dot, codename = permission.partition(".")
    names = codename.split("_")
    for start in range(1, len(names)):
        try:
            return apps.get_model(app_label, "".join(names[start:]))
        except LookupError:
            continue
    raise LookupError(f"{permission} names no model")
