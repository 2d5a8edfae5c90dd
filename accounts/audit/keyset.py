"""Pages of a log that may be very long: each begins where the last one ended, however far back that is.

A page number would make the database read, and throw away, everything before it; and each line written
meanwhile would push a line from one page to the next.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from .models import Entry

PAGE_SIZE = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Microseconds since 1970 and the key; longer numbers are no time and no key.
PLACE = re.compile(r"([0-9]{1,17})-([0-9]{1,18})")


@dataclass(frozen=True)
class Page:
    """Lines, newest first, and where the neighbours begin (None: there is none)."""

    lines: list[Entry]
    newer: str | None = None
    older: str | None = None


def page_of(queryset: QuerySet[Entry], *, before: str = "", after: str = "", size: int = PAGE_SIZE) -> Page:
    """The lines just before or just after a place. A place that makes no sense is the beginning. One query."""
    if place := read_place(after):
        lines = list(newer_than(queryset, place).order_by("at", "pk")[: size + 1])[::-1]
        if len(lines) > size:
            return Page(lines[1:], newer=place_of(lines[1]), older=place_of(lines[-1]))
    lines = list(older_than(queryset, read_place(before)).order_by("-at", "-pk")[: size + 1])
    newer = place_of(lines[0]) if lines and read_place(before) else None
    older = place_of(lines[size - 1]) if len(lines) > size else None
    return Page(lines[:size], newer=newer, older=older)


def walk(queryset: QuerySet[Entry], *, size: int) -> Iterator[list[Entry]]:
    """All lines, newest first, `size` at a time. One query each, so that memory and statements stay small."""
    place = None
    while lines := list(older_than(queryset, place).order_by("-at", "-pk")[:size]):
        yield lines
        place = lines[-1].at, lines[-1].pk


def older_than(queryset: QuerySet[Entry], place: tuple[datetime, int] | None) -> QuerySet[Entry]:
    if place is None:
        return queryset
    at, pk = place
    # `at <= …` alone would do for the index; the second half decides between lines of the same instant.
    return queryset.filter(Q(at__lt=at) | Q(pk__lt=pk), at__lte=at)


def newer_than(queryset: QuerySet[Entry], place: tuple[datetime, int]) -> QuerySet[Entry]:
    at, pk = place
    return queryset.filter(Q(at__gt=at) | Q(pk__gt=pk), at__gte=at)


def place_of(line: Entry) -> str:
    return f"{(line.at - EPOCH) // timedelta(microseconds=1)}-{line.pk}"


def read_place(text: str) -> tuple[datetime, int] | None:
    found = PLACE.fullmatch(text)
    return found and (EPOCH + timedelta(microseconds=int(found[1])), int(found[2]))


def count_up_to(queryset: QuerySet[Entry], most: int) -> int:
    """How many there are, but no more than `most + 1`: counting a million lines takes longer than reading a page."""
    return queryset.order_by()[: most + 1].count()
