"""Who is asking, and what he may do by his roles: found in one statement, whichever way he came.

By the identity that a token names, by the key of a program, by the number that a session holds. Rights are read anew
at each request: one that was taken away is gone at the next. A request that begins by asking for rows need not wait for
that: it goes on with what was read the last time, and the question travels with its own
(tenants/postgresql/confirming.py).
"""

from collections.abc import Sequence
from functools import cache
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

MOST_KNOWN = 5_000  # some 4 kB each
USER_COLUMNS = [field.attname for field in User._meta.concrete_fields]
KEY_COLUMNS = [field.attname for field in ApiKey._meta.concrete_fields]

# Rows of people who may come in, and of keys that open, by schema and by what they were asked for with.
KNOWN: Bounded[tuple[str, ...], tuple] = Bounded(MOST_KNOWN)


def by_identity(issuer: str, subject: str, *, may_be_remembered: bool = False) -> User | None:
    """As a token of an identity provider names him, whatever has become of him; a remembered one may come in."""
    named = {"issuer": issuer, "subject": subject}
    place = (current_schema(), *named.values())
    row = _row(_by_identity(), named, place if may_be_remembered else None)
    if row is None:
        return None
    user = _person(row)
    if user.is_active and not user.removed_at:
        KNOWN.keep(place, row)
    return user


def by_number(pk: int) -> User | None:
    """As a session names him. The caller asks whether he may still come in by it."""
    row = _row(_by_number(), {"pk": pk})
    return _person(row) if row else None


def by_key(prefix: str, *, may_be_remembered: bool = False) -> ApiKey | None:
    """A key that is neither revoked nor expired, of somebody who may act: `key.user`, with his rights."""
    named = {"prefix": prefix, "now": timezone.now()}
    place = (current_schema(), prefix)
    row = _row(_by_key(), named, place if may_be_remembered else None)
    if row is None:
        return None
    KNOWN.keep(place, row)
    key = ApiKey.from_db(DEFAULT_DB_ALIAS, KEY_COLUMNS, row[: len(KEY_COLUMNS)])
    key.user = _person(row[len(KEY_COLUMNS) :])
    return key


def _row(statement: Prepared, values: dict[str, Any], place: tuple[str, ...] | None = None) -> tuple | None:
    """The one row, if there is one. With a `place` as it was read the last time: then the request's first statement
    confirms that it is so still.
    """
    connection = wrapper()
    if place and connection.may_doubt and (row := KNOWN.recall(place)):
        connection.confirm(statement.text, statement.sent(values), lambda cursor: statement.read(cursor) == [row])
        return row
    return next(iter(statement.run(**values)), None)


def _person(row: Sequence[Any]) -> User:
    *fields, rights = row
    user = User.from_db(DEFAULT_DB_ALIAS, USER_COLUMNS, fields)
    access.remember_rights(user, current_schema(), rights)
    return user


@cache
def _by_identity() -> Prepared:
    named = {name: Slot(name, models.CharField()) for name in ("issuer", "subject")}
    return prepare(_people().filter(**named))


@cache
def _by_number() -> Prepared:
    return prepare(_people().filter(pk=Slot("pk", models.BigIntegerField())))


@cache
def _by_key() -> Prepared:
    keys = ApiKey.objects.alive(Slot("now", models.DateTimeField()))
    columns = [*KEY_COLUMNS, *(f"user__{name}" for name in USER_COLUMNS)]
    named = keys.filter(prefix=Slot("prefix", models.CharField())).order_by()
    return prepare(named.values_list(*columns, ArraySubquery(rights_of(OuterRef("user_id")))))


def _people() -> models.QuerySet:
    return User.objects.order_by().values_list(*USER_COLUMNS, ArraySubquery(rights_of(OuterRef("pk"))))
