"""Where new rows go: the containers as they are stored now, if somebody may add there, and what he may do inside.

A new row has no grants of its own, so what grants open of it is known of its container before it is stored. The
question goes with the one that locks the actor, in one trip.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import ExpressionWrapper, F, Value

from . import access, listing, reach
from .prepared import AnyOf, Prepared, Slot, prepare
from .shareable import Shareable

KEYS = Slot("keys", ArrayField(models.BigIntegerField()))


class Place(NamedTuple):
    """A container into which somebody may put new rows. `opens`: grants on it give him the right asked about on all
    that is inside.
    """

    container: Any
    opens: bool


def held(user, model: type[Shareable], keys: Collection[int], right: str) -> dict[int, Place]:
    """Those of these containers into which `user` may put new rows of `model`, by their keys.

    The rule is `access.containers`. `right` is one on the rows to come. Holds the actor, and raises as `access.hold`.
    """
    values = {"user": user.pk, "keys": list(keys)}
    asked = _question(user, model, right)
    rows = access.hold(user, asked, **values)[0]
    now = _question(user, model, right)
    if now is not asked:  # his roles are others than when the request began
        rows = now.run(user._state.db, **values)
    return {place.container.pk: place for place in (_place(user, model, row) for row in rows)}


def _place(user, model: type[Shareable], row: tuple) -> Place:
    *fields, opens = row
    container = model.container_model()
    return Place(container.from_db(user._state.db, _columns(container), fields), opens)


def _question(user, model: type[Shareable], right: str) -> Prepared:
    """As his roles are known now. What they give him already is not asked of grants."""
    held = access.role_permissions(user)
    to_add = access.right_to_add(user, model)
    by_role = to_add in held
    by_grants = not by_role and listing.has_grants(model.container_model(), user, to_add)
    is_given = right in access.permissions_of_roles(user)
    return _prepared(model, to_add, by_role, by_grants, access.catalogue_is_public(), None if is_given else right)


@lru_cache(maxsize=256)
def _prepared(
    model: type[Shareable], to_add: str, by_role: bool, by_grants: bool, public: bool, right: str | None
) -> Prepared:
    assert model.container  # noqa: S101
    container = model.container_model()
    rows = container._default_manager.filter(AnyOf(F("pk"), KEYS)).order_by()
    if by_role or by_grants:
        rows = listing.one_by_one(rows, to_add, by_role, public)
    else:
        rows = rows.filter(Value(False))
    given_by = model.container.rights.get(right or "")
    opens = reach.opened_one_by_one(container, listing.USER, given_by) if given_by else Value(False)
    return prepare(rows.values_list(*_columns(container), ExpressionWrapper(opens, models.BooleanField())))


def _columns(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]
