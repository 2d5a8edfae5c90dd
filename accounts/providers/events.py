"""What a provider tells us by itself. Only ever a hint to look again: what holds is what it answers when asked."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from accounts.exceptions import AccountsError

from .texts import mapping

WINDOW = timedelta(minutes=5)  # how old a message may be that says how old it is
MOST_EVENTS = 100  # in one message
LONGEST_ID = 255


class EventRefused(AccountsError):
    """Not signed as agreed, too old, or no event. Answered with 400, and the body never says why."""

    status = 400

    def __init__(self, reason: str):
        super().__init__()
        self.reason = reason


@dataclass(frozen=True)
class Event:
    """`id` is unique at the provider; `tenant` and `subject` are its ids, "" where the event names none."""

    id: str
    kind: str
    tenant: str = ""
    subject: str = ""


class Events(ABC):
    """How one provider's messages are known to be its own, and read. `values` are its settings."""

    def __init__(self, key: str, values: Mapping[str, str]):
        self.key, self.values = key, values

    @abstractmethod
    def read(self, request: HttpRequest) -> list[Event]:
        """Those that may have changed who belongs where, with which roles. Raises EventRefused."""


def json_of(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EventRefused("no JSON") from error


def text(row: Any, name: str) -> str:
    value = mapping(row).get(name)
    return value if isinstance(value, str) and len(value) <= LONGEST_ID and value.isprintable() else ""


def fingerprint(*parts: bytes | str) -> str:
    """The id of a message that has none: the same bytes twice are the same message."""
    whole = b"\n".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hashlib.sha256(whole).hexdigest()


def demand_recent(moment: datetime) -> None:
    """Raises EventRefused. A minute ahead is a clock that is off."""
    if not -timedelta(minutes=1) <= timezone.now() - moment <= WINDOW:
        raise EventRefused("too old, or of tomorrow")


def moment_of(value: Any) -> datetime:
    """A time of RFC 3339, or milliseconds since 1970. Raises EventRefused."""
    try:
        if isinstance(value, int):
            return datetime.fromtimestamp(value / 1000, tz=UTC)
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise EventRefused("no time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
