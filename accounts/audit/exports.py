"""The log as a file: CSV for spreadsheets, JSON lines for programs.

Written to a temporary file inside the request: its body is sent after the view, when the transaction
has ended and with it the tenant. The file has no name in any folder, so it goes with the process.
"""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any

from django.db.models import QuerySet

from accounts.spreadsheets import shielded

from .keyset import walk
from .models import Entry

# What one file holds at most, so that one request stays short and one disk free. The page says so.
MOST_LINES = 100_000
MOST_BYTES = 100 * 1024 * 1024
AT_ONCE = 1000

FIELDS = [
    "at",
    "actor_id",
    "actor_name",
    "through",
    "credential",
    "action",
    "object_type",
    "object_id",
    "object_name",
    "changes",
    "detail",
    "address",
    "request_id",
]


@dataclass(frozen=True)
class Export:
    """A finished file, at its beginning. `is_cut`: there was more than one file may hold."""

    file: IO[bytes]
    count: int
    is_cut: bool


def export(queryset: QuerySet[Entry], kind: str) -> Export:
    """The lines of `queryset`, newest first. `kind` is a key of KINDS. Memory does not grow with their number."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    count, is_cut = 0, False
    file.write(HEADS[kind])
    for entries in walk(queryset.only(*FIELDS), size=AT_ONCE):
        room = min(len(entries), MOST_LINES - count)
        file.write(KINDS[kind](record(entry) for entry in entries[:room]))
        count += room
        if room < len(entries) or file.tell() > MOST_BYTES:
            is_cut = True
            break
    file.seek(0)
    return Export(file, count, is_cut)


def record(entry: Entry) -> dict[str, Any]:
    """By the names of FIELDS; the time with its offset, as ISO 8601 has it."""
    return {name: getattr(entry, name) for name in FIELDS} | {"at": entry.at.isoformat()}


def csv_rows(records: Iterable[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([cell(value) for value in record.values()] for record in records)
    return text.getvalue().encode()


def cell(value: Any) -> str:
    """None is empty; the changes are JSON; whatever could be a formula is shielded."""
    if value is None:
        return ""
    return shielded(json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value))


def json_lines(records: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


KINDS: dict[str, Callable[[Iterable[dict[str, Any]]], bytes]] = {"csv": csv_rows, "jsonl": json_lines}
# A mark in front, by which spreadsheets know UTF-8, and the names of the columns.
HEADS = {"csv": "\ufeff".encode() + csv_rows([{name: name for name in FIELDS}]), "jsonl": b""}
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}
