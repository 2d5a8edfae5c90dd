"""Who is asking, and what he may do by his roles: found in one statement, whichever way he came.

By the identity that a token names, by the key of a program, by the number that a session holds. Rights are read anew
at each request: one that was taken away is gone at the next. A request that begins by asking for rows need not wait for
that: it goes on with what was read the last time, and the question travels with its own
(tenants/postgresql/confirming.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import OuterRef
from django.utils import timezone

from tenants.bounded import Bounded
from tenants.schema import current_schema, wrapper

from . import access
from .models import ApiKey, User
from .models.people import rights_of
from .prepared import Prepared, Slot, prepare

MOST_REMEMBERED = 5_000  # some 4 kB each
USER_COLUMNS = [field.attname for field in User._meta.concrete_fields]
KEY_COLUMNS = [field.attname for field in ApiKey._meta.concrete_fields]
RIGHTS = "rights"
# They say when, and decide nothing for whoever comes with a token or a key. We move them ourselves, in steps.
MOVING = {"last_seen", "last_login", "last_used_at", "last_used_from"}

# Rows as they were read, by schema and by what they were asked for with.
REMEMBERED: Bounded[tuple[str, ...], tuple] = Bounded(MOST_REMEMBERED)


def by_identity(issuer: str, subject: str, *, may_be_remembered: bool = False) -> User | None:
    """As a token of an identity provider names him, whatever has become of him."""
    named = {"issuer": issuer, "subject": subject}
    row = _by_identity().row(named, place=(issuer, subject), may_be_remembered=may_be_remembered)
    return _person(row) if row else None


def by_number(pk: int) -> User | None:
    """As a session names him. The caller asks whether he may still come in by it."""
    rows = _by_number().run(pk=pk)
    return _person(rows[0]) if rows else None


def by_key(prefix: str) -> ApiKey | None:
    """A key that is neither revoked nor expired, of somebody who may act: `key.user`, with his rights. It may be a
    remembered one.
    """
    named = {"prefix": prefix, "now": timezone.now()}
    row = _by_key().row(named, place=(prefix,), may_be_remembered=True)
    if row is None:
        return None
    key = ApiKey.from_db(DEFAULT_DB_ALIAS, KEY_COLUMNS, row[: len(KEY_COLUMNS)])
    key.user = _person(row[len(KEY_COLUMNS) :])
    return key


@dataclass(frozen=True)
class Question:
    """A statement whose answer is one row of these columns, or none."""

    statement: Prepared
    columns: Sequence[str]

    def row(self, values: dict[str, Any], *, place: tuple[str, ...], may_be_remembered: bool) -> tuple | None:
        """The row, or None. If it `may_be_remembered`, and the request can be begun anew, it may be the one that was
        read the last time; the request's first statement then confirms it.
        """
        connection, place = wrapper(), (current_schema(), *place)
        may_believe = connection.may_believe
        if may_be_remembered and may_believe and (row := REMEMBERED.recall(place)):
            text, sent = self.statement.text, self.statement.sent(values)
            connection.believe(text, sent, partial(self.is_still, place, row))
            return row
        row = next(iter(self.statement.run(**values)), None)
        if row and may_believe:
            REMEMBERED.keep(place, row)
        return row

    def is_still(self, place: tuple[str, ...], believed: tuple, cursor) -> bool:
        """Is it what the database answers? Remembers what it is now."""
        rows = self.statement.read(cursor)
        if rows == [believed]:
            return True
        if [self.decisive(row) for row in rows] == [self.decisive(believed)]:
            REMEMBERED.keep(place, rows[0])
            return True
        REMEMBERED.drop(place)
        return False

    def decisive(self, row: tuple) -> list[Any]:
        """Rights come in any order."""
        *fields, rights = [value for name, value in zip(self.columns, row, strict=True) if name not in MOVING]
        return [*fields, sorted(rights)]


def _person(row: Sequence[Any]) -> User:
    *fields, rights = row
    user = User.from_db(DEFAULT_DB_ALIAS, USER_COLUMNS, fields)
    access.remember_rights(user, current_schema(), rights)
    return user


@cache
def _by_identity() -> Question:
    named = {name: Slot(name, models.CharField()) for name in ("issuer", "subject")}
    return Question(prepare(_people().filter(**named)), [*USER_COLUMNS, RIGHTS])


@cache
def _by_number() -> Prepared:
    return prepare(_people().filter(pk=Slot("pk", models.BigIntegerField())))


@cache
def _by_key() -> Question:
    keys = ApiKey.objects.alive(Slot("now", models.DateTimeField()))
    columns = [*KEY_COLUMNS, *(f"user__{name}" for name in USER_COLUMNS)]
    named = keys.filter(prefix=Slot("prefix", models.CharField())).order_by()
    statement = prepare(named.values_list(*columns, ArraySubquery(rights_of(OuterRef("user_id")))))
    return Question(statement, [*KEY_COLUMNS, *USER_COLUMNS, RIGHTS])


def _people() -> models.QuerySet:
    return User.objects.order_by().values_list(*USER_COLUMNS, ArraySubquery(rights_of(OuterRef("pk"))))
