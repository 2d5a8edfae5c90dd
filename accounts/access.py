"""The one door: who may do what to which row. Pages, lists, counts, search, forms, admin and API ask here.

A role opens every row of its tenant, a grant opens one row, and a request passes if either does. A grant
on a container (a category) reaches the rows inside it; adding is granted on the container, since the row
does not exist yet. A model whose rows can be granted one by one derives from `Shareable`.

Source: docs/permissions.md, docs/decisions/0004-one-door.md
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q

from tenants.schema import current_schema, proven_tenant

from . import reach
from .prepared import Prepared
from .shareable import (
    Shareable,
    add_permission,
    group_grants,
    model_of,
    permission_for,
    user_grants,
    view_permission,
)

__all__ = [
    "Shareable",
    "add_permission",
    "group_grants",
    "model_of",
    "permission_for",
    "user_grants",
    "view_permission",
]


class AccessQuerySet(models.QuerySet):
    """A queryset that can be narrowed to what somebody may see or do."""

    def for_user(self, user, permission: str | None = None):
        """Rows on which `user` has `permission` (`app.action_model`; the model's view right by default)."""
        return narrow(self, user, permission or view_permission(self.model))


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
        people = user._meta.model._default_manager.using(user._state.db)
        known = remember_rights(user, current_schema(), people.read_rights(user.pk))
    return known


def remember_rights(user, schema_name: str, held: Iterable[str]) -> frozenset[str]:
    """Note on the instance what was read of it in that schema: whoever looks a person up may read both at once."""
    known = frozenset(held)
    user._role_permissions = (schema_name, known)
    return known


def allows(user, permission: str, obj: models.Model | None = None) -> bool:
    """May `user` do this (to `obj`)? Without `obj`: to every row, that is, by role."""
    if permission in role_permissions(user):
        return True
    if not isinstance(obj, Shareable) or obj.pk is None:
        return False
    return narrow_one(type(obj)._default_manager.filter(pk=obj.pk), user, permission).exists()


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


def containers(user, model: type[Shareable], *, opened=reach.opened) -> models.QuerySet:
    """The containers into which `user` may put new rows of `model`. By role: all that he may view."""
    if model.container is None:
        return model._default_manager.none()
    return narrow(model.container_model()._default_manager.all(), user, right_to_add(user, model), opened=opened)


def right_to_add(user, model: type[Shareable]) -> str:
    """The right that `user` must have on a container to put new rows of `model` into it."""
    assert model.container, f"{model.__name__} lies in no container"  # noqa: S101
    by_role = add_permission(model) in role_permissions(user)
    return view_permission(model.container_model()) if by_role else model.container.add


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


def narrow(queryset: models.QuerySet, user, permission: str, *, opened=reach.opened) -> models.QuerySet:
    """The rows of `queryset` on which `user` has `permission`. The rule itself; all else here calls it.

    `opened` is the form of the question about grants: see accounts/reach.py. Pages of a list have a form of their own,
    which finds the same rows: accounts/listing.py.
    """
    if permission in role_permissions(user):
        return queryset
    model = queryset.model
    if not issubclass(model, Shareable) or not within_limits(user, permission):
        return queryset.none()
    found = open_to_visitors(model, permission)
    if user.is_authenticated and user.is_active:
        found |= opened(model, user.pk, permission)
    return queryset.filter(found) if found else queryset.none()


def narrow_one(queryset: models.QuerySet, user, permission: str) -> models.QuerySet:
    """The same for a queryset of one row, or of a few that are named by their keys."""
    return narrow(queryset, user, permission, opened=reach.opened_one_by_one)


def open_to_visitors(model: type[Shareable], permission: str) -> Q:
    """Rows that anybody may have this right on; empty for none."""
    if permission == view_permission(model) and catalogue_is_public():
        return model.open_to_visitors() or Q()
    return Q()


def catalogue_is_public() -> bool:
    """The tenant's switch: visitors may see what is published."""
    return getattr(proven_tenant(), "catalogue_is_public", False)


# --- Demands --------------------------------------------------------------------------------------


def require(user, permission: str, obj: models.Model | None = None) -> None:
    """Raise PermissionDenied unless `allows`. Called again after a save, inside the transaction."""
    if not allows(user, permission, obj):
        raise PermissionDenied(permission)


def require_for_write(user, permission: str, obj: models.Model | None = None) -> None:
    """The same just before a write: nothing takes effect after a right was taken away."""
    hold(user)
    require(user, permission, obj)


def stored_for_write(user, permission: str, obj: models.Model):
    """The row as it is stored now, locked until the commit, if `user` may do this to it.

    The actor first, the row second, as sharing does: in another order two could wait in a circle.
    Raises PermissionDenied, and the model's DoesNotExist for a row that has gone meanwhile.
    """
    hold(user)
    stored = type(obj)._default_manager.select_for_update(of=("self",)).get(pk=obj.pk)
    require(user, permission, stored)
    return stored


def hold(user, /, *questions: Prepared, **values: Any) -> list[list[tuple]]:
    """Lock the actor's own row until the commit, and read his rights anew. Other questions may go with that in one
    trip; their rows are returned, as they are once he is locked.

    Whoever takes a role away locks that row too (flows/membership.py): either he waits for the write to
    come, or the question to come sees that the right is gone. Raises PermissionDenied if the person is.
    A credential of its own row (an API key) is asked and locked likewise, by `user.credential_stands`.
    """
    # `user` may be the request's lazy one: its type and its __dict__ are not the person's.
    people = user._meta.model._default_manager.using(user._state.db)
    held = people.lock_and_read_rights(user.pk, *questions, **values)
    demand_standing(user, is_there=held is not None)
    rights, found = held
    remember_rights(user, current_schema(), rights)
    return found


def demand_standing(user, *, is_there: bool) -> None:
    """Of an actor who has just been locked: raise PermissionDenied unless he is there and active, and his credential
    stands yet.
    """
    if not is_there:
        raise PermissionDenied("inactive")
    if not getattr(user, "credential_stands", lambda: True)():
        raise PermissionDenied("revoked")


def reread(user):
    """The person as he is stored now, under the limits of the credential that he came with."""
    fresh = user._meta.model._default_manager.get(pk=user.pk)
    fresh.limits = user.limits
    return fresh


def holds_all(user, permissions: Iterable[str], obj: models.Model | None = None) -> bool:
    """Does `user` hold every one of these? Nobody hands out a right that he does not hold."""
    return all(allows(user, permission, obj) for permission in permissions)
