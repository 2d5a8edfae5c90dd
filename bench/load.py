"""Requests: one at a time, and many by wrk (Debian's package of that name)."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from .directory import ROOT

SCRIPT = ROOT / "bench" / "report.lua"
MISSING = "The requests are sent by wrk, which is not here: install it (apt-get install wrk)."


class WrongAnswers(RuntimeError):
    """Answers that are no 2xx: what was timed is not the work."""


@dataclass(frozen=True)
class Ask:
    """One request to one side's server. `host` names the tenant."""

    port: int
    host: str
    path: str
    token: str = ""
    body: dict[str, Any] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def headers(self) -> dict[str, str]:
        """As they come through a proxy for TLS. Sent to every side, so that none reads fewer."""
        sent = {"Host": self.host, "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if self.body is not None:
            sent["Content-Type"] = "application/json"
        return sent


@dataclass(frozen=True)
class Load:
    """What wrk saw. Times in seconds."""

    rate: float
    p50: float
    p95: float


def send(ask: Ask) -> tuple[int, Any]:
    """Status and body; a body that is no JSON is its text."""
    data = None if ask.body is None else json.dumps(ask.body).encode()
    request = urllib.request.Request(ask.url, data=data, headers=ask.headers())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def flood(ask: Ask, *, connections: int, seconds: int) -> Load:
    """As many requests as come back, over so many connections at once. Raises WrongAnswers."""
    environment = {"BENCH_HEADERS": "\n".join(f"{name}: {value}" for name, value in ask.headers().items())}
    if ask.body is not None:
        environment["BENCH_BODY"] = json.dumps(ask.body)
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(SCRIPT)]
    done = subprocess.run(
        ["wrk", *options, ask.url], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    rate, p50, p95, refused, broken = map(float, done.stdout.split("RESULT ")[1].split())
    if refused or broken:
        raise WrongAnswers(f"{ask.path}: {refused:.0f} answers were no 2xx, {broken:.0f} never came")
    return Load(rate, p50 / 1e6, p95 / 1e6)


def is_there() -> bool:
    return shutil.which("wrk") is not None
