"""The operator's day: see who is there, suspend and resume a customer, and pages that fit every screen."""

import json

import pytest

from .test_pages import LOOKS, look_at

pytestmark = [pytest.mark.browser, pytest.mark.real]

PAGES = {
    "console-list": "/console/organisations/",
    "console-none": "/console/organisations/?q=nothingatall",
    "console-detail": "/console/organisations/1/",
    "console-new": "/console/organisations/new/",
    "console-close": "/console/organisations/1/close/",
    "console-move": "/console/organisations/1/address/",
    "console-domains": "/console/organisations/1/domains/",
    "console-events": "/console/events/",
    "console-jobs": "/console/jobs/",
}


@pytest.fixture
def operator(site, person):
    """`operator()`: Otto, signed in on the platform's host."""

    def make(**look):
        page = person(**look)
        page.goto(site.url("/account/login/", "platform"))
        page.get_by_label("Email").fill("operator@platform.example")
        page.get_by_label("Password").fill("tenantry-demo")
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(site.url(PAGES["console-list"], "platform"))
        return page

    return make


@pytest.mark.parametrize("look", LOOKS)
def test_console_pages_are_accessible_and_fit(site, operator, look):
    page, wrong = operator(**LOOKS[look]), {}
    for name, path in PAGES.items():
        assert page.goto(site.url(path, "platform")).status == 200, name
        if findings := look_at(page, name, look):
            wrong[name] = findings
    assert wrong == {}


def test_a_suspended_customer_is_told_on_its_page_and_by_its_api_and_comes_back(site, operator, person):
    page, visitor = operator(), person()
    page.get_by_role("link", name="Globex Outdoor").click()
    page.get_by_role("link", name="Suspend").click()
    page.get_by_label("Reason").fill("The bill of May is open.")
    page.get_by_role("button", name="Suspend").click()
    page.get_by_text("Globex Outdoor is suspended.").wait_for()
    assert visitor.goto(site.url("/products/", "globex")).status == 403
    assert visitor.get_by_text("The bill of May is open.").is_visible()
    look_at(visitor, "suspended", "light")
    answer = visitor.goto(site.url("/api/v1/products/", "globex"))
    assert (answer.status, json.loads(answer.text())["status"]) == (403, 403)
    page.get_by_role("link", name="Resume").click()
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("Globex Outdoor is open again.").wait_for()
    assert visitor.goto(site.url("/account/login/", "globex")).status == 200


def test_the_list_is_searched_while_typing(site, operator):
    page = operator()
    page.get_by_placeholder("Search name, address, domain").fill("glob")
    page.wait_for_url("**q=glob**")
    page.locator("#results").get_by_text("1 organisation", exact=True).wait_for()
    assert page.get_by_role("link", name="Globex Outdoor").is_visible()
    assert not page.get_by_role("link", name="Acme Kitchen").is_visible()
