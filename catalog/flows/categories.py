"""Adding, changing and deleting categories. The tree is locked while its shape may change."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ProtectedError

from accounts import access
from accounts.audit import trail
from catalog.exceptions import InsideItself, MoveRefused, NoSuchPlace, NotEmpty
from catalog.models import Category

from . import conflicts

CHANGE = "catalog.change_category"


def add(*, actor, fields: Mapping[str, Any]) -> Category:
    """Store a new category. Raises PermissionDenied, NoSuchPlace, Taken."""
    with conflicts.told(), transaction.atomic():
        access.require_for_write(actor, "catalog.add_category")
        Category.objects.hold_tree()
        category = Category(name=fields["name"], parent=_parent(actor, fields.get("parent_id")))
        category.place()
    return category


def change(*, actor, category: Category, changes: Mapping[str, Any]) -> Category:
    """Write `changes` (`name`, `parent_id`) onto the row as it is stored now, and return it.

    Raises PermissionDenied, Category.DoesNotExist, NoSuchPlace, InsideItself, MoveRefused, Taken.
    """
    with conflicts.told(), transaction.atomic():
        access.hold(actor)
        Category.objects.hold_tree()
        stored = access.stored_for_write(actor, CHANGE, category)
        stored.name = changes.get("name", stored.name)
        if changes.get("parent_id", stored.parent_id) != stored.parent_id:
            stored.parent = _new_parent(actor, stored, changes["parent_id"])
        stored.place()
    return stored


@transaction.atomic
def delete(*, actor, category: Category) -> None:
    """Raises PermissionDenied, Category.DoesNotExist, NotEmpty."""
    stored = access.stored_for_write(actor, "catalog.delete_category", category)
    try:
        with trail.act("deleted", stored):
            stored.delete()
    except ProtectedError as error:
        raise NotEmpty from error


def may_choose_parent(actor) -> bool:
    """Only those who may change every category: what lies inside one is reached by its grants."""
    return access.allows(actor, CHANGE)


def _parent(actor, pk: int | None) -> Category | None:
    """The category of that key, as it is now, for somebody who may put others inside it."""
    if pk is None:
        return None
    if not may_choose_parent(actor):
        raise PermissionDenied(CHANGE)
    parent = Category.objects.for_user(actor).filter(pk=pk).first()
    if parent is None:
        raise NoSuchPlace("parent")
    return parent


def _new_parent(actor, stored: Category, pk: int | None) -> Category | None:
    if not may_choose_parent(actor):
        raise PermissionDenied(CHANGE)
    parent = _parent(actor, pk)
    if parent and stored.pk in (parent.pk, *parent.ancestors):
        raise InsideItself
    if not access.may_move(actor, stored, parent):
        raise MoveRefused("parent")
    return parent
