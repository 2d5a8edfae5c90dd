"""Signing in on a page of ours, by a provider's script, in a real browser and under the policy. (D11-D18, R12-R15)

The providers are played beside (standin/), with the demo's people. Whatever the policy refuses is an error on the
browser's console, and fails the test (conftest.py).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from catalog.demo_provider import STAND_IN_URL, seed_of
from catalog.seed import ORGANISATIONS
from standin import StandIn

from .conftest import SCREENSHOTS, fresh_database, served

pytestmark = [pytest.mark.browser, pytest.mark.real]

SLUG, EDITOR = "acme", "editor@acme.example"


@contextmanager
def played(name: str) -> Iterator[StandIn]:
    with StandIn(name) as idp:
        idp.world.read(seed_of(ORGANISATIONS))
        yield idp


@pytest.fixture(scope="module")
def database() -> str:
    """Seeded once: the two sites are served one after another."""
    return fresh_database("browser_widgets")


@pytest.fixture(scope="module")
def descope_site(database):
    """A project without OpenID Connect: one signs in by the widget alone."""
    with played("descope") as idp:
        environment = idp.environment() | {"DESCOPE_CLIENT_ID": "", "DESCOPE_CLIENT_SECRET": "", STAND_IN_URL: idp.url}
        with served("browser_descope", database=database, **environment) as site:
            yield site, idp


@pytest.fixture(scope="module")
def rownd_site(database):
    with played("rownd") as idp:
        environment = idp.environment() | {STAND_IN_URL: idp.url}
        with served("browser_rownd", database=database, **environment) as site:
            yield site, idp


def name_of(idp, address: str) -> str:
    return idp.world.person(address).name


def test_descopes_widget_signs_in_and_goes_on_to_where_one_wanted(person, descope_site):
    site, idp = descope_site
    page = person()
    page.goto(site.url("/categories/", SLUG))
    expect(page.get_by_role("heading", name="Sign in", exact=True).first).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "descope-widget.png")
    page.get_by_role("button", name=re.compile(f"{name_of(idp, EDITOR)}, .*Editor")).click()
    page.wait_for_url(site.url("/categories/", SLUG))
    page.goto(site.url("/profile/", SLUG))
    expect(page.get_by_role("heading", name=f"Hello, {name_of(idp, EDITOR)}")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "profile-descope.png", full_page=True)


def test_descopes_widget_says_when_one_is_not_let_in(person, descope_site):
    site, _idp = descope_site
    page = person()
    page.goto(site.url("/account/login/", SLUG))
    page.get_by_role("button", name=re.compile("Nell Newcomer")).click()
    expect(
        page.get_by_role("alert").filter(has_text=re.compile("could not be signed in|does not belong"))
    ).to_be_visible()


def test_both_ways_out_of_a_widgets_session(person, descope_site):
    site, idp = descope_site
    page = person()
    for button in ("Sign out here", "Sign out here and at Descope"):
        page.goto(site.url("/account/login/?next=/profile/", SLUG))
        page.get_by_role("button", name=re.compile(f"{name_of(idp, EDITOR)}, .*Editor")).click()
        page.wait_for_url(site.url("/profile/", SLUG))
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        page.goto(site.url("/profile/", SLUG))
        expect(page.get_by_text("Pick whom you want to be")).to_be_visible()


def test_rownds_hub_signs_in_without_an_endless_reload_and_out_for_good(person, rownd_site):
    """R14, R15: the page is loaded again once, and the session stays when others are opened."""
    site, idp = rownd_site
    page = person()
    page.goto(site.url("/account/login/?next=/categories/", SLUG))
    page.get_by_role("button", name="Sign in with Rownd").click()
    page.get_by_role("button", name=re.compile(re.escape(EDITOR))).click()
    page.wait_for_url(site.url("/categories/", SLUG))
    page.wait_for_load_state("networkidle")
    loads = []
    page.on("load", lambda _page: loads.append(page.url))
    with page.expect_response("**/rownd/session_authenticate") as answered:
        page.goto(site.url("/profile/", SLUG))
    assert answered.value.json() == {"message": "Already authenticated"}
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", name=f"Hello, {name_of(idp, EDITOR)}")).to_be_visible()
    assert len(loads) == 1
    page.screenshot(path=SCREENSHOTS / "profile-rownd.png", full_page=True)
    page.get_by_role("button", name="Sign out here and at Rownd").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.goto(site.url("/profile/", SLUG))
    page.wait_for_url(re.compile("/account/login/"))
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("button", name="Sign in with Rownd")).to_be_visible()


def test_signing_out_of_here_alone_by_the_bar_is_not_undone_by_the_hub(person, rownd_site):
    site, _idp = rownd_site
    page = person()
    page.goto(site.url("/account/login/", SLUG))
    page.get_by_role("button", name="Sign in with Rownd").click()
    page.get_by_role("button", name=re.compile(re.escape(EDITOR))).click()
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(site.url("/profile/", SLUG))
    page.locator("summary", has_text="Your account").click()
    page.locator("details").get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.goto(site.url("/profile/", SLUG))
    page.wait_for_url(re.compile("/account/login/"))
