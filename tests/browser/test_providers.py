"""The demo with each provider played beside it, in a real browser: in by it, a role lost there, out both ways.

`make demo PROVIDER=…` as a reader starts it. Its database is seeded once; the site is then started anew for each.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postgres import DATA

from .conftest import ROOT, Site, fresh_database, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.real]

HOSTED = ("frontegg", "auth0", "descope", "oidc")
EDITOR = "editor@acme.example"


@pytest.fixture(scope="module")
def database() -> str:
    return fresh_database("browser_providers")


@contextmanager
def demo_with(name: str, database: str) -> Iterator[Site]:
    """The site and the stand-in, on ports of their own, for as long as the block runs."""
    port = free_port()
    folder = DATA / "browser-providers"
    folder.mkdir(parents=True, exist_ok=True)
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "DATABASE_URL": database,
        "DATA_DIR": str(folder),
        "MEDIA_ROOT": str(folder / "media"),
        "PORT": str(port),
    }
    command = [sys.executable, "manage.py", "demo", "--provider", name]
    with open(folder / f"{name}.log", "w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            wait_for(f"http://localhost:{port}/health/", server, Path(log.name))
            yield Site(port)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)


def free_port() -> int:
    """One whose neighbour for the stand-in is free as well."""
    for _attempt in range(50):
        with socket.socket() as site, socket.socket() as stand_in:
            site.bind(("127.0.0.1", 0))
            port = site.getsockname()[1]
            try:
                stand_in.bind(("127.0.0.1", port + 200))
            except (OSError, OverflowError):
                continue
            return port
    raise AssertionError("no two free ports")


def console_url(site: Site) -> str:
    return f"http://127.0.0.1:{site.port + 200}/_standin/"


def pick(page, address: str) -> None:
    """On the provider's page."""
    page.get_by_role("listitem").filter(has_text=address).get_by_role("button").first.click()


def set_role(page, site: Site, address: str, role: str) -> None:
    """On the provider's console: this role in Acme, and no other."""
    page.goto(console_url(site))
    card = page.locator("article").filter(has_text=address)
    form = card.locator("form.membership").filter(has_text="Acme Kitchen")
    for box in form.locator("input[type=checkbox]").all():
        box.set_checked(box.get_attribute("value") == role)
    form.get_by_role("button", name="Save").click()


def may_add_products(page, site: Site) -> bool:
    page.goto(site.url("/products/", "acme"))
    return page.get_by_role("link", name="Add product").count() > 0


@pytest.mark.parametrize("name", HOSTED)
def test_in_by_the_provider_a_role_lost_there_and_out_both_ways(name, database, person):
    with demo_with(name, database) as site:
        page, console = person(), person()
        page.goto(site.url("/members/", "acme"))
        pick(page, EDITOR)
        page.wait_for_url(site.url("/**", "acme"))
        assert may_add_products(page, site)

        set_role(console, site, EDITOR, "Viewer")
        page.goto(site.url("/profile/", "acme"))
        page.get_by_role("button", name="Sign out here", exact=True).click()
        page.get_by_role("link", name="Sign in again").click()  # the provider knows the browser: no question
        page.wait_for_url(site.url("/products/**", "acme"))
        assert not may_add_products(page, site)

        page.goto(site.url("/profile/", "acme"))
        page.get_by_role("button", name="Sign out here and at").click()
        page.wait_for_url(site.url("/signed-out/", "acme"))
        page.get_by_role("link", name="Sign in again").click()
        page.get_by_text("Pick who signs in").wait_for()  # it asks again
        assert page.url.startswith(f"http://127.0.0.1:{site.port + 200}")


@pytest.mark.parametrize("name", ["frontegg", "auth0"])
def test_a_newcomer_signs_up_sets_up_and_is_in(name, database, person):
    with demo_with(name, database) as site:
        page = person()
        page.goto(site.url("/sign-up/"))
        page.get_by_role("link", name="Go on at").click()
        pick(page, "nell@elsewhere.example")
        page.get_by_label("Organisation").fill("Nell and Sons")
        page.get_by_label("Address").fill(f"nell-{name}")
        page.get_by_role("button", name="Create the organisation").click()
        page.wait_for_url(site.url("/products/**", f"nell-{name}"))
        page.goto(site.url("/members/", f"nell-{name}"))
        assert page.locator("table").get_by_text("nell@elsewhere.example").is_visible()
