"""Lines of the log as a reader sees them: in words, and no more than he may know."""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from accounts import access

from . import words
from .models import Entry

READ_ALL = "audit.view_entry"
LONGEST_VALUE = 500  # of one value on the page; exports hold all of it


@dataclass(frozen=True)
class Change:
    """One field. Without values if the reader may not know them."""

    label: str
    before: str = ""
    after: str = ""
    is_shown: bool = True


@dataclass(frozen=True)
class Line:
    """`is_full`: with how and from where it was done."""

    entry: Entry
    changes: list[Change]
    is_full: bool

    @property
    def action(self) -> str:
        return words.action_words(self.entry.action)

    @property
    def type(self) -> str:
        return words.type_words(self.entry.object_type)

    @property
    def object_name(self) -> str:
        """Nothing where "Olive signed in" says enough."""
        entry = self.entry
        return "" if entry.action in words.COMPLETE else entry.object_name or entry.object_id


def lines_for(user, entries: list[Entry]) -> list[Line]:
    """The lines for somebody who may read the log, or else the history of the one object they are about."""
    reads_all = access.allows(user, READ_ALL)
    return [Line(entry, changes_for(user, entry, reads_all=reads_all), reads_all) for entry in entries]


def about(user, obj: Model) -> QuerySet[Entry]:
    """The history of one object. Who does not read the log sees only what was changed, not who was refused."""
    entries = Entry.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk))
    return entries if access.allows(user, READ_ALL) else entries.exclude(changes={})


def changes_for(user, entry: Entry, *, reads_all: bool) -> list[Change]:
    changes = []
    for name, pair in entry.changes.items():
        label = words.field_words(entry.object_type, name)
        if reads_all or may_know(user, entry, name):
            before, after = pair
            changes.append(Change(label, in_words(before), in_words(after)))
        else:
            changes.append(Change(label, is_shown=False))
    return changes


def may_know(user, entry: Entry, name: str) -> bool:
    """May somebody who may change this object see the values of this field?

    What its form shows, yes. The name of another object (the category it was in) only if his role opens
    all objects of that kind: a grant on this one does not.
    """
    model = words.model_named(entry.object_type)
    known = {field.name: field for field in model._meta.concrete_fields} if model else {}
    field = known.get(name)
    if field is None or not field.editable:
        return False
    related = field.related_model
    return related is None or access.allows(user, access.view_permission(related))


def in_words(value: Any) -> str:
    """A value as text of bounded length; nothing at all is the empty text."""
    match value:
        case None:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case list() if all(isinstance(item, str) for item in value):
            text = ", ".join(value)
        case list() | dict():
            text = json.dumps(value, ensure_ascii=False)
        case _other:
            text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"
