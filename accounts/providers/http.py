"""Asking an identity provider something, within limits: 3 seconds in all, 256 kB, no redirects.

Nothing here logs a body or a header: both may hold tokens.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
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


def ask(method: str, url: str, *, seconds: float = SECONDS, **kwargs) -> Answer:
    """One question, whatever its answer's status. `kwargs` are those of `requests`. Raises ProviderAway."""
    ends = time.monotonic() + seconds
    try:
        with requests.Session() as session:
            session.trust_env = False  # no credentials of ~/.netrc to whoever answers there
            with session.request(
                method, url, timeout=seconds, allow_redirects=False, stream=True, **kwargs
            ) as response:
                return Answer(response.status_code, response.headers, read(response, ends))
    except requests.RequestException as error:
        raise ProviderAway(type(error).__name__) from error


def read(response: requests.Response, ends: float) -> bytes:
    """The body, as it drips in: each piece has its time-out, all of them together the deadline."""
    body = bytearray()
    while True:
        try:
            piece = response.raw.read1(64 * 1024, decode_content=True)
        except Exception as error:  # urllib3's own, and the socket's
            raise ProviderAway(type(error).__name__) from error
        if not piece:
            return bytes(body)
        body += piece
        if len(body) > MOST_BYTES:
            raise ProviderAway("an answer that is too large")
        if time.monotonic() > ends:
            raise ProviderAway("an answer that is too slow")


def get_json(url: str, **kwargs) -> Any:
    """What stands at an address that is to be there. Raises ProviderAway for any status but 200."""
    answer = ask("GET", url, **kwargs)
    if answer.status != 200:
        raise ProviderAway(f"status {answer.status}")
    return answer.json()
