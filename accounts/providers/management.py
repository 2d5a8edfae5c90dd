"""Asking a provider's management API: what its answers mean, and when it is left alone.

It is left alone for as long as it asks for (429), and for half a minute after three questions in a row went wrong,
so that no worker waits for a provider that is known to be away. This is known to the process alone.
"""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from threading import Lock
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from accounts.exceptions import ProviderAway

from .directory import Refused
from .http import Answer
from .texts import mapping

FAILURES, PAUSE = 3, 30.0
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 600.0  # what a provider may ask for, in seconds
MOST_PAGES = 400


_ends: ContextVar[float] = ContextVar("management_ends", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """No question is begun in the block after so many seconds: a task or a page may need several of them."""
    token = _ends.set(min(_ends.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends.reset(token)


def time_left() -> float:
    return _ends.get() - time.monotonic()


class AskedToWait(ProviderAway):
    """Not asked at all, or told to come back later: `seconds` from now."""

    def __init__(self, reason: str, seconds: float):
        super().__init__(reason)
        self.seconds = seconds


class SaidNo(Refused):
    """`code` is the status of the answer. What the provider wrote is shown to those who manage members."""

    def __init__(self, code: int, said: str = ""):
        super().__init__(f"{Refused.message} {said}".strip())
        self.code = code


class Breaker:
    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._lock = clock, Lock()
        self._failures, self._closed_until = 0, 0.0

    def demand_open(self) -> None:
        """Raises AskedToWait."""
        left = self._closed_until - self._clock()
        if left > 0:
            raise AskedToWait("left alone for a while", left)

    def answered(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._failures = FAILURES - 1  # once more after the pause, and no three times
                self._closed_until = self._clock() + PAUSE

    def wait(self, seconds: float) -> None:
        self._closed_until = self._clock() + seconds


class ManagementApi(ABC):
    """One environment of a provider. Kept as long as the process: it remembers credential and failures."""

    def __init__(self, values: Mapping[str, str]):
        self.values, self.breaker = values, Breaker()

    @abstractmethod
    def send(self, method: str, path: str, *, anew: bool, **kwargs) -> Answer:
        """One question with our credential; `anew`: with one that was fetched just now. Raises ProviderAway."""

    def ask(self, method: str, path: str, **kwargs) -> Any:
        """The answer's JSON; None where there is none. `kwargs` are those of `send`.

        Raises ProviderAway, of which AskedToWait is one, and SaidNo.
        """
        self.breaker.demand_open()
        if time_left() <= 0:
            raise ProviderAway("no time left to ask")
        try:
            answer = self.send(method, path, anew=False, **kwargs)
            if answer.status == 401:  # the credential ended before its time
                answer = self.send(method, path, anew=True, **kwargs)
            said = read(answer)
        except AskedToWait as error:
            self.breaker.wait(error.seconds)
            raise
        except ProviderAway:
            self.breaker.failed()
            raise
        except SaidNo:
            self.breaker.answered()
            raise
        self.breaker.answered()
        return said


def read(answer: Answer) -> Any:
    """Raises AskedToWait, ProviderAway, SaidNo."""
    if 200 <= answer.status < 300:
        return answer.json() if answer.body.strip() else None
    if answer.status == 429:
        raise AskedToWait("too many questions", seconds_to_wait(answer.headers))
    if answer.status >= 500 or answer.status < 400 or answer.status == 401:
        raise ProviderAway(f"status {answer.status}")
    raise SaidNo(answer.status, words(answer))


def seconds_to_wait(headers: Mapping[str, str]) -> float:
    """`Retry-After` as seconds or a date, `X-Rate-Limit-Reset` as a date of RFC 3339 or seconds since 1970."""
    wanted = [moment(headers.get("Retry-After", ""), since=timezone.now().timestamp())]
    wanted += [moment(headers.get(name, ""), since=0) for name in ("X-Rate-Limit-Reset", "X-RateLimit-Reset")]
    until = next((each for each in wanted if each is not None), None)
    left = until - timezone.now().timestamp() if until is not None else PAUSE
    return min(max(left, SHORTEST_WAIT), LONGEST_WAIT)


def moment(text: str, *, since: float) -> float | None:
    """Seconds since 1970; a mere number is counted `since` then."""
    for read_as in (lambda: since + float(text), lambda: stamp(datetime.fromisoformat(text)), lambda: http_date(text)):
        try:
            return finite(read_as())
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def finite(number: float) -> float:
    """Raises ValueError: "nan" and "inf" are numbers, and no time."""
    if not math.isfinite(number):
        raise ValueError("no time")
    return number


def http_date(text: str) -> float:
    return stamp(parsedate_to_datetime(text))


def stamp(at: datetime) -> float:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def words(answer: Answer) -> str:
    """The provider's own sentence, if there is a short one."""
    try:
        said = answer.json()
    except ProviderAway:
        return ""
    said = mapping(said)
    errors = said.get("errors") or said.get("messages")
    found = errors[0] if isinstance(errors, list) and errors else said.get("errorDescription") or said.get("message")
    return found[:150] if isinstance(found, str) and found.isprintable() else ""


def pages(read_page: Callable[[int], tuple[list[Any], bool]]) -> Iterator[Any]:
    """The rows of all pages. `read_page(number)` gives one, and whether there is another. Raises ProviderAway."""
    for number in range(MOST_PAGES):
        rows, more = read_page(number)
        yield from rows
        if not more:
            return
    raise ProviderAway("a list without an end")


def rows_of(said: Any, name: str = "") -> list[Any]:
    """The list that the answer is, or has under this name. Raises ProviderAway for anything else: no list is none."""
    found = said
    if name:
        found = said.get(name) if isinstance(said, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise ProviderAway("an answer of another shape")
    return found


def part(of_path: str) -> str:
    """An id as one part of an address. Raises SaidNo as for an unknown one where it would be none: an HTTP client takes
    dots for a way through the address, whatever is encoded.
    """
    if of_path in ("", ".", ".."):
        raise SaidNo(404)
    return quote(of_path, safe="")


def demanded(tenant: str) -> str:
    """Raises ValueError without a tenant: providers take that for all of them, or for the whole project."""
    if not tenant.strip():
        raise ValueError("a question about people without a tenant")
    return tenant


def or_none(ask: Callable[[], Any]) -> Any:
    """None for what is not, or no longer, there."""
    try:
        return ask()
    except SaidNo as refusal:
        if refusal.code != 404:
            raise
        return None


def place_in(person: Mapping[str, Any], name: str, tenant: str) -> Mapping[str, Any] | None:
    """Of the places that a person's row lists under this name, the one in this tenant."""
    places = person.get(name)
    listed = places if isinstance(places, list) else []
    return next((each for each in listed if mapping(each).get("tenantId") == tenant), None)


def kept(make: Callable[[Mapping[str, str]], ManagementApi]) -> Callable[[Mapping[str, str]], Any]:
    """Decorate a maker: one for each environment, as its settings are."""
    made = lru_cache(maxsize=16)(lambda values: make(dict(values)))
    MADE.append(made.cache_clear)
    return lambda values: made(tuple(sorted(values.items())))


MADE: list[Callable[[], None]] = []


def forget() -> None:
    """Credentials and failures, as if the process had just begun."""
    for clear in MADE:
        clear()
