"""Tokens that were verified before, by their hash: a request with one of them pays a look-up and no signature.

What is remembered is that the token is genuine, never what its holder may do: whoever was deactivated, or lost
a role here, is asked about at each request (accounts/flows/recognise.py).
"""

import hashlib
from collections import OrderedDict
from datetime import UTC, datetime
from threading import Lock
from typing import NamedTuple

from .base import LEEWAY, Claims, Provider
from .keys import Key

MOST_TOKENS = 10_000  # some 2 kB each


class Verified(NamedTuple):
    """A token that was found genuine, by `key`. `ends` is the moment from which on it is refused."""

    claims: Claims
    provider: Provider
    key: Key
    ends: datetime


class Memory:
    """Bounded: the one longest unused goes first. A token is remembered for the entrance that it came by."""

    def __init__(self, size: int = MOST_TOKENS):
        self._size, self._lock = size, Lock()
        self._known: OrderedDict[tuple[bytes, str], Verified] = OrderedDict()

    def recall(self, name: tuple[bytes, str]) -> Verified | None:
        try:
            self._known.move_to_end(name)  # one step of its own, which needs no lock
            return self._known[name]
        except KeyError:  # never there, or dropped by another thread meanwhile
            return None

    def keep(self, name: tuple[bytes, str], claims: Claims, provider: Provider, key: Key) -> None:
        found = Verified(claims, provider, key, datetime.fromtimestamp(claims.expires_at + LEEWAY, UTC))
        with self._lock:
            self._known[name] = found
            while len(self._known) > self._size:
                self._known.popitem(last=False)

    def drop(self, name: tuple[bytes, str]) -> None:
        with self._lock:
            self._known.pop(name, None)

    def clear(self) -> None:
        with self._lock:
            self._known.clear()


def name_of(token: str, entry: str) -> tuple[bytes, str]:
    return hashlib.sha256(token.encode("ascii", "replace")).digest(), entry
