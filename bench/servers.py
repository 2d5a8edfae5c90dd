"""The same server for every side: gunicorn with two sync workers, and nothing said to it besides."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .directory import ROOT, folder

WORKERS = 2
LONGEST_START = 60  # seconds


class NotStarted(RuntimeError):
    """The message names the server's log."""


@contextmanager
def running(application: str, environment: dict[str, str], *, log: str) -> Iterator[int]:
    """Serve a WSGI application. The value is the port on loopback; `log` names the file of what it says."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "sync", "-w", str(WORKERS), "-b", f"127.0.0.1:{port}"]
    path = folder("logs") / f"{log}.log"
    with path.open("a") as written:
        process = subprocess.Popen(
            [*command, "--log-level", "error", application],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=written,
            stderr=written,
        )
    try:
        wait_for(port, process, str(path))
        yield port
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen, log: str) -> None:
    """Gunicorn listens before its workers are there: the first request waits for them."""
    end = time.monotonic() + LONGEST_START
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise NotStarted(f"The server did not start; see {log}.")
