"""A support visit seen from both sides: the operator's browser and the owner's, on the real server."""

import re

import pytest
from playwright.sync_api import expect

from .test_pages import LOOKS, look_at

pytestmark = [pytest.mark.browser, pytest.mark.real]

REASON = "The price list looks wrong, ticket 4711"
ENDED = "Your visit has ended"


@pytest.fixture
def operator(site, person, sign_in):
    """Susan of the platform's support, on the console."""

    def make(**options):
        page = person(**options)
        page.goto(site.url("/account/login/", "platform"))
        page.get_by_label("Email").fill("support@platform.example")
        page.get_by_label("Password").fill("tenantry-demo")
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(re.compile("/console/organisations/"))
        return page

    return make


def enter(page, site) -> None:
    """Through the console, with a reason, into Acme."""
    page.goto(site.url("/console/organisations/", "platform"))
    page.get_by_role("link", name=re.compile("^Acme")).first.click()
    page.get_by_role("link", name="Enter as support").click()
    page.get_by_label("Reason").fill(REASON)
    page.get_by_label("Minutes").fill("30")
    page.get_by_role("button", name="Enter").click()
    page.wait_for_url(site.url("/products/", "acme"))


def banner(page):
    return page.get_by_role("complementary", name="Support visit")


def test_visit_is_seen_allowed_to_write_and_ended_by_the_owner(site, person, sign_in, operator):
    support, owner = operator(), sign_in(person(), "owner@demo.example", "acme")
    enter(support, site)
    expect(banner(support)).to_contain_text(f"You can look, not change anything. Reason: {REASON}")
    support.goto(site.url("/categories/", "acme"))

    owner.reload()
    notice = owner.get_by_role("complementary", name="Support is here")
    expect(notice).to_contain_text("Susan Support (support) is looking at")
    notice.get_by_role("link").click()
    expect(owner.get_by_role("list").filter(has_text=REASON)).to_be_visible()

    support.goto(site.url("/products/1/edit/", "acme"))
    expect(support.get_by_role("heading", name="Not on a support visit")).to_be_visible()
    owner.get_by_role("button", name="Allow changes").click()
    expect(owner.get_by_text("Support may make changes until")).to_be_visible()
    support.goto(site.url("/products/1/edit/", "acme"))
    expect(banner(support)).to_contain_text("An owner allows changes until")
    support.get_by_label("Description").fill("Mended by support.")
    support.get_by_role("button", name="Save").click()
    support.wait_for_url(site.url("/products/1/", "acme"))
    expect(support.get_by_text("Mended by support.")).to_be_visible()

    owner.get_by_role("link", name=re.compile("What they saw")).first.click()
    expect(owner.get_by_text("GET /categories/ → 200")).to_be_visible()
    owner.goto(site.url("/support/", "acme"))
    owner.get_by_role("button", name="Revoke the pass").click()
    owner.get_by_role("button", name=re.compile("End now")).click()
    expect(owner.get_by_text("Nobody from support is in")).to_be_visible()
    support.reload()
    expect(support.get_by_role("heading", name=ENDED)).to_be_visible()
    support.goto(site.url("/categories/", "acme"))
    expect(support).to_have_url(re.compile("/account/login/"))


def test_visitor_ends_his_visit(site, operator):
    support = operator()
    enter(support, site)
    banner(support).get_by_role("button", name="End visit").click()
    expect(support.get_by_role("heading", name=ENDED)).to_be_visible()


@pytest.mark.parametrize("look", LOOKS)
def test_pages_of_a_visit_are_accessible_and_fit(site, person, sign_in, operator, look):
    support, owner = operator(**LOOKS[look]), sign_in(person(**LOOKS[look]), "owner@demo.example", "acme")
    wrong = {}
    support.goto(site.url("/console/organisations/", "platform"))
    support.get_by_role("link", name=re.compile("^Acme")).first.click()
    support.get_by_role("link", name="Enter as support").click()
    wrong["form"] = look_at(support, "support-form", look)
    enter(support, site)
    wrong["visit"] = look_at(support, "support-visit", look)
    support.goto(site.url("/profile/", "acme"))
    wrong["refused"] = look_at(support, "support-refused", look)
    owner.goto(site.url("/support/", "acme"))
    wrong["page"] = look_at(owner, "support-page", look)
    support.goto(site.url("/products/", "acme"))
    banner(support).get_by_role("button", name="End visit").click()
    wrong["ended"] = look_at(support, "support-ended", look)
    assert not any(wrong.values()), wrong
