"""Lists and single objects shown straight from the columns that were read: no instances, and no serializer for each.

The serializer's own fields say what is read and shown; there is no second list of them. Fifty products took DRF
2 ms; a test compares the two, byte for byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import models
from django.http import Http404
from rest_framework import serializers

from accounts import access, listing

from . import makers
from .viewsets import ApiViewSet


@dataclass(frozen=True)
class Shown:
    """How rows of these columns are shown: (name, places of its columns, what is made of them) for each field."""

    columns: tuple[str, ...]
    fields: tuple[tuple[str, tuple[int, ...], makers.Maker | None], ...]

    def show(self, row: Sequence[Any]) -> dict[str, Any]:
        return self.show_all([row])[0]

    def show_all(self, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        """Column by column, so that what makes a field's values is looked up once a page."""
        read = list(zip(*rows, strict=True))
        made = [
            map(make(), *(read[place] for place in places)) if make else read[places[0]]
            for _name, places, make in (self.fields if rows else ())
        ]
        names = [name for name, _places, _make in self.fields]
        return [dict(zip(names, values, strict=True)) for values in zip(*made, strict=True)]


@lru_cache(maxsize=256)
def shown_by(serializer: type[serializers.ModelSerializer], names: frozenset[str] | None = None) -> Shown:
    """The fields of a serializer, or those of these names. Each shows a column of the model, or says of which it is
    made (`columns`, `shown`). Raises FieldDoesNotExist for one that is neither.
    """
    fields = {name: field for name, field in serializer().fields.items() if names is None or name in names}
    read = {name: columns_of(field, serializer.Meta.model) for name, field in fields.items()}
    columns = tuple(dict.fromkeys(column for each in read.values() for column in each))
    return Shown(
        columns,
        tuple(
            (name, tuple(columns.index(column) for column in read[name]), makers.maker(field))
            for name, field in fields.items()
        ),
    )


def columns_of(field: serializers.Field, model: type[models.Model]) -> tuple[str, ...]:
    declared = getattr(field, "columns", None)
    if declared:
        return declared
    return (model._meta.get_field(field.source).attname,)  # type: ignore[union-attr]


class RowsViewSet(ApiViewSet):
    """An endpoint whose serializer shows columns alone: `list`, and `one_row` for a `retrieve`."""

    def list(self, request):
        shown = self.shown()
        page = self.paginator.paginate_rows(self, shown.columns, self.find)
        return self.get_paginated_response(shown.show_all(page))

    def shown(self) -> Shown:
        names = self.sparse_fields()
        return shown_by(self.get_serializer_class(), None if names is None else frozenset(names))

    def find(self, wanted: listing.Wanted, **position) -> listing.Found:
        """The rows of a page. Not narrowed before: `first_rows` is the door's own form of it."""
        rows = self.filter_queryset(self.queryset.all()) if self.is_filtered else self.queryset
        permission = access.view_permission(rows.model)
        return listing.first_rows(
            rows, self.request.user, permission, wanted, is_whole=not self.is_filtered, **position
        )

    def one_row(self, pk: int, columns: Sequence[str]) -> tuple:
        """The columns of one row that the user may view. Raises Http404."""
        permission = access.view_permission(self.queryset.model)
        row = listing.one_row(self.queryset, self.request.user, permission, tuple(columns), pk)
        if row is None:
            raise Http404
        return row
