"""Asking an identity provider something, within limits: 3 seconds in all, 256 kB, no redirects.

Nothing here logs a body or a header: both may hold tokens.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

import requests

from accounts.exceptions import ProviderAway

SECONDS = 3.0
MOST_BYTES = 256 * 1024


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises ProviderAway for what is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ProviderAway("an answer that is no JSON") from error


def ask(method: str, url: str, *, seconds: float | None = None, **kwargs) -> Answer:
    """One question, whatever its answer's status. `kwargs` are those of `requests`. Raises ProviderAway.

    Asked by a thread that is left to itself when the time is over: neither the search for a host's address nor
    headers that drip in have a time-out of their own.
    """
    seconds = SECONDS if seconds is None else seconds
    question = Question(method, url, seconds, kwargs)
    try:
        Thread(target=question.ask, name="ask", daemon=True).start()
    except RuntimeError as error:
        raise ProviderAway("no thread to ask with") from error
    if not question.is_over.wait(seconds):
        raise ProviderAway("an answer that is too slow")
    if question.answer is None:
        raise ProviderAway(question.problem)
    return question.answer


class Question:
    """`answer` is None where there was none, for the reason in `problem`: an error's name, never its text."""

    def __init__(self, method: str, url: str, seconds: float, kwargs: Mapping[str, Any]):
        self.method, self.url, self.kwargs = method, url, kwargs
        self.seconds, self.ends = seconds, time.monotonic() + seconds
        self.is_over, self.problem = Event(), "an error"
        self.answer: Answer | None = None

    def ask(self) -> None:
        try:
            self.answer = self.answered()
        except Exception as error:  # noqa: BLE001  (of requests, of urllib3, of the socket: nobody else is there)
            self.problem = str(error) if isinstance(error, ProviderAway) else type(error).__name__
        finally:
            self.is_over.set()

    def answered(self) -> Answer:
        with requests.Session() as session:
            session.trust_env = False  # no credentials of ~/.netrc to whoever answers there
            with session.request(
                self.method, self.url, timeout=self.seconds, allow_redirects=False, stream=True, **self.kwargs
            ) as response:
                return Answer(response.status_code, response.headers, self.read(response))

    def read(self, response: requests.Response) -> bytes:
        """The body, as it drips in: as far as the limits go."""
        body = bytearray()
        while piece := response.raw.read1(64 * 1024, decode_content=True):
            body += piece
            if len(body) > MOST_BYTES:
                raise ProviderAway("an answer that is too large")
            if time.monotonic() > self.ends:
                raise ProviderAway("an answer that is too slow")
        return bytes(body)


def get_json(url: str, **kwargs) -> Any:
    """What stands at an address that is to be there. Raises ProviderAway for any status but 200."""
    answer = ask("GET", url, **kwargs)
    if answer.status != 200:
        raise ProviderAway(f"status {answer.status}")
    return answer.json()
