"""Telling whoever wants to know which rows a statement changes, before its transaction ends.

It sits below the ORM's own shortcuts on purpose: `save`, `update`, `bulk_create`, many-to-many sets, cascades
and what libraries write all come through the compilers (compiler.py), so nobody has to remember anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models


@dataclass(frozen=True)
class Change:
    """One row: `before` is None for a new one, `after` for one that is gone."""

    before: models.Model | None
    after: models.Model | None

    @property
    def row(self) -> models.Model:
        return self.after or self.before  # type: ignore[return-value]


class Watcher(Protocol):
    """Told in the transaction of the change itself, on the connection that made it."""

    def heeds(self, connection: Any, model: type[models.Model], fields: frozenset[str] | None) -> bool:
        """Does it want to know? `fields` are the names that an UPDATE sets; None for rows that come or go."""

    def wrote(self, connection: Any, changes: Sequence[Change]) -> None:
        """What one statement did."""

    def undone(self, connection: Any, savepoint: str) -> None:
        """Everything since that savepoint is rolled back."""


_watchers: list[Watcher] = []


def watch(watcher: Watcher) -> None:
    """Called once, when an app is ready."""
    if watcher not in _watchers:
        _watchers.append(watcher)


def heeding(connection: Any, model: type[models.Model], fields: frozenset[str] | None = None) -> list[Watcher]:
    return [watcher for watcher in _watchers if watcher.heeds(connection, model, fields)]


def undone(connection: Any, savepoint: str) -> None:
    for watcher in _watchers:
        watcher.undone(connection, savepoint)
