"""The first rows of a list that somebody may see, in an order, and how many there are: in one statement.

The rule is `access.narrow`; this is a form of it for pages, which takes as long with 100,000 rows as with 1,000. Of
somebody who may see few rows, their keys are read and the rows are sorted; of somebody who may see many, the rows are
walked in their order and each looks for its grants, until a page is full. Between them, a short walk that compares with
the keys is tried first. Which it is, the statement finds out itself, by the first of the keys. Tests compare what all
of them find with `narrow`.

Source: docs/decisions/0022-people-and-pages.md
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from . import access, reach
from .prepared import AnyOf, Prepared, Slot, prepare

# At 1,000 both ways take a millisecond or two on 10,000 rows. More would make sorting the slower one, fewer the walk.
FEW = 1000
# More than so many are looked for among the first so many of all before they are sorted, which takes 0.5 ms at most.
WALK_ABOVE, WALK_AT_MOST = 100, 5000
USER, KEY, FEW_ROWS, WALK_ROWS = (Slot(name, models.BigIntegerField()) for name in ("user", "key", "few", "walk"))


@dataclass(frozen=True)
class Wanted:
    """A page: these columns, the order's and the key among them, of so many rows in this order (see `ordered`).

    `follows`: from a position on, which comes with the question (`value`, `key`). `most` is how far the rows are
    counted, None for not at all.
    """

    columns: tuple[str, ...]
    order: str
    limit: int
    follows: bool = False
    most: int | None = None


class Found(NamedTuple):
    """Rows as tuples of the columns, and the number of all, at most one more than was to be counted."""

    rows: list[tuple]
    total: int | None


def first_rows(
    rows: models.QuerySet, user, permission: str, wanted: Wanted, *, is_whole: bool, value: Any = None, key: Any = None
) -> Found:
    """The page of those of `rows` on which `user` has `permission`.

    `is_whole` says that `rows` is always the same queryset object, of all rows there are: the statement is then kept.
    Otherwise, where rows are searched or filtered, it is made anew.
    """
    by_role = permission in access.role_permissions(user)
    if not (by_role or has_grants(rows.model, user, permission)):
        return Found([], 0)
    try:
        if not is_whole:
            statement = _of_all(access.narrow(rows, user, permission), wanted)
        elif by_role:
            statement = _kept_of_all(rows, wanted)
        else:
            statement = _kept_by_grants(rows, permission, wanted, access.catalogue_is_public())
    except EmptyResultSet:
        return Found([], 0)
    values = {"user": user.pk, "value": value, "key": key, "few": FEW, "walk": WALK_ABOVE}
    found = statement.run(rows.db, is_kept=is_whole, **values)
    if wanted.most is None:
        return Found(found, None)
    if found or not wanted.follows:
        return Found(found, found[0][-1] if found else 0)
    return Found(
        [], first_rows(rows, user, permission, Wanted(("pk",), "pk", 1, most=wanted.most), is_whole=is_whole).total
    )


def one_row(rows: models.QuerySet, user, permission: str, columns: tuple[str, ...], pk: int) -> tuple | None:
    """The columns of the row with this key, if `user` has `permission` on it. `rows` as in `first_rows`, whole."""
    by_role = permission in access.role_permissions(user)
    if pk > models.BigIntegerField.MAX_BIGINT or not (by_role or has_grants(rows.model, user, permission)):
        return None
    found = _kept_one(rows, permission, columns, by_role, access.catalogue_is_public()).run(user=user.pk, key=pk)
    return found[0] if found else None


def has_grants(model: type[models.Model], user, permission: str) -> bool:
    """May grants open any of these rows to him: to somebody active, by a credential that reaches so far?"""
    return user.is_active and access.within_limits(user, permission) and issubclass(model, access.Shareable)


def _one(rows: models.QuerySet, permission: str, columns: tuple[str, ...], by_role: bool, public: bool) -> Prepared:
    return prepare(one_by_one(rows.filter(pk=KEY).order_by(), permission, by_role, public).values_list(*columns))


def one_by_one(rows: models.QuerySet, permission: str, by_role: bool, public: bool) -> models.QuerySet:
    """A few rows, narrowed to those on which `USER` has `permission`, whoever that will be."""
    if by_role:
        return rows
    visitors = access.open_to_visitors(rows.model, permission) if public else Q()
    return rows.filter(reach.opened_one_by_one(rows.model, USER, permission) | visitors)


def _of_all(rows: models.QuerySet, wanted: Wanted) -> Prepared:
    """Of rows that are all open to him, by a role or since they are narrowed already."""
    columns: list[Any] = [*wanted.columns]
    if wanted.most is not None:
        counted = prepare(rows.order_by().values("pk")[: wanted.most + 1])
        # The text is the ORM's own, with its values apart.
        columns.append(RawSQL(f"(SELECT count(*) FROM ({counted.sql}) counted)", counted.parameters))  # noqa: S608, S611
    return prepare(_page(rows, wanted).values_list(*columns))


def _by_grants(rows: models.QuerySet, permission: str, wanted: Wanted, public: bool) -> Prepared:
    """See the top of this module. Put together from what the ORM has written, with the values apart."""
    model = rows.model
    visitors = access.open_to_visitors(model, permission) if public else Q()
    containers = reach.containers(model, USER, permission)
    parts = {"inside(id)": prepare(containers)} if containers is not None else {}
    reached = partial(_reached, model, permission, visitors=visitors, is_inside=bool(parts))
    parts["own(id)"], *others = reached(FEW)
    parts["reach(ids, is_few, is_worth_a_walk)"] = _few_of(_either(others))
    parts["walked(id)"] = _walked(rows, wanted)
    parts["tried(is_full)"] = Prepared("SELECT count(*) = %s FROM walked", (wanted.limit,), ())
    parts["page(id)"] = _found(rows, permission, wanted, visitors, is_inside="inside(id)" in parts)
    columns: list[Any] = [*wanted.columns]
    if wanted.most is not None:
        parts["counted(total)"] = _total(_either(reached(wanted.most)), wanted.most)
        columns.append(RawSQL("(SELECT total FROM counted)", []))
    page = ordered(rows.filter(AnyOf(F("pk"), RawSQL("ARRAY(SELECT id FROM page)", []))), wanted.order)
    return _with(parts, prepare(page.values_list(*columns)))


def _with(parts: dict[str, Prepared], last: Prepared) -> Prepared:
    text = ", ".join(f"{name} AS MATERIALIZED ({part.sql})" for name, part in parts.items())
    sent = [value for part in (*parts.values(), last) for value in part.parameters]
    return Prepared(f"WITH {text} {last.sql}", tuple(sent), last.converters)


def _walked(rows: models.QuerySet, wanted: Wanted) -> Prepared:
    """The first of the few, where they are found among the first rows of all: those are read in order until the page is
    full, each compared with the keys that are known already.
    """
    walk = prepare(_page(rows, wanted, WALK_AT_MOST).values_list("pk"))
    # IS TRUE keeps it a filter over the walk, in the walk's order; made a join, the order would be lost, and the page.
    return Prepared(
        f"SELECT id FROM ({walk.sql}) AS walk(id) WHERE (SELECT is_few AND is_worth_a_walk FROM reach)"  # noqa: S608
        f" AND (id IN (SELECT unnest(ids) FROM reach)) IS TRUE LIMIT %s",
        (*walk.parameters, wanted.limit),
        (),
    )


def _found(rows: models.QuerySet, permission: str, wanted: Wanted, visitors: Q, *, is_inside: bool) -> Prepared:
    """The keys of the page: those that were walked to, if they fill it; else of few by sorting, of many by probing.

    Keys alone: what is sorted is then as short as can be, and whole rows are read for the page only.
    """
    model, found = rows.model, Q(AnyOf(F("pk"), RawSQL("ARRAY(SELECT unnest(ids) FROM reach)", [])))
    inside = RawSQL("ARRAY(SELECT id FROM inside)", []) if is_inside else None
    probed = reach.opened_one_by_one(model, USER, permission, inside) | visitors
    is_few = RawSQL("(SELECT is_few FROM reach) AND NOT (SELECT is_full FROM tried)", [], models.BooleanField())
    is_many = RawSQL("(SELECT NOT is_few FROM reach)", [], models.BooleanField())
    few, many = rows.filter(is_few, found), rows.filter(is_many, probed)
    either = [prepare(_page(each, wanted).values_list("pk")) for each in (few, many)]
    texts = ["SELECT id FROM walked WHERE (SELECT is_full FROM tried)", *(f"({each.sql})" for each in either)]
    return Prepared(" UNION ALL ".join(texts), tuple(value for each in either for value in each.parameters), ())


def _reached(
    model: type[access.Shareable], permission: str, most: int, *, visitors: Q, is_inside: bool
) -> list[Prepared]:
    """The keys of what he may see, as far as is needed to know of `most` rows: by his own grants, by those of his
    roles, inside of what is opened to him, and what is public. A row may be in several of them.

    What opens a row once is read to one more than that, which says that there are more. Roles may do so several times.
    """
    own, of_roles = reach.keys(model, USER, permission)
    sources = [prepare(own[: most + 1]), prepare(of_roles)]
    if is_inside:
        sources.append(reach.keys_inside(model, most + 1))
    if visitors:
        sources.append(prepare(model._default_manager.filter(visitors).order_by().values("pk")[: most + 1]))
    return sources


def _either(sources: Sequence[Prepared]) -> Prepared:
    text = " UNION ALL ".join(f"({each.sql})" for each in sources)
    return Prepared(text, tuple(value for each in sources for value in each.parameters), ())


def _few_of(others: Prepared) -> Prepared:
    """The keys, if they are few, and whether they are. A row may be opened in four ways, and is one all the same.

    Where his own grants say already that they are many, no others are read.
    """
    read = 4 * FEW
    told = "array_agg(DISTINCT id), count(DISTINCT id) <= %s AND count(*) <= %s, count(DISTINCT id) > %s"
    few_are_own = "(SELECT count(*) <= %s FROM own)"
    keys = f"TABLE own UNION ALL SELECT id FROM ({others.sql}) AS others(id) WHERE {few_are_own} LIMIT %s"  # noqa: S608
    sent = (FEW_ROWS, read, WALK_ROWS, *others.parameters, FEW, read + 1)
    return Prepared(f"SELECT {told} FROM ({keys}) AS reached(id)", sent, ())  # noqa: S608


def _total(keys: Prepared, most: int) -> Prepared:
    """How many he may see. Of 10,000 keys, sorting finds those that are repeated in 1.4 ms. UNION took 2.9: it makes a
    table for as many as the planner expects, which are all that could lie in a category.
    """
    many = f"(SELECT count(DISTINCT id) FROM ({keys.sql}) AS reached(id))"  # noqa: S608
    text = f"SELECT least(CASE WHEN is_few THEN coalesce(cardinality(ids), 0) ELSE {many} END, %s) FROM reach"  # noqa: S608
    return Prepared(text, (*keys.parameters, most + 1), ())


def ordered(rows: models.QuerySet, order: str, *, value: Any = None, key: Any = None) -> models.QuerySet:
    """`rows` in this order; with a `key`, those behind the row with this value and this key.

    The key decides between equals and goes the way of the order, so that one index serves it in both directions.
    """
    name = order.removeprefix("-")
    sign, past = ("-", "lt") if order.startswith("-") else ("", "gt")
    rows = rows.order_by(*dict.fromkeys([order, f"{sign}pk"]))
    if key is None:
        return rows
    if name == "pk":
        return rows.filter(**{f"pk__{past}": key})
    # The first condition alone is what an index answers.
    return rows.filter(Q(**{f"{name}__{past}e": value}), Q(**{f"{name}__{past}": value}) | Q(**{f"pk__{past}": key}))


def _page(rows: models.QuerySet, wanted: Wanted, most: int | None = None) -> models.QuerySet:
    """The page that begins wherever the values say that are sent with it."""
    meta = rows.model._meta
    name = wanted.order.removeprefix("-")
    slots = {"value": Slot("value", meta.pk if name == "pk" else meta.get_field(name)), "key": KEY}
    return ordered(rows, wanted.order, **(slots if wanted.follows else {}))[: most or wanted.limit]


_kept_one = lru_cache(maxsize=256)(_one)
_kept_of_all = lru_cache(maxsize=256)(_of_all)
_kept_by_grants = lru_cache(maxsize=256)(_by_grants)
