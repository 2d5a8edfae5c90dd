"""Where new rows go: the containers as they are stored now, if somebody may add there, and what he may do inside.

A new row has no grants of its own, so what grants open of it is known of its container before it is stored. The
question goes with the one that locks the actor, in one trip. Of one new row it is even one statement: what is seen
then is from before the lock, and the statement that stores the row asks again whether it holds (`Seen.still`).
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Any, NamedTuple

from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value

from . import access, listing, reach
from .models import User
from .new_rows import Condition
from .prepared import AnyOf, Prepared, Slot, prepare
from .shareable import Shareable

KEY = Slot("place", models.BigIntegerField())
KEYS = Slot("places", ArrayField(models.BigIntegerField()))


class Place(NamedTuple):
    """A container into which somebody may put new rows. `opens`: grants on it give him the right asked about on all
    that is inside.
    """

    container: Any
    opens: bool


class Seen(NamedTuple):
    """A place as it was just before the actor was locked. `still`: all that it rests on is there yet."""

    place: Place
    still: Condition


class Basis(NamedTuple):
    """By what somebody may put new rows of `model` into containers: rights of his roles, or grants of `to_add`.

    `inside` is the right on the rows that grants may give him there; None where his roles do.
    """

    model: type[Shareable]
    to_add: str
    by_role: bool
    by_grants: bool
    public: bool
    roles_rights: tuple[str, ...]
    inside: str | None


def held(user, model: type[Shareable], keys: Collection[int], right: str) -> dict[int, Place]:
    """Those of these containers into which `user` may put new rows of `model`, by their keys.

    The rule is `access.containers`. `right` is one on the rows to come. Holds the actor, and raises as `access.hold`.
    """
    values = {"user": user.pk, "places": list(keys)}
    asked = _question(_basis(user, model, right), KEYS)
    rows = access.hold(user, asked, **values)[0]
    now = _question(_basis(user, model, right), KEYS)
    if now is not asked:  # his roles are others than when the request began
        rows = now.run(user._state.db, **values)
    return {place.container.pk: place for place in (_place(user, model, row) for row in rows)}


def seen(user, model: type[Shareable], key: int, right: str) -> Seen | None:
    """The same of one container, in one statement. Holds the actor, and raises as `access.hold`.

    None: it was not open when looked at. Ask `held` then, and also where `still` fails: it looks under the lock.
    """
    basis, values = _basis(user, model, right), {"user": user.pk, "place": key}
    people = user._meta.model._default_manager.using(user._state.db)
    rows = people.lock_and_look(user.pk, _question(basis, KEY), **values)
    access.demand_standing(user, is_there=rows is not None)
    if not rows:
        return None
    place = _place(user, model, rows[0])
    return Seen(place, Condition(_still(basis, place.opens), values))


def _place(user, model: type[Shareable], row: tuple) -> Place:
    *fields, opens = row
    container = model.container_model()
    return Place(container.from_db(user._state.db, _columns(container), fields), opens)


def _basis(user, model: type[Shareable], right: str) -> Basis:
    """As his roles are known now. What they give him already is not asked of grants."""
    rights = access.role_permissions(user)
    to_add = access.right_to_add(user, model)
    by_role = to_add in rights
    by_grants = not by_role and listing.has_grants(model.container_model(), user, to_add)
    roles_rights = [name for name in (access.add_permission(model), to_add) if name in rights]
    is_given = right in access.permissions_of_roles(user)
    if is_given:
        roles_rights.append(right)
    public, inside = access.catalogue_is_public(), None if is_given else right
    return Basis(model, to_add, by_role, by_grants, public, tuple(roles_rights), inside)


@lru_cache(maxsize=256)
def _question(basis: Basis, among: Slot) -> Prepared:
    container = basis.model.container_model()
    columns: list[Any] = [*_columns(container), ExpressionWrapper(_opening(basis), models.BooleanField())]
    return prepare(_open(basis, among).values_list(*columns))


def _opening(basis: Basis) -> Any:
    """Which containers' grants give him the right on what is inside, where his roles do not."""
    assert basis.model.container  # noqa: S101
    given_by = basis.model.container.rights.get(basis.inside or "")
    container = basis.model.container_model()
    return reach.opened_one_by_one(container, listing.USER, given_by) if given_by else Value(False)


@lru_cache(maxsize=256)
def _still(basis: Basis, opens: bool) -> Prepared:
    """A condition: of all that was found to give him the rights, each is there yet. So does the place open what is
    inside, if it did.
    """
    his_groups = User.groups.through.objects.filter(user_id=listing.USER).values("group_id")
    given = Group.permissions.through.objects.filter(group_id__in=his_groups)
    questions = [given.filter(permission_id=reach.permission_row(name).pk) for name in basis.roles_rights]
    place = _open(basis, KEY)
    place = place.filter(_opening(basis)) if opens else place
    needed = [prepare(each.order_by().values("pk")) for each in (*questions, place)]
    text = " AND ".join(f"EXISTS ({each.sql})" for each in needed)
    return Prepared(text, tuple(value for each in needed for value in each.parameters), ())


def _open(basis: Basis, among: Slot) -> models.QuerySet:
    """The container of this key, or those of these keys, if open to `USER`."""
    named = AnyOf(F("pk"), KEYS) if among is KEYS else Q(pk=among)
    rows = basis.model.container_model()._default_manager.filter(named).order_by()
    if not (basis.by_role or basis.by_grants):
        return rows.filter(Value(False))
    return listing.one_by_one(rows, basis.to_add, basis.by_role, basis.public)


def _columns(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]
