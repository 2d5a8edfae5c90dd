"""What a process remembers between requests, and how much of it at most."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """By key, at most `size` of them: the one longest unused goes first. Safe to share between threads."""

    def __init__(self, size: int):
        self._size, self._lock = size, Lock()
        self._known: OrderedDict[K, V] = OrderedDict()

    def recall(self, key: K) -> V | None:
        try:
            self._known.move_to_end(key)  # one step of its own, which needs no lock
            return self._known[key]
        except KeyError:  # never there, or dropped by another thread meanwhile
            return None

    def keep(self, key: K, value: V) -> None:
        with self._lock:
            self._known[key] = value
            self._known.move_to_end(key)
            while len(self._known) > self._size:
                self._known.popitem(last=False)

    def drop(self, key: K) -> None:
        with self._lock:
            self._known.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._known.clear()
