"""Changes of rows put into words: which object they are about, and its fields before and after.

A line is understood years later without any other table, so names stand for keys, by value.
"""

import datetime
import decimal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import prefetch_related_objects

from tenants.postgresql.writes import Change

from .rules import Rule, rule_for

CHANGED = "changed"  # all that is told of a secret


@dataclass
class Line:
    """What became of one object. `fields` is name -> [before, after]; `lists` the same of items that went and came."""

    obj: models.Model
    action: str
    fields: dict[str, list] = field(default_factory=dict)
    lists: dict[str, list[list[str]]] = field(default_factory=dict)

    def note_field(self, name: str, before: Any, after: Any) -> None:
        """The first value before and the last one after: a field may change twice."""
        self.fields.setdefault(name, [before, None])[1] = after

    def note_items(self, name: str, before: Iterable[str], after: Iterable[str]) -> None:
        gone, come = self.lists.setdefault(name, [[], []])
        for item in before:
            come.remove(item) if item in come else gone.append(item)
        for item in after:
            gone.remove(item) if item in gone else come.append(item)

    @property
    def changes(self) -> dict[str, list]:
        fields = {name: pair for name, pair in self.fields.items() if pair[0] != pair[1]}
        return fields | {name: pair for name, pair in self.lists.items() if pair[0] or pair[1]}


def lines(changes: Sequence[Change]) -> list[Line]:
    """One line an object and action, in the order in which they happened. Nothing that only seems to change."""
    fetch_names(changes)
    found: dict[tuple, Line] = {}
    for change in changes:
        obj, action = subject(change.row), action_of(change)
        line = found.setdefault((*identity(obj), action), Line(obj, action))
        describe(change, line)
    return [line for line in found.values() if line.changes]


def gathered(changes: Sequence[Change], obj: models.Model, action: str, knows: Iterable[models.Model] = ()) -> Line:
    """One line for all of it: the fields of `obj` itself, and of other objects what came, went and changed.

    `knows` are objects that need not be read to be named, beside those that `obj` has at hand.
    """
    fetch_names(changes, [*knows, *at_hand(obj)])
    line = Line(obj, action)
    for change in changes:
        other = subject(change.row)
        if identity(other) == identity(obj):
            describe(change, line)
        else:
            describe_other(change, other, line)
    return line


# --- Which object, which action ---------------------------------------------------------------------


def subject(row: models.Model) -> models.Model:
    """What the row is about: itself, what it is a part of, or how that is known."""
    rule = rule_of(row)
    obj = related(row, rule.part.of) or row if rule.part else row
    face = rule_of(obj).face
    return (related(obj, face) or obj) if face else obj


def identity(obj: models.Model) -> tuple[str, Any]:
    return obj._meta.label_lower, obj.pk


def action_of(change: Change) -> str:
    rule = rule_of(change.row)
    created, changed, deleted = rule.verbs
    if change.before is None:
        return created
    if change.after is None:
        return deleted
    moved = [name for name, *_values in moved_fields(change)]
    return rule.deeds.get(moved[0], changed) if len(moved) == 1 else changed


def rule_of(row: models.Model) -> Rule:
    return rule_for(row._meta.concrete_model) or Rule()


def name_of(obj: models.Model) -> str:
    """What it is called, even while what its name is made of goes with it."""
    try:
        return str(obj)[:200]
    except ObjectDoesNotExist:
        return f"{obj._meta.verbose_name} {obj.pk}"


# --- What has changed -------------------------------------------------------------------------------


def describe(change: Change, line: Line) -> None:
    """Into the line of the object that the change is about."""
    part = rule_of(change.row).part
    if part:
        line.note_items(part.called, *items(change, part.text))
        return
    for name, before, after in moved_fields(change):
        line.note_field(name, before, after)


def describe_other(change: Change, other: models.Model, line: Line) -> None:
    """Into the line of an act that is about something else: by its name, in a list."""
    part, name = rule_of(change.row).part, name_of(other)
    if part:
        line.note_items(part.called, *([f"{name}: {item}" for item in side] for side in items(change, part.text)))
        return
    kind = str(other._meta.verbose_name_plural)
    if change.before is None or change.after is None:
        line.note_items(kind, [name] if change.before else [], [name] if change.after else [])
        return
    for label, before, after in moved_fields(change):
        line.note_items(kind, [f"{name}: {label} {before or '–'}"], [f"{name}: {label} {after or '–'}"])


def items(change: Change, text) -> tuple[list[str], list[str]]:
    """The row in words, before and after."""
    before, after = ([text(row)] if row else [] for row in (change.before, change.after))
    return before, after


