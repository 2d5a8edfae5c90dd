"""A real Chromium on a real server: `manage.py demo`, as a newcomer starts it, with its own port and database."""

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect, sync_playwright

from tests import databases
from tests.conftest import IN_CI
from tests.postgres import DATA

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / "test-artifacts" / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 240
PATIENCE = 20_000  # ms until a page has what is expected of it: two servers, a browser and the suite share the machine


@dataclass(frozen=True)
class Site:
    port: int

    def url(self, path: str = "/", slug: str | None = None) -> str:
        return f"http://{slug + '.' if slug else ''}localhost:{self.port}{path}"


@pytest.fixture(scope="package")
def site():
    """The demo, seeded and served. Everything it writes is in the suite's own folder."""
    with served("browser") as made:
        yield made


@contextmanager
def served(name: str, *, database: str = "", **environment: str) -> Iterator[Site]:
    """`manage.py demo` with a port, a folder and, unless one is given, a database of its own; and these variables."""
    if CHROMIUM is None:
        reason = "Chromium is not installed: apt install chromium chromium-driver"
        pytest.fail(reason) if IN_CI else pytest.skip(reason)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "DATABASE_URL": database or fresh_database(name),
        "DATA_DIR": str(DATA / name),
        "MEDIA_ROOT": str(DATA / name / "media"),
        "PORT": str(port),
        **environment,
    }
    shutil.rmtree(DATA / name, ignore_errors=True)
    (DATA / name).mkdir(parents=True)
    with open(DATA / name / "server.log", "w") as log:
        server = subprocess.Popen([sys.executable, "manage.py", "demo"], cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            wait_for(f"http://localhost:{port}/health/", server, Path(log.name))
            yield Site(port)
        finally:
            server.terminate()
            server.wait(timeout=20)


def fresh_database(name: str) -> str:
    """An empty database beside the suite's own, on the same server. Returns its address."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        databases.drop(connection, name)
        connection.execute(f"CREATE DATABASE {name}")
        info = connection.info
        return f"postgresql://{info.user}@/{name}?host={info.host}&port={info.port}"


def wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    """Until the address answers; a server that ended instead shows its log."""
    for _attempt in range(START_SECONDS * 10):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            try:
                server.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"The server ended: {log.read_text()[-2000:]}")
    pytest.fail(f"{url} did not answer in {START_SECONDS} s: {log.read_text()[-2000:]}")


@pytest.fixture(scope="package")
def chromium():
    """Ends with this folder: Playwright keeps an event loop in this thread, in which Django refuses the database."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def person(chromium):
    """`person()`: a browser of one's own, with its own cookies. A script error or a refused script fails the test."""
    contexts, complaints = [], []

    def make(**options):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if is_complaint(said) else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def is_complaint(message) -> bool:
    """Answers of 4xx are logged as errors by the browser; they are what some tests are about."""
    return message.type == "error" and "Failed to load resource" not in message.text


@pytest.fixture
def sign_in(site):
    """`sign_in(page, "editor@acme.example", "acme")`, by the form, as anyone would."""

    def go(page, address: str, slug: str, password: str = "tenantry-demo"):
        page.goto(site.url("/account/login/", slug))
        page.get_by_label("Email").fill(address)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(site.url("/products/", slug))
        return page

    return go
