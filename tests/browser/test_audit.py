"""The log as an owner reads it: what was just done stands there, can be found, opened and taken away."""

import csv
import json
import re

import pytest
from playwright.sync_api import expect

from .test_pages import LOOKS, look_at

pytestmark = [pytest.mark.browser, pytest.mark.real]


@pytest.fixture
def owner(site, person, sign_in):
    """`owner(**look)`: the owner of the demo's Acme."""
    return lambda **look: sign_in(person(**look), "owner@demo.example", "acme")


def rename(page, site, title: str) -> str:
    """Give the first product another title. Returns the one it had."""
    page.goto(site.url("/products/", "acme"))
    page.locator(".ware a").first.click()
    page.get_by_role("link", name="Edit").click()
    before = page.get_by_label("Title").input_value()
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    return before


def line(page, words: str):
    return page.get_by_role("row").filter(has_text=words).first


def test_an_edit_is_found_opened_and_followed(site, owner):
    page = owner()
    before = rename(page, site, "Carafe Audited")
    page.get_by_role("link", name="History").click()
    expect(line(page, "changed product Carafe Audited")).to_be_visible()
    page.get_by_role("link", name="Activity").click()
    page.get_by_label("Search").fill("audited")
    expect(page).to_have_url(re.compile("q=audited"))
    expect(page.locator("[data-announce]")).to_have_text(re.compile(r"^\d+ lines?$"))
    row = line(page, "changed product Carafe Audited")
    row.locator("summary").click()
    expect(row.get_by_text(before, exact=True)).to_be_visible()
    expect(row.get_by_text("127.0.0.1")).to_be_visible()
    row.get_by_role("link", name="Carafe Audited").click()
    expect(page.get_by_text("About Carafe Audited")).to_be_visible()


def test_what_was_typed_before_the_scripts_came_is_searched_for(site, owner):
    page, held = owner(), []
    page.route("**/htmx-2*.js", lambda route: held.append(route))
    page.goto(site.url("/activity/", "acme"), wait_until="commit")
    page.get_by_label("Search").fill("audited")
    assert "q=audited" not in page.url
    held[0].continue_()
    expect(page).to_have_url(re.compile("q=audited"))


def test_a_list_that_was_searched_stays_as_it_is_when_the_field_is_left(site, owner):
    page, asked = owner(), []
    page.goto(site.url("/activity/", "acme"))
    page.on("request", lambda request: asked.append(request.url) if "/activity/?" in request.url else None)
    page.get_by_label("Search").fill("e")
    expect(page).to_have_url(re.compile("q=e"))
    page.locator("main details.more summary").first.click()
    expect(page.locator("main details.more").first).to_have_attribute("open", "")
    assert len(asked) == 1


def test_filters_and_values_work_without_scripts(site, owner):
    page = owner(java_script_enabled=False)
    rename(page, site, "Plain Audited")
    page.goto(site.url("/activity/", "acme"))
    page.get_by_label("Action").select_option("changed")
    page.get_by_label("Search").fill("plain audited")
    page.get_by_role("button", name="Show").click()
    row = line(page, "changed product Plain Audited")
    row.locator("summary").click()
    expect(row.locator("ins", has_text="Plain Audited")).to_be_visible()


def test_the_log_is_taken_away_as_a_file_twice(site, owner):
    page = owner()
    rename(page, site, "=Taken(away)")
    page.goto(site.url("/activity/?action=changed&q=taken", "acme"))
    with page.expect_download() as table:
        page.get_by_role("button", name="CSV").click()
    with open(table.value.path(), encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["object_name"] == "'=Taken(away)"
    with page.expect_download() as lines:  # the buttons are there still
        page.get_by_role("button", name="JSON lines").click()
    with open(lines.value.path(), encoding="utf-8") as file:
        assert json.loads(file.readline())["object_name"] == "=Taken(away)"
    page.goto(site.url("/activity/?action=exported", "acme"))
    expect(line(page, "exported the log")).to_contain_text("jsonl")


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_of_the_log_are_accessible_and_fit(site, owner, look):
    page = owner(**LOOKS[look])
    wrong = {}
    for name, path in {
        "activity": "/activity/",
        "activity-none": "/activity/?q=nothingatall&since=tomorrow",
        "history": "/products/1/history/",
        "category-history": "/categories/1/history/",
        "member-history": "/members/2/history/",
    }.items():
        assert page.goto(site.url(path, "acme")).status == 200
        for summary in page.locator("details.more summary").all()[:3]:
            summary.click()
        if findings := look_at(page, name, look):
            wrong[name] = findings
    assert wrong == {}


def test_an_editor_reads_the_history_of_products_and_not_the_log(site, person, sign_in):
    page = sign_in(person(), "editor@acme.example", "acme")
    expect(page.get_by_role("link", name="Activity")).to_have_count(0)
    assert page.goto(site.url("/activity/", "acme")).status == 403
    page.goto(site.url("/products/1/", "acme"))
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("What was changed, newest first.")).to_be_visible()
