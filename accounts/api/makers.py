"""What makes of a column's value what a serializer's field shows of it, without asking anew for each value.

DRF looks the current time zone up for each date, makes a decimal context for each price and searches its choices for
each status: half of what showing a page took. A test compares both, byte for byte.
"""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone
from rest_framework import ISO_8601, serializers
from rest_framework.settings import api_settings

# Called once a page, for the function that is then called with each row's values.
Maker = Callable[[], Callable[..., Any]]

TEXTS = (models.CharField, models.TextField)
# What such a field makes of a value is the value itself, if it is of such a column.
SAME = (
    (serializers.CharField, TEXTS),
    (serializers.IntegerField, models.IntegerField),
    (serializers.BooleanField, models.BooleanField),
)


def maker(field: serializers.Field) -> Maker | None:
    """None where the value is shown as it is."""
    if hasattr(field, "shown"):
        return lambda: field.shown
    if _is_shown_as_held(field) or _chooses_texts(field):
        return None
    if _is_moment(field):
        return lambda: _moment_in(timezone.get_current_timezone())
    if _has_columns_places(field):
        return lambda: _price
    represent = field.to_representation
    return lambda: lambda value: None if value is None else represent(value)


def _shows_as(field: serializers.Field, kind: type[serializers.Field]) -> bool:
    """Does it show values as this one does, and not in a way of its own?"""
    return type(field).to_representation is kind.to_representation


def _column(field: serializers.Field) -> models.Field:
    """Of a foreign key the column that it holds a value of."""
    column = field.parent.Meta.model._meta.get_field(field.source)
    return getattr(column, "target_field", column)


def _is_shown_as_held(field: serializers.Field) -> bool:
    return any(_shows_as(field, kind) and isinstance(_column(field), held) for kind, held in SAME)


def _chooses_texts(field: serializers.Field) -> bool:
    """A choice's text is looked up by itself, and one that is no choice is shown as it is."""
    are_texts = _shows_as(field, serializers.ChoiceField) and all(type(choice) is str for choice in field.choices)
    return are_texts and isinstance(_column(field), TEXTS)


def _is_moment(field: serializers.Field) -> bool:
    """As DRF shows moments unless told otherwise: ISO 8601, in the current time zone."""
    told = hasattr(field, "format") or hasattr(field, "timezone")
    return _shows_as(field, serializers.DateTimeField) and not told and api_settings.DATETIME_FORMAT == ISO_8601


def _moment_in(zone: tzinfo) -> Callable[[datetime | None], datetime | str | None]:
    if str(zone) == "UTC":
        return _moment_in_utc

    def shown(value: datetime | None) -> str | None:
        if value is None:
            return None
        text = value.astimezone(zone).isoformat()
        return f"{text[:-6]}Z" if text.endswith("+00:00") else text

    return shown


def _moment_in_utc(value: datetime | None) -> datetime | None:
    """Left for the renderer to write, which takes a tenth of the time. psycopg reads moments in UTC itself, unless
    somebody gave the session another zone.
    """
    return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)


def _has_columns_places(field: serializers.Field) -> bool:
    """A text with as many places as the column has: PostgreSQL has rounded it, and keeps the noughts at its end."""
    if not _shows_as(field, serializers.DecimalField) or field.localize or field.normalize_output:
        return False
    column = _column(field)
    is_text = getattr(field, "coerce_to_string", api_settings.COERCE_DECIMAL_TO_STRING)
    return is_text and isinstance(column, models.DecimalField) and column.decimal_places == field.decimal_places


def _price(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
