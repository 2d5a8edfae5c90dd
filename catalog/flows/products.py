"""Adding, changing and deleting products. `fields` and `changes` are clean values by field name."""

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import access, new_rows, places
from accounts.audit import trail
from accounts.new_rows import Condition
from accounts.places import Place
from catalog.exceptions import CatalogError, MoveRefused, NoSuchPlace, RowRefused, StaleVersion
from catalog.models import Category, Product
from catalog.pictures import discard_after_commit

from . import conflicts

VIEW, CHANGE = "catalog.view_product", "catalog.change_product"


def add(*, actor, fields: Mapping[str, Any]) -> Product:
    """Store a new product. What one has made under a grant on the category, one may go on with.

    Raises PermissionDenied, NoSuchPlace, Taken.
    """
    product = Product(**fields)
    with conflicts.told(), transaction.atomic():
        seen = places.seen(actor, Product, product.category_id, CHANGE)
        if seen is None or not _store(actor, product, seen.place, seen.still):
            _store(actor, product, _place(actor, product))
    return product


@transaction.atomic
def add_all(*, actor, rows: Sequence[Mapping[str, Any]]) -> list[Product]:
    """Store all of these or none. Raises RowRefused."""
    products = [Product(**fields) for fields in rows]
    open_to_him = places.held(actor, Product, {product.category_id for product in products}, CHANGE)
    for index, product in enumerate(products):
        with _row(index), conflicts.told():
            _store(actor, product, _found(actor, product, open_to_him))
    return products


def _store(actor, product: Product, place: Place, provided: Condition | None = None) -> bool:
    """False if the condition does not hold any more."""
    product.category = place.container
    product.record_change(actor)
    # Asked of his roles, not of the credential: a narrow key leaves no grant behind that he did not need.
    needs_grants = CHANGE not in access.permissions_of_roles(actor) and not place.opens
    return new_rows.store(product, maker=actor, rights=[VIEW, CHANGE] if needs_grants else [], provided=provided)


def change(*, actor, product: Product, changes: Mapping[str, Any], version: int | None = None) -> Product:
    """Write `changes` onto the row as it is stored now, and return it. `version` is the one that was read, if known.

    Raises PermissionDenied, Product.DoesNotExist, StaleVersion, NoSuchPlace, MoveRefused, Taken.
    """
    with conflicts.told(), transaction.atomic():
        stored = access.stored_for_write(actor, CHANGE, product)
        return _write(actor, stored, changes, version)


@dataclass(frozen=True)
class Change:
    """What is to become of the product of that key."""

    pk: int
    changes: Mapping[str, Any]
    version: int | None = None


@transaction.atomic
def change_all(*, actor, rows: Sequence[Change]) -> list[Product]:
    """Write all of these changes or none. Each key stands there once. Raises RowRefused."""
    access.hold(actor)
    named = Product.objects.filter(pk__in=[row.pk for row in rows])
    # Locked in the order of their keys: two such writes at once wait for each other, and in no circle.
    stored = {product.pk: product for product in named.select_for_update(of=("self",)).order_by("pk")}
    visible = set(named.for_user(actor).values_list("pk", flat=True))
    changeable = set(named.for_user(actor, CHANGE).values_list("pk", flat=True))
    for index, row in enumerate(rows):
        with _row(index), conflicts.told():
            if row.pk not in visible:
                raise Product.DoesNotExist
            if row.pk not in changeable:
                raise PermissionDenied(CHANGE)
            _write(actor, stored[row.pk], row.changes, row.version)
    return [stored[row.pk] for row in rows]


def _write(actor, stored: Product, changes: Mapping[str, Any], version: int | None) -> Product:
    if version is not None and stored.version != version:
        raise StaleVersion(stored)
    place, picture = stored.category_id, stored.picture
    _demand_move(actor, stored, changes.get("category_id", place))
    for name, value in one_picture(changes).items():
        setattr(stored, name, value)
    stored.record_change(actor)
    stored.save()
    if stored.category_id != place:
        access.require(actor, VIEW, stored)
    if stored.picture != picture:
        discard_after_commit(picture)
    return stored


@contextmanager
def _row(index: int):
    """Say of which row an error is."""
    try:
        yield
    except (CatalogError, PermissionDenied, Product.DoesNotExist) as error:
        raise RowRefused(index, error) from error


@transaction.atomic
def delete(*, actor, product: Product, version: int | None = None) -> None:
    """Raises PermissionDenied, Product.DoesNotExist, StaleVersion."""
    stored = access.stored_for_write(actor, "catalog.delete_product", product)
    if version is not None and stored.version != version:
        raise StaleVersion(stored)
    discard_after_commit(stored.picture)
    with trail.act("deleted", stored):
        stored.delete()


def one_picture(changes: Mapping[str, Any]) -> dict[str, Any]:
    """A product shows an uploaded picture or one on the web: whichever comes takes the other's place."""
    if changes.get("picture"):
        return {**changes, "picture_url": ""}
    if changes.get("picture_url"):
        return {**changes, "picture": ""}
    return dict(changes)


def _place(actor, product: Product) -> Place:
    """Where this one says it belongs, if `actor` may put new products there. Holds the actor."""
    return _found(actor, product, places.held(actor, Product, {product.category_id}, CHANGE))


def _found(actor, product: Product, open_to_him: Mapping[int, Place]) -> Place:
    """Who cannot see the place is told that there is none."""
    if product.category_id in open_to_him:
        return open_to_him[product.category_id]
    if Category.objects.for_user(actor).filter(pk=product.category_id).exists():
        raise PermissionDenied("catalog.add_product")
    raise NoSuchPlace("category")


def _demand_move(actor, stored: Product, category_id: int) -> None:
    """Another category: he may add there, and hands out no right that he lacks."""
    if category_id == stored.category_id:
        return
    place = _place(actor, Product(category_id=category_id))
    if not access.may_move(actor, stored, place.container):
        raise MoveRefused("category")
