"""Pages of a list by where the last one ended: no row twice or left out while others write, at any depth."""

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.serializers import ErrorDetail

from accounts.listing import Wanted, ordered
from tenants import sealing
from tenants.schema import current_schema

from .exceptions import BadParameters

PER_PAGE = 24
MOST_PER_PAGE = 100
MOST_COUNTED = 10_000
LONGEST_CURSOR = 12_000  # of a path of categories in letters of four bytes


class KeysetPagination(BasePagination):
    """`limit`, `order`, `cursor` and `count`. The view says `orders`, the first of which is the default.

    Whatever it is sorted by, the key decides between equals. A cursor holds the order, the values where the
    page ends, and a direction. It is sealed for its tenant: none but ours reaches the query, and nobody reads
    there what the rows themselves do not show him.
    """

    parameters = ("limit", "order", "cursor", "count")

    def paginate_queryset(self, queryset, request, view=None) -> list[Any]:
        """A page of instances, of rows that are narrowed already."""
        self.read(request, view, queryset.model)
        self.counted = queryset.order_by()[: MOST_COUNTED + 1].count() if self.counts else None
        return self.cut(list(self.following(queryset)[: self.limit + 1]), self.mark_of)

    def paginate_rows(self, view, columns: Sequence[str], find) -> list[tuple]:
        """A page of tuples of the columns, which `find` gives: see accounts/listing.py."""
        self.read(view.request, view, view.queryset.model)
        name = self.field.attname
        read = tuple(dict.fromkeys([*columns, name, "id"]))
        wanted = Wanted(read, self.way, self.limit + 1, bool(self.cursor), MOST_COUNTED if self.counts else None)
        found = find(wanted, **self.position())
        self.counted = found.total
        places = read.index(name), read.index("id")
        return self.cut(found.rows, lambda row: self.mark(row[places[0]], row[places[1]]))

    def read(self, request, view, model) -> None:
        """What was asked. Raises BadParameters."""
        self.request, self.view, self.model = request, view, model
        self.limit, self.order = self.read_limit(), self.read_order()
        self.cursor = self.read_cursor()
        self.came_by_cursor, self.backwards = bool(self.cursor), bool(self.cursor and self.cursor["back"])
        self.counts = self.read_count()

    def cut(self, rows: list[Any], mark) -> list[Any]:
        """The page itself, without the one row more that was asked for to see whether there is another page."""
        self.has_more = len(rows) > self.limit
        rows = rows[: self.limit]
        page = rows[::-1] if self.backwards else rows
        self.ends = (mark(page[0]), mark(page[-1])) if page else None
        return page

    # --- What was asked ---

    def read_limit(self) -> int:
        text = self.request.query_params.get("limit", str(PER_PAGE))
        if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MOST_PER_PAGE):
            self.refuse("limit", _("A number from 1 to %(most)d is required.") % {"most": MOST_PER_PAGE})
        return int(text)

    def read_order(self) -> str:
        order = self.request.query_params.get("order", self.view.orders[0])
        if order not in self.view.orders:
            self.refuse("order", _("Choose from: %(names)s.") % {"names": ", ".join(self.view.orders)})
        return order

    def read_cursor(self) -> dict[str, Any] | None:
        text = self.request.query_params.get("cursor")
        if text is None:
            return None
        try:
            cursor = json.loads(sealing.unseal(self.purpose(), text if len(text) <= LONGEST_CURSOR else ""))
        except sealing.Unsealable:
            cursor = {}
        if cursor.get("order") != self.order:
            self.refuse("cursor", _("This is no cursor of this list in this order."))
        return cursor

    def read_count(self) -> bool:
        """Counting stops one row after MOST_COUNTED: counting a million takes as long as reading them."""
        text = self.request.query_params.get("count", "false")
        if text not in ("true", "false"):
            self.refuse("count", _("Choose from: %(names)s.") % {"names": "true, false"})
        return text == "true"

    def refuse(self, name: str, text) -> None:
        raise BadParameters({name: [ErrorDetail(text, "invalid")]})

    def purpose(self) -> str:
        return f"api.cursor.{current_schema()}.{self.model._meta.label_lower}"

    # --- The rows ---

    @property
    def field(self) -> models.Field:
        return self.model._meta.get_field(self.order.removeprefix("-"))

    @property
    def descending(self) -> bool:
        return self.order.startswith("-")

    @property
    def way(self) -> str:
        """The order in which rows are read: a page before another one is read from its end."""
        name = "pk" if self.field.primary_key else self.field.name
        return f"-{name}" if self.descending != self.backwards else name

    def position(self) -> dict[str, Any]:
        if not self.cursor:
            return {}
        return {"value": self.field.to_python(self.cursor["value"]), "key": self.cursor["key"]}

    def following(self, queryset):
        return ordered(queryset, self.way, **self.position())

    def mark_of(self, row) -> tuple[str, Any]:
        return self.field.value_to_string(row), row.pk

    def mark(self, value: Any, key: Any) -> tuple[str, Any]:
        return self.mark_of(SimpleNamespace(**{self.field.attname: value}, pk=key))

    # --- The answer ---

    def get_paginated_response(self, data) -> Response:
        has_next = self.came_by_cursor if self.backwards else self.has_more
        has_previous = self.has_more if self.backwards else self.came_by_cursor
        first, last = self.ends or (None, None)
        body: dict[str, Any] = {
            "next": self.link(last, back=False) if last and has_next else None,
            "previous": self.link(first, back=True) if first and has_previous else None,
        }
        if self.counted is not None:
            body |= {"count": min(self.counted, MOST_COUNTED), "count_is_exact": self.counted <= MOST_COUNTED}
        return Response(body | {"results": data})

    def link(self, mark: tuple[str, Any], *, back: bool) -> str:
        """The path of the next or previous page: a path alone, since a host in the request proves nothing."""
        value, key = mark
        cursor = {"order": self.order, "value": value, "key": key, "back": back}
        sealed = sealing.seal(self.purpose(), json.dumps(cursor))
        rest = {name: value for name, value in self.request.query_params.items() if name != "cursor"}
        # What is sealed may stand there as it is: to look through it for what may not took 8 of 11 µs.
        return f"{self.request.path}?{urlencode(rest)}{'&' if rest else ''}cursor={sealed}"

    def get_paginated_response_schema(self, schema) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri-reference"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": link,
                "previous": link,
                "count": {"type": "integer", "description": f"Only with count=true; at most {MOST_COUNTED}."},
                "count_is_exact": {"type": "boolean"},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view) -> list[dict[str, Any]]:
        orders = {"type": "string", "enum": list(view.orders), "default": view.orders[0]}
        limit = {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE, "default": PER_PAGE}
        return [
            _parameter("cursor", "Where a page begins: take it from `next` or `previous`.", {"type": "string"}),
            _parameter("limit", "How many rows a page has.", limit),
            _parameter("order", "By what the rows are sorted; `-` turns it round.", orders),
            _parameter("count", f"Count the rows, up to {MOST_COUNTED}.", {"type": "boolean", "default": False}),
        ]


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
