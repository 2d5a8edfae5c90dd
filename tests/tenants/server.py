"""A real server process on a free port, to be asked over HTTP and killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import requests
from django.conf import settings
from django.db import connection


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def database_url() -> str:
    """The test database's address, for another process."""
    connection.ensure_connection()
    info = connection.connection.info
    return f"postgresql://{info.user}@/{info.dbname}?host={info.host}&port={info.port}"


class Server:
    """Gunicorn with one threaded worker; the master starts another worker when that one is gone."""

    def __init__(self):
        self.port = free_port()
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "DATABASE_URL": database_url(),
            # Two addresses, as in production: a sign-up's transaction is its own, not the request's.
            "DATABASE_ADMIN_URL": database_url() + "&application_name=admin",
        }

    def start(self) -> None:
        options = [
            "--bind",
            f"127.0.0.1:{self.port}",
            "--threads",
            "4",
            "--limit-request-line",
            "0",
            "--log-level",
            "critical",
            "--preload",
        ]
        command = [sys.executable, "-m", "gunicorn", "config.wsgi", *options]
        self.process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=self.environment, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def workers(self) -> list[int]:
        listed = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(pid) for pid in listed.stdout.split()]

    def kill_worker(self) -> None:
        """kill -9 whatever works on a request. Nothing is tidied up."""
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)

    def get(self, path: str, **options) -> requests.Response:
        """Ask until there is an answer: a worker may be on its way."""
        deadline = time.monotonic() + 20
        while True:
            try:
                return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=5, **options)
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                assert self.process.poll() is None, "The server ended."
                assert time.monotonic() < deadline, "The server does not answer."


@contextmanager
def running():
    server = Server()
    server.start()
    try:
        yield server
    finally:
        server.stop()
