"""What a provider tells us by itself. Only ever a hint to look again: what holds is what it answers when asked."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from django.http import HttpRequest

from accounts.exceptions import AccountsError


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
    """How one provider's messages are known to be its own, and read."""

    @abstractmethod
    def read(self, request: HttpRequest) -> list[Event]:
        """Raises EventRefused."""
