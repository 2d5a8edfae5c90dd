"""Tokens that were verified before, by their hash: a request with one of them pays a look-up and no signature.

What is remembered is that the token is genuine, never what its holder may do: whoever was deactivated, or lost
a role here, is asked about at each request (accounts/flows/recognise.py).
"""

import hashlib
from collections import OrderedDict
from contextlib import suppress
from threading import Lock

from .base import Claims, Provider
from .keys import Key

MOST_TOKENS = 10_000  # some 2 kB each


class Memory:
    """Bounded: the one longest unused goes first. A token is remembered for the entrance that it came by."""

    def __init__(self, size: int = MOST_TOKENS):
        self._size, self._lock = size, Lock()
        self._known: OrderedDict[tuple[bytes, str], tuple[Claims, Provider, Key]] = OrderedDict()

    def recall(self, name: tuple[bytes, str]) -> tuple[Claims, Provider, Key] | None:
        found = self._known.get(name)
        if found:
            with suppress(KeyError):  # dropped by another thread meanwhile; one step of its own, which needs no lock
                self._known.move_to_end(name)
        return found

    def keep(self, name: tuple[bytes, str], claims: Claims, provider: Provider, key: Key) -> None:
        with self._lock:
            self._known[name] = claims, provider, key
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
