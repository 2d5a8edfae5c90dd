"""Writing the audit log: what `capture` sees of rows, and what the code says of acts.

Changes of rows are logged by themselves. `act` gives several of them one line and a better name; `note` is
for what changes no row, or none that is logged.
"""

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.utils import timezone

from tenants.postgresql.base import DatabaseWrapper
from tenants.postgresql.writes import Change
from tenants.schema import wrapper

from . import context
from .changes import Line, gathered, lines, name_of, subject
from .models import Entry


class Act:
    """What is gathered for one line about `obj`. Each change with the savepoints it was made in: they may be undone."""

    def __init__(self, connection: DatabaseWrapper, obj: models.Model | None, knows: Iterable[models.Model] = ()):
        self.connection, self.schema_name, self.obj = connection, connection.schema_name, obj
        self.knows = list(knows)
        self.key = obj.pk if obj else None  # deleting takes it off the instance
        self.gathered: list[tuple[tuple[str, ...], Change]] = []

    def covers(self, connection: DatabaseWrapper) -> bool:
        return connection is self.connection and connection.schema_name == self.schema_name

    def gather(self, changes: Sequence[Change]) -> None:
        within = tuple(self.connection.savepoint_ids)
        self.gathered += [(within, change) for change in changes]

    def undo(self, savepoint: str) -> None:
        self.gathered = [(within, change) for within, change in self.gathered if savepoint not in within]


_act: ContextVar[Act | None] = ContextVar("audit_act", default=None)


def note(
    action: str,
    obj: models.Model | None = None,
    *,
    changes: dict[str, list] | None = None,
    detail: str = "",
) -> None:
    """Write one line, in the transaction of the act itself: it stays or goes with it.

    `action` is a past participle ("signed_in", "shared"); who acted, by what and from where follows from
    the request. `changes` is field -> [before, after], in values that JSON can hold.
    """
    write(wrapper(), [entry(wrapper(), action, obj, changes=changes, detail=detail)])


def note_afterwards(action: str, obj: models.Model | None = None, *, detail: str = "") -> None:
    """The same for what was refused: written when the view has ended, since what it wrote may be rolled back."""
    source = context.current()
    if source.request is None:
        note(action, obj, detail=detail)
    else:
        source.afterwards.append(lambda: note(action, obj, detail=detail))


@contextmanager
def act(
    action: str,
    obj: models.Model | None = None,
    *,
    detail: str = "",
    using: str = DEFAULT_DB_ALIAS,
    knows: Iterable[models.Model] = (),
) -> Iterator[Act]:
    """Give everything that the block changes one line, about `obj`, under this name. Nothing changed: no line.

    An object that is only made in the block is told with `act.obj = …`. Inside of another act this one is a
    part of it, and leaves no line of its own. When the block raises, its transaction is rolled back. `knows` are
    objects that the line may name, and that need not be read for it.
    """
    outer, connection = _act.get(), wrapper(using)
    here = Act(connection, obj, knows)
    if outer and outer.covers(connection):
        yield here
        return
    with transaction.atomic(using=using, savepoint=False):
        token = _act.set(here)
        try:
            yield here
        finally:
            _act.reset(token)
        close(here, action, detail)


def close(act: Act, action: str, detail: str) -> None:
    changes = [change for _within, change in act.gathered]
    if not changes:
        return
    obj = act.obj or subject(changes[0].row)
    if obj.pk is None:
        obj = copy.copy(obj)
        obj.pk = act.key
    line = gathered(changes, obj, action, act.knows)
    if line.changes:
        write(act.connection, [entry(act.connection, action, obj, changes=line.changes, detail=detail)])


# --- For a row that is written along with its line: accounts/new_rows.py ----------------------------------


def is_under_way(connection: DatabaseWrapper) -> bool:
    """Does what changes now belong to an act, which leaves the line?"""
    act = _act.get()
    return act is not None and act.covers(connection)


def line_of(connection: DatabaseWrapper, action: str, obj: models.Model, changes: Sequence[Change]) -> Entry:
    """What an act would leave that does no more than this. Whoever asks writes it."""
    return entry(connection, action, obj, changes=gathered(changes, obj, action).changes)


# --- Called by capture ------------------------------------------------------------------------------


def record(connection: DatabaseWrapper, changes: Sequence[Change]) -> None:
    """Into the act that is under way on this connection, or else at once."""
    act = _act.get()
    if act and act.covers(connection):
        act.gather(changes)
    else:
        write(connection, [of_line(connection, line) for line in lines(changes)])


def forget(connection: DatabaseWrapper, savepoint: str) -> None:
    act = _act.get()
    if act and act.connection is connection:
        act.undo(savepoint)


# --- The one INSERT ---------------------------------------------------------------------------------


def of_line(connection: DatabaseWrapper, line: Line) -> Entry:
    return entry(connection, line.action, line.obj, changes=line.changes)


def entry(
    connection: DatabaseWrapper,
    action: str,
    obj: models.Model | None,
    *,
    changes: dict[str, list] | None = None,
    detail: str = "",
) -> Entry:
    about: dict[str, Any] = {}
    if obj is not None:
        about = {"object_type": obj._meta.label_lower, "object_id": str(obj.pk)[:40], "object_name": name_of(obj)}
    return Entry(
        at=timezone.now(),
        action=action,
        changes=changes or {},
        detail=detail[:500],
        **about,
        **context.origin(connection),
    )


def write(connection: DatabaseWrapper, entries: list[Entry]) -> None:
    if entries:
        Entry.objects.using(connection.alias).bulk_create(entries)
