"""Statements that a session of PostgreSQL keeps ready: parsed and planned once for a tenant, then only called.

To plan a page of products takes PostgreSQL as long as to answer it. They are kept by PREPARE and called by EXECUTE, in
SQL and not by the protocol, since a call so travels in one string with what must come before it (sending.py).

A plan made in one tenant never serves another. The name of what is kept is a hash of the schema's name and of the whole
text: on whatever session a call arrives, it finds the same statement or none. And PostgreSQL itself plans anew where
the search path, or a table, is another than the plan was made for.

Only for sessions that are ours alone: the server process asks that at its start (tenants/pooling.py).

Source: docs/decisions/0026-kept-statements.md
"""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Self
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors

from .pool import PooledWrapper

logger = logging.getLogger(__name__)

# What was sent so often is worth a plan that stays; a tenant that is seldom seen shall not push out another's.
WORTH_KEEPING = 3
MOST_COUNTED = 1_000

# The key of a database's settings that says how many statements a session keeps.
SETTING = "STATEMENTS_KEPT"

# Where PostgreSQL finds that a kept statement's columns are of other types by now, a migration has changed them. Of its
# message there are translations, of the function that raises it there are none.
PLAN_IS_STALE = "RevalidateCachedQuery"
# Where a call reached a session that is not ours: there is no such statement, or another has made it there.
STRAYED = (errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)


class Lasting(str):
    """The text of a statement that is sent time after time, with other values.

    `places` names the value of each `%s`, `types` gives the type of each name, as PostgreSQL writes it. Several that
    are sent together are one of several `parts`.
    """

    places: tuple[str, ...]
    types: dict[str, str]
    parts: "tuple[Lasting, ...]"
    form: str  # what tells it from others: its text with the names and types of its values
    _firsts: list[int]  # where each name stands first
    _call: str

    def __new__(cls, text: str, places: Sequence[str] = (), types: dict[str, str] | None = None) -> Self:
        made = super().__new__(cls, text)
        made.places, made.types, made.parts = tuple(places), types or {}, (made,)
        made.form = f"({', '.join(made.types.values())}) {' '.join(made.places)}: {text}"
        made._firsts = [made.places.index(name) for name in made.types]
        made._call = f" ({', '.join(['%s'] * len(made.types))})" if made.types else ""
        return made

    @classmethod
    def together(cls, parts: "Sequence[Lasting]") -> Self:
        made = cls("; ".join(parts))
        made.parts = tuple(parts)
        return made

    def name(self, schema_name: str) -> str:
        told = f"{schema_name} {self.form}"  # no name of a schema has a space
        return f"kept_{blake2b(told.encode(), digest_size=16).hexdigest()}"

    def definition(self, name: str) -> str:
        numbers = {each: f"${number}" for number, each in enumerate(self.types, 1)}
        text = self % tuple(numbers[place] for place in self.places)
        types = f" ({', '.join(self.types.values())})" if self.types else ""
        return f"PREPARE {name}{types} AS {text}"

    def call(self, name: str) -> str:
        """With a `%s` for each of `called_with`."""
        return f"EXECUTE {name}{self._call}"

    def called_with(self, parameters: Sequence[Any]) -> list[Any]:
        return [parameters[place] for place in self._firsts]


class Kept:
    """What one session has ready, at most so many statements: the one that was called longest ago goes first."""

    def __init__(self, most: int):
        self._most = most
        self._names: OrderedDict[tuple[str, str], str] = OrderedDict()  # by schema and form
        self._counts: dict[int, int] = {}  # by the hash: two that share one are ready a little sooner
        self._superfluous: list[str] = []  # what the session has still

    def worth_keeping(self, schema_name: str, statements: Sequence[Lasting]) -> list[Lasting]:
        """Those that are not ready and have been asked about often enough."""
        missing = [each for each in statements if (schema_name, each.form) not in self._names]
        return [each for each in missing if self._count(hash((schema_name, each.form))) >= WORTH_KEEPING]

    def _count(self, key: int) -> int:
        if len(self._counts) >= MOST_COUNTED:
            self._counts.clear()
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]

    def definitions(self, schema_name: str, statements: Sequence[Lasting]) -> list[str]:
        """What has to be sent to make them ready."""
        made = [each.definition(each.name(schema_name)) for each in statements]
        return [*(f"DEALLOCATE {name}" for name in self._superfluous), *made]

    def note(self, schema_name: str, statements: Sequence[Lasting]) -> None:
        """That has been sent."""
        self._superfluous.clear()
        for each in statements:
            self._counts.pop(hash((schema_name, each.form)), None)
            self._names[schema_name, each.form] = each.name(schema_name)
        while len(self._names) > self._most:
            self._superfluous.append(self._names.popitem(last=False)[1])

    def has(self, schema_name: str, statement: Lasting) -> bool:
        return all((schema_name, part.form) in self._names for part in statement.parts)

    def call(
        self, schema_name: str, statement: Lasting, parameters: Sequence[Any] | None
    ) -> tuple[str, list[Any]] | None:
        """The text that calls it, or all its parts, and the values for it. None where one of them is not ready."""
        if not self.has(schema_name, statement):
            return None
        calls, values, rest = [], [], list(parameters or ())
        for part in statement.parts:
            key, count = (schema_name, part.form), len(part.places)
            self._names.move_to_end(key)
            calls.append(part.call(self._names[key]))
            values += part.called_with(rest[:count])
            del rest[:count]
        return "; ".join(calls), values

    def forget(self) -> None:
        """All of it. Which of them the session still has need not be known: DEALLOCATE ALL never fails."""
        self._names.clear()
        self._counts.clear()
        self._superfluous = ["ALL"]


# Of each session; a connection that is closed takes its own with it.
_kept: WeakKeyDictionary[psycopg.Connection, Kept] = WeakKeyDictionary()


class KeepingWrapper(PooledWrapper):
    """Knows what its session has ready, if it may keep anything: STATEMENTS_KEPT of its settings says how much."""

    @property
    def kept(self) -> Kept | None:
        most = self.settings_dict.get(SETTING, 0)
        if not most or self.features.uses_server_side_binding:
            return None
        if (kept := _kept.get(self.connection)) is None:
            kept = _kept[self.connection] = Kept(most)
        return kept

    def has_lost(self, error: psycopg.Error) -> bool:
        """Did a call fail because what it calls is not as it was left? Then the text itself is sent next time."""
        if isinstance(error, STRAYED):
            logger.error("A statement kept ready was not there: is a pooler in front of the database? None are kept.")
            self.settings_dict[SETTING] = 0
            return True
        if error.diag.source_function == PLAN_IS_STALE and (kept := self.kept):
            kept.forget()
            return True
        return False