def moved_fields(change: Change) -> list[tuple[str, Any, Any]]:
    """(name, before, after) of each field that differs and that somebody may care about."""
    rule, moved = rule_of(change.row), []
    for each in logged_fields(type(change.row), rule):
        before, after = (getattr(row, each.attname) if row else None for row in (change.before, change.after))
        if before == after or (before in EMPTY and after in EMPTY and not (change.before and change.after)):
            continue
        if each.name not in rule.secret:
            moved.append((each.name, value(change.before, each), value(change.after, each)))
        elif change.before and change.after:
            moved.append((each.name, None, CHANGED))
    return moved


EMPTY: tuple[Any, ...] = (None, "", [], {})


def logged_fields(model: type[models.Model], rule: Rule) -> tuple[models.Field, ...]:
    """Not what the database works out, what stamps the time of the change, and what is ignored."""
    return _fields_without(model, tuple(rule.ignored))


@lru_cache(maxsize=256)
def _fields_without(model: type[models.Model], ignored: tuple[str, ...]) -> tuple[models.Field, ...]:
    return tuple(
        each
        for each in model._meta.concrete_fields
        if not (each.primary_key or each.generated or each.name in ignored or stamps_itself(each))
    )


def stamps_itself(each: models.Field) -> bool:
    return getattr(each, "auto_now", False) or getattr(each, "auto_now_add", False)


def value(row: models.Model | None, each: models.Field) -> Any:
    """As JSON holds it; of another object its name."""
    if row is None:
        return None
    if each.is_relation:
        key = getattr(row, each.attname)
        target = related(row, each.name) if key is not None else None
        return name_of(target) if target else key
    return plain(getattr(row, each.attname))


def settle_values(row: models.Model) -> None:
    """Give a row that is about to be written the values that PostgreSQL will give back: "9.50" for "9.5"."""
    for each in row._meta.concrete_fields:
        found = row.__dict__.get(each.attname)
        if isinstance(each, models.DecimalField) and found is not None:
            exponent = decimal.Decimal(1).scaleb(-each.decimal_places)
            setattr(row, each.attname, each.to_python(found).quantize(exponent, decimal.ROUND_HALF_UP))
        elif isinstance(found, datetime.datetime):
            setattr(row, each.attname, found.astimezone(datetime.UTC))


def plain(found: Any) -> Any:
    match found:
        case None | bool() | int() | str():
            return found
        case list() | tuple():
            return [plain(each) for each in found]
        case dict():
            return {str(key): plain(each) for key, each in found.items()}
        case datetime.datetime() | datetime.date() | datetime.time():
            return found.isoformat()
        case decimal.Decimal():
            return format(found, "f")
        case _other:
            return str(found)


# --- Names ------------------------------------------------------------------------------------------


def fetch_names(changes: Sequence[Change], knows: Iterable[models.Model] = ()) -> None:
    """Everything that names are made of, in one statement for each relation and model."""
    introduce(changes, knows)
    rows: dict[type[models.Model], list[models.Model]] = {}
    for change in changes:
        rows.setdefault(type(change.row), []).extend(row for row in (change.before, change.after) if row)
    for model, each in rows.items():
        rule = rule_for(model) or Rule()
        names = {*rule.related, *moved_relations(model, rule, changes)}
        prefetch_related_objects(each, *sorted(names))


def at_hand(obj: models.Model) -> list[models.Model]:
    """What the object points at and was read already, by whoever changes it."""
    relations = [each for each in foreign_keys(obj) if each.is_cached(obj)]
    return [found for each in relations if (found := each.get_cached_value(obj)) is not None]


def introduce(changes: Sequence[Change], knows: Iterable[models.Model]) -> None:
    """To each row, those it points at that are known, or were made with it: what was just written need not be read."""
    made = {identity(each): each for each in knows}
    made |= {identity(change.row): change.row for change in changes if change.before is None}
    for row in (change.row for change in changes):
        for each in foreign_keys(row):
            if each.target_field.primary_key and not each.is_cached(row):
                target = made.get((each.target_field.model._meta.label_lower, getattr(row, each.attname)))
                if target is not None:
                    each.set_cached_value(row, target)


def foreign_keys(row: models.Model) -> list[models.ForeignKey]:
    return [each for each in row._meta.concrete_fields if isinstance(each, models.ForeignKey)]


def moved_relations(model: type[models.Model], rule: Rule, changes: Sequence[Change]) -> set[str]:
    if rule.part:
        return set()
    moved = set()
    for each in logged_fields(model, rule):
        if each.is_relation and any(
            getattr(change.before, each.attname, None) != getattr(change.after, each.attname, None)
            for change in changes
            if type(change.row) is model
        ):
            target = rule_for(each.related_model) or Rule()
            moved |= {"__".join([each.name, *path]) for path in [(), *((name,) for name in target.related)]}
    return moved


def related(row: models.Model, name: str) -> models.Model | None:
    """What a relation leads to, None if there is nothing (any more)."""
    try:
        return getattr(row, name)
    except ObjectDoesNotExist:
        return None
