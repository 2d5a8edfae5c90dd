"""Who is asking, and what he may do by his roles: found in one statement, whichever way he came.

By the identity that a token names, by the key of a program, by the number that a session holds. Rights are read anew
at each request: one that was taken away is gone at the next.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import OuterRef
from django.utils import timezone

from tenants.schema import current_schema

from . import access
from .models import ApiKey, User
from .models.people import rights_of
from .prepared import Prepared, Slot, prepare

USER_COLUMNS = [field.attname for field in User._meta.concrete_fields]
KEY_COLUMNS = [field.attname for field in ApiKey._meta.concrete_fields]


def by_identity(issuer: str, subject: str) -> User | None:
    """As a token of an identity provider names him, whatever has become of him."""
    return _first(_by_identity(), issuer=issuer, subject=subject)


def by_number(pk: int) -> User | None:
    """As a session names him. The caller asks whether he may still come in by it."""
    return _first(_by_number(), pk=pk)


def by_key(prefix: str) -> ApiKey | None:
    """A key that is neither revoked nor expired, of somebody who may act: `key.user`, with his rights."""
    rows = _by_key().run(prefix=prefix, now=timezone.now())
    if not rows:
        return None
    key = ApiKey.from_db(DEFAULT_DB_ALIAS, KEY_COLUMNS, rows[0][: len(KEY_COLUMNS)])
    key.user = _person(rows[0][len(KEY_COLUMNS) :])
    return key


def _first(statement: Prepared, **values: Any) -> User | None:
    rows = statement.run(**values)
    return _person(rows[0]) if rows else None


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
