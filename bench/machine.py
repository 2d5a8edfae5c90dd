"""On what, with what and when: a figure means nothing without it."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from . import postgres

PACKAGES = (
    "Django",
    "django-tenants",
    "django-guardian",
    "djangorestframework",
    "djangorestframework-guardian",
    "psycopg",
    "PyJWT",
    "gunicorn",
)


def described() -> list[str]:
    """A sentence each."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC.",
        f"{os.cpu_count()} processors ({processor()}), {memory()} of memory; server, load and database share them.",
        f"{said_by('uname', '-sr')}, Python {platform.python_version()}, {said_by(postgres.program('postgres'), '-V')} "
        "with its default configuration, over a Unix socket.",
        f"{packages}.",
        f"Load average when it ended: {os.getloadavg()[0]:.1f}.",
    ]


def processor() -> str:
    found = [line.partition(": ")[2] for line in lines("/proc/cpuinfo") if line.startswith("model name")]
    return found[0] if found else platform.machine()


def memory() -> str:
    found = [int(line.split()[1]) for line in lines("/proc/meminfo") if line.startswith("MemTotal")]
    return f"{found[0] / 2**20:.0f} GiB" if found else "an unknown amount"


def lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def said_by(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
