"""Something that has to be fetched: kept while it is fresh, kept on while it cannot be had, fetched by one at a time.

Whoever asks while another fetches is answered with what is known. Safe to share between threads.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock, Thread
from typing import Generic, NamedTuple, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")
NEVER = float("-inf")


class NotHad(Exception):
    """What `load` raises when it could not, and has said so in the log: nobody else hears of it."""


class Had(NamedTuple, Generic[T]):
    """What was fetched, and when. One object, so that nobody sees the one of today with the other of yesterday.

    Until when it is fresh is reckoned once, when it comes in: each request asks.
    """

    value: T | None
    at: float
    fresh_until: float


NOTHING: Had = Had(None, NEVER, NEVER)


class Kept(Generic[T]):
    """`load` raises NotHad where it cannot; anything else that it raises goes through. In both cases what was known
    before stays, up to `keep_for`, and nobody asks again for `cool_down` (`cold_down`, while nothing is known at all).

    In the `background` a stale value is renewed by a thread of its own. `patience` is for the first one alone: so
    long is it waited for, by those who have nothing to go on with.
    """

    def __init__(
        self,
        load: Callable[[], T],
        *,
        fresh_for: timedelta,
        cool_down: timedelta,
        cold_down: timedelta | None = None,
        keep_for: Callable[[], timedelta] | None = None,
        patience: timedelta = timedelta(),
        background: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._load, self._clock, self._background = load, clock, background
        self._fresh_for, self._cool_down = fresh_for.total_seconds(), cool_down.total_seconds()
        self._cold_down = (cold_down or cool_down).total_seconds()
        self._keep_for, self._patience = keep_for, patience.total_seconds()
        self._loading = Lock()
        self.forget()

    def forget(self) -> None:
        self._had: Had[T] = NOTHING
        self._tried_at = NEVER

    @property
    def known(self) -> T | None:
        """As it is known, without asking anybody."""
        had = self._had
        return None if self._clock() - had.at > self._longest() else had.value

    def _longest(self) -> float:
        """Seconds for which it is kept on, whether or not it can be had anew."""
        return self._keep_for().total_seconds() if self._keep_for else float("inf")

    @property
    def fresh(self) -> T | None:
        """As it is known, while nothing of it is stale: the short way for those who ask at each request."""
        had = self._had
        return had.value if self._clock() < had.fresh_until else None

    def current(self) -> T | None:
        """As it is known; asked for anew when that is stale."""
        if self.known is None:
            self.ask()
        elif self._clock() - self._had.at >= self._fresh_for:
            self._renew()
        return self.known

    def ask(self) -> None:
        """Fetch it now, unless another does or did a moment ago."""
        if self._begin():
            self._fetch()

    def _renew(self) -> None:
        if self._begin():
            self._fetch_elsewhere() if self._background else self._fetch()

    def _fetch_elsewhere(self) -> None:
        try:
            Thread(target=self._fetch, name="renew", daemon=True).start()
        except RuntimeError:  # no more threads to be had
            logger.exception("Nothing is renewed in the background.")
            self._loading.release()

    def _begin(self) -> bool:
        """Whether it is ours to fetch: then the lock is held until `_fetch` is through."""
        if self._is_cooling_down():
            return False
        if not self._loading.acquire(timeout=self._patience if self.known is None else 0):
            return False
        if self._is_cooling_down():  # another was through with it in between
            self._loading.release()
            return False
        return True

    def _is_cooling_down(self) -> bool:
        pause = self._cold_down if self.known is None else self._cool_down
        return self._clock() - self._tried_at < pause

    def _fetch(self) -> None:
        try:
            value, at = self._load(), self._clock()
            self._had = Had(value, at, at + min(self._fresh_for, self._longest()))
        except NotHad:
            return
        finally:
            self._tried_at = self._clock()
            self._loading.release()
