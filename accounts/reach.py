"""The rule of grants, in the forms that PostgreSQL answers quickly: for a set of rows, for single ones, as keys.

A grant opens a row to a person, or to the holders of a role; one on a container opens what lies inside. All forms
are made of the same grants (`_grants_to`), and a test compares what they find. A holder is a person's key, or a slot
for it in a prepared statement.
"""

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.postgres.expressions import ArraySubquery
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.lookups import IsNull

from tenants.schema import in_schema

from .prepared import AnyOf, Prepared, Slot, prepare
from .shareable import Shareable, group_grants, user_grants

Holder = int | Slot

_permissions: dict[str, Permission] = {}


def permission_row(permission: str) -> Permission:
    """The row of a permission, as `app.codename`. All are read once in the life of a process, from the template.

    They are the same in every tenant, as are content types, which Django itself remembers so: all are copies of the
    template, and `manage.py doctor` proves it. A tenant that differs, and was not found out yet, harms no other: its
    own rows are not what is remembered. Raises LookupError for a name without a row.
    """
    if permission not in _permissions:
        rows = Permission.objects.using(DEFAULT_DB_ALIAS).select_related("content_type").order_by()
        with in_schema(settings.TEMPLATE_SCHEMA, savepoint=False):
            _permissions.update({f"{row.content_type.app_label}.{row.codename}": row for row in rows})
    return _permissions[permission]


def opened(model: type[Shareable], holder: Holder, permission: str) -> Q:
    """Rows opened by grants, for a question about many: PostgreSQL reads the grants once and compares."""
    found = Q()
    for grants in _grants_to(model, holder, permission):
        found |= model.reach(grants.values("content_object_id"))
    if (outer := containers(model, holder, permission)) is not None:
        found |= Q(**{f"{_via(model)}__in": outer})
    return found


def opened_one_by_one(
    model: type[Shareable], holder: Holder, permission: str, inside: models.Expression | ArraySubquery | None = None
) -> Q:
    """The same for a question about one row, or for the first of many in their order: each looks its own grants up.

    A sub-select with a limit is never turned into a comparison with all grants: a product was found in 0.2 ms instead
    of 19 by somebody with 10,000 of them. `inside`: an array of the containers' keys, where a statement has it already.
    """
    found = Q()
    for grants in _grants_to(model, holder, permission):
        if _reaches_below(model):
            found |= model.reach(grants.values("content_object_id"))
        else:
            own = grants.filter(content_object_id=OuterRef("pk")).values("content_object_id")[:1]
            found |= Q(IsNull(Subquery(own), False))
    outer = containers(model, holder, permission) if inside is None else None
    within = inside if outer is None else ArraySubquery(outer)
    if within is not None:
        found |= Q(AnyOf(F(f"{_via(model)}_id"), within))
    return found


def keys(model: type[Shareable], holder: Holder, permission: str) -> list[models.QuerySet]:
    """The keys of rows opened by grants on them, to count them or to read few of many: by his own grants, in which each
    is named once, and by those of his roles. Both may open the same.
    """
    found = []
    for grants in _grants_to(model, holder, permission):
        granted = grants.values("content_object_id")
        found.append(
            model._default_manager.filter(model.reach(granted)).values("pk") if _reaches_below(model) else granted
        )
    return [each.order_by() for each in found]


def keys_inside(model: type[Shareable], most: int) -> Prepared:
    """The keys of rows that lie in the containers whose keys are `inside(id)`, a part of the same statement: so many.

    Container by container, behind a fence (OFFSET 0): where there are none, no row is read. Without one, PostgreSQL
    took them for half of the rows, and read all 100,000 products in the order of their keys to find none (60 ms).
    """
    via = {f"{_via(model)}_id": RawSQL("inside.id", [])}
    rows = prepare(model._default_manager.filter(**via).order_by().values("pk"))
    text = f"SELECT found.id FROM inside CROSS JOIN LATERAL ({rows.sql} OFFSET 0) AS found(id) LIMIT %s"  # noqa: S608
    return Prepared(text, (*rows.parameters, most), ())


def _grants_to(model: type[Shareable], holder: Holder, permission: str) -> list[models.QuerySet]:
    """The grants of one right on rows of `model`: to the person, and to his roles."""
    number = permission_row(permission).pk
    memberships = apps.get_model(settings.AUTH_USER_MODEL).groups.through.objects.filter(user_id=holder)
    roles = AnyOf(F("group_id"), ArraySubquery(memberships.values("group_id")))
    return [
        user_grants(model).objects.filter(user_id=holder, permission_id=number),
        group_grants(model).objects.filter(roles, permission_id=number),
    ]


def containers(model: type[Shareable], holder: Holder, permission: str) -> models.QuerySet | None:
    """The keys of containers by which grants reach rows of `model` with this right; None where there are none such."""
    if model.container is None or permission not in model.container.rights:
        return None
    outer = model.container_model()
    granted = opened(outer, holder, model.container.rights[permission])
    return outer._default_manager.filter(granted).order_by().values("pk")


def _via(model: type[Shareable]) -> str:
    assert model.container  # noqa: S101
    return model.container.via


def _reaches_below(model: type[Shareable]) -> bool:
    """Whether a grant on a row opens others as well: the model has a `reach` of its own."""
    return model.reach.__func__ is not Shareable.reach.__func__  # type: ignore[attr-defined]
