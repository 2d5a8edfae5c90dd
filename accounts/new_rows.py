"""Storing a new row whole, in one statement: itself, the grants of whoever makes it, and its line in the audit log.

The ORM would send three, one after the other, since grants and line name the row by its key. Here they are parts of
one `WITH`, which hand the key on. What is written is the same, and a test compares both ways. The statement may be
told on what condition it stores anything at all: so nothing that was asked before can have changed meanwhile.

Source: docs/decisions/0008-audit-log.md
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import signals
from django.db.models.expressions import DatabaseDefault

from tenants.postgresql import writes
from tenants.postgresql.base import DatabaseWrapper
from tenants.postgresql.writes import Change
from tenants.schema import wrapper

from . import shares
from .audit import changes, trail
from .audit.capture import Capture
from .audit.models import Entry
from .models import User
from .prepared import Prepared, Slot
from .shareable import Shareable, user_grants

MAKER = Slot("maker", models.BigIntegerField())


class Condition(NamedTuple):
    """Something that can be asked within a statement, and the values it is asked with."""

    asked: Prepared
    values: dict[str, Any]


def store(row: Shareable, *, maker: User, rights: Iterable[str], provided: Condition | None = None) -> bool:
    """Store a new row, give `maker` these rights on it, and log that it was created, in the present transaction.

    False, with nothing written, if the condition does not hold, or cannot be asked within the statement: the caller
    then asks it under the lock, and comes without one.
    """
    connection, permissions = wrapper(), shares.rows_of(rights)
    if not _can_be_one_statement(connection, row):
        if provided is None:
            _store_in_turn(row, maker, permissions)
        return provided is None
    signals.pre_save.send(type(row), instance=row, raw=False, using=connection.alias, update_fields=None)
    values = {"maker": maker.pk, **_values_of(row, connection)}  # stores its files, so that the line has their names
    line = _line(connection, row, maker, permissions)
    values |= _values_of(line, connection)
    asked, more = provided or (None, {})
    statement = _statement(type(row), tuple(each.pk for each in permissions), asked)
    found = statement.run(connection.alias, **values, **more)
    if not found:
        return False
    row.pk, row._state.adding, row._state.db = found[0][0], False, connection.alias
    if changes.name_of(row) != line.object_name:  # written along with it, and never changed
        raise TypeError(f"The name of a {row._meta.verbose_name} must not be made of its key: {row}")
    signals.post_save.send(type(row), instance=row, created=True, raw=False, using=connection.alias, update_fields=None)
    return True


def _store_in_turn(row: Shareable, maker: User, permissions: Sequence[Permission]) -> None:
    """The same as the ORM does it."""
    with trail.act("created", row, knows=permissions):
        row.save()
        user_grants(type(row)).objects.bulk_create(shares.to_maker(maker, row, permissions))


def _can_be_one_statement(connection: DatabaseWrapper, row: Shareable) -> bool:
    """Not in an act that gathers more than this row, nor where the log is not all that wants to know of it."""
    return (
        not trail.is_under_way(connection)
        and all(
            [type(watcher) for watcher in writes.heeding(connection, model)] == [Capture]
            for model in (type(row), user_grants(type(row)))
        )
        and _is_plain(type(row))
    )


@lru_cache(maxsize=256)
def _is_plain(model: type[models.Model]) -> bool:
    """One table, whose key the database makes, and values that go into it as they are."""
    meta = model._meta
    made = (each for each in _fields(model).values() if each.has_db_default() or hasattr(each, "get_placeholder"))
    return meta.auto_field is meta.pk and not any(made)


def _line(connection: DatabaseWrapper, row: Shareable, maker: User, permissions: Sequence[Permission]) -> Entry:
    changes.settle_values(row)
    written = [row, *shares.to_maker(maker, row, permissions)]
    return trail.line_of(connection, "created", row, [Change(None, each) for each in written])


# --- The statement ------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _statement(model: type[Shareable], rights: tuple[int, ...], condition: Prepared | None) -> Prepared:
    """What is put together are names of tables and columns, texts of the ORM, and the keys of permissions, which are
    the same in every tenant. Values are apart.
    """
    grants, row, line = user_grants(model), _slots(model), _slots(Entry)
    told = {**dict.fromkeys(line, "%s"), "object_id": "left(made.key::text, 40)"}
    given = {"permission_id": "permission", "user_id": "%s", "content_object_id": "made.key"}
    each_right = f"unnest('{{{','.join(map(str, rights))}}}'::integer[]) permission"
    # INSERT .. SELECT: a sharded PostgreSQL takes no question among VALUES.
    made = f"{_insert(model, dict.fromkeys(row, '%s'))}{f' WHERE {condition.sql}' if condition else ''}"
    parts = {
        "made(key)": f'{made} RETURNING "{model._meta.pk.column}"',
        "granted": f"{_insert(grants, given)} FROM made, {each_right}",
        "logged": f"{_insert(Entry, told)} FROM made",
    }
    text = ", ".join(f"{name} AS ({part})" for name, part in parts.items())
    sent = [*row.values(), *(condition.parameters if condition else ()), MAKER]
    sent += [slot for name, slot in line.items() if told[name] == "%s"]
    return Prepared(f"WITH {text} SELECT key FROM made", tuple(sent), ())  # noqa: S608


def _insert(model: type[models.Model], values: dict[str, str]) -> str:
    """`values` are texts of SQL, by the fields' names."""
    columns = ", ".join(f'"{model._meta.get_field(name).column}"' for name in values)  # type: ignore[union-attr]
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {", ".join(values.values())}'


def _slots(model: type[models.Model]) -> dict[str, Slot]:
    return {each.attname: Slot(name, each) for name, each in _fields(model).items()}


def _values_of(row: models.Model, connection: DatabaseWrapper) -> dict[str, Any]:
    """By the slots' names."""
    return {name: as_saved(row, each, connection) for name, each in _fields(type(row)).items()}


@lru_cache(maxsize=256)
def _fields(model: type[models.Model]) -> dict[str, models.Field]:
    """`given_fields` by names that are not another model's as well."""
    return {f"{model._meta.label_lower}.{each.attname}": each for each in given_fields(model)}


def given_fields(model: type[models.Model]) -> list[models.Field]:
    """Those that an INSERT gives values for."""
    return [each for each in model._meta.concrete_fields if not (each.generated or each.primary_key)]


def as_saved(row: models.Model, field: models.Field, connection: DatabaseWrapper) -> Any:
    """The value as `save` sends it; DatabaseDefault where the database is to choose."""
    value = field.pre_save(row, add=True)
    return value if isinstance(value, DatabaseDefault) else field.get_db_prep_save(value, connection)
