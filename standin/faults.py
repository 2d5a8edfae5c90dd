"""What can be made to go wrong: answers by path, lies in tokens, a clock that is off."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Response

from .routing import answer, redirect

HUGE = 32 * 1024 * 1024  # bytes
CHUNK = b" " * 65536


@dataclass
class Fault:
    prefix: str
    times: int | None  # None: until cleared
    respond: Callable[[], Response | None]  # None: the request goes on to its real answer


class Faults:
    """Faults of a path take the first request that begins with it; the lies below hold until `clear`.

    issuer, nonce, audience, tenant: what issued tokens say instead. discovery_issuer, userinfo_subject: what these
    two documents say instead. opaque_access_tokens: access tokens that are no JWT.
    """

    clock_offset: timedelta
    issuer: str | None
    nonce: str | None
    audience: Any
    tenant: str | None
    discovery_issuer: str | None
    userinfo_subject: str | None
    opaque_access_tokens: bool
    rotate_refresh_tokens: bool

    def __init__(self) -> None:
        self.stopping = threading.Event()  # ends every wait when the server stops
        self.clear()

    def clear(self) -> None:
        self._faults: list[Fault] = []
        self.keys_dropped = False
        self.clock_offset = timedelta()
        self.issuer = self.nonce = self.audience = self.tenant = None
        self.discovery_issuer = self.userinfo_subject = None
        self.opaque_access_tokens = self.rotate_refresh_tokens = False

    def answer(
        self,
        path_prefix: str,
        status: int = 503,
        times: int | None = 1,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer so instead, `times` times (None: always). `body` is text or bytes, anything else becomes JSON."""

        def respond() -> Response:
            if isinstance(body, str | bytes):
                return Response(body, status, dict(headers or {}))
            return answer(body, status, headers)

        self._add(path_prefix, times, respond)

    def delay(self, path_prefix: str, seconds: float, times: int | None = None) -> None:
        """Wait before the real answer."""

        def respond() -> None:
            self.stopping.wait(seconds)

        self._add(path_prefix, times, respond)

    def drip(self, path_prefix: str, times: int | None = None, pause: float = 0.2) -> None:
        """Send a byte now and then, without an end."""

        def bytes_without_end() -> Iterator[bytes]:
            while not self.stopping.wait(pause):
                yield b" "

        self._add(path_prefix, times, lambda: Response(bytes_without_end(), content_type="application/json"))

    def redirect(self, path_prefix: str, to: str, times: int | None = None) -> None:
        self._add(path_prefix, times, lambda: redirect(to))

    def huge(self, path_prefix: str, times: int | None = None) -> None:
        """Send 32 MB of blanks, without saying so beforehand."""
        chunks = HUGE // len(CHUNK)
        self._add(path_prefix, times, lambda: Response((CHUNK for _ in range(chunks)), content_type="application/json"))

    def drop_keys(self) -> None:
        """The key set is empty from now on."""
        self.keys_dropped = True

    def response_to(self, path: str) -> Response | None:
        """What the first fault for this path answers, if there is one."""
        for fault in list(self._faults):
            if path.startswith(fault.prefix) and fault.times != 0:
                if fault.times is not None:
                    fault.times -= 1
                return fault.respond()
        return None

    def planned(self) -> list[tuple[str, int | None]]:
        """Path and how many times still, for the console."""
        return [(fault.prefix, fault.times) for fault in self._faults if fault.times != 0]

    def _add(self, prefix: str, times: int | None, respond: Callable[[], Response | None]) -> None:
        self._faults.append(Fault(prefix, times, respond))
