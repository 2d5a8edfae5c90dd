"""The admin site in a real browser: under our policy for scripts and styles, in light, dark and on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .conftest import SCREENSHOTS
from .test_pages import LOOKS

pytestmark = [pytest.mark.browser, pytest.mark.real]

PAGES = {
    "admin": "/admin/",
    "admin-products": "/admin/catalog/product/",
    "admin-product": "/admin/catalog/product/1/change/",
    "admin-product-history": "/admin/catalog/product/1/history/",
    "admin-product-delete": "/admin/catalog/product/1/delete/",
    "admin-category": "/admin/catalog/category/1/change/",
    "admin-members": "/admin/accounts/user/",
    "admin-member": "/admin/accounts/user/3/change/",
    "admin-roles": "/admin/accounts/role/",
    "admin-invite": "/admin/accounts/invitation/add/",
    "admin-sessions": "/admin/usersessions/usersession/",
    "admin-log": "/admin/audit/entry/",
}


def look_at(page, name: str, look: str) -> list[str]:
    """As test_pages has it. axe fetches no style sheets: it stumbles over those that import others."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.{look}.png", full_page=True)
    found = Axe().run(page, options={"preload": False}).response["violations"]
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    serious = [
        f"{rule['id']}: {rule['nodes'][0]['html'][:120]}" for rule in found if rule["impact"] in ("serious", "critical")
    ]
    return [*serious, *([f"{wider} px wider than the screen"] if wider > 0 else [])]


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible_and_fit(site, person, sign_in, look):
    page, wrong = sign_in(person(**LOOKS[look]), "owner@demo.example", "acme"), {}
    for name, path in PAGES.items():
        assert page.goto(site.url(path, "acme")).status == 200, name
        if findings := look_at(page, name, look):
            wrong[name] = findings
    assert wrong == {}


def test_an_editor_signs_in_edits_a_product_and_it_is_in_the_log(site, person, sign_in):
    page = person()
    page.goto(site.url("/admin/", "acme"))
    page.get_by_label("Email").fill("editor@acme.example")
    page.get_by_label("Password").fill("tenantry-demo")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(site.url("/admin/", "acme"))
    expect(page.get_by_role("link", name="Products", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Sessions", exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Audit log", exact=True)).to_have_count(0)
    page.get_by_role("link", name="Products", exact=True).click()
    page.locator("#result_list tbody th a").first.click()
    page.get_by_label("Title").fill("Renamed in the admin site")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“Renamed in the admin site” is saved.")).to_be_visible()
    owner = sign_in(person(), "owner@demo.example", "acme")
    owner.goto(site.url("/admin/audit/entry/?through__exact=admin", "acme"))
    expect(owner.locator("#result_list")).to_contain_text("Renamed in the admin site")


def test_choices_are_found_while_one_types(site, person, sign_in):
    page = sign_in(person(), "owner@demo.example", "acme")
    page.goto(site.url("/admin/catalog/productusergrant/add/", "acme"))
    page.locator(".select2-selection").nth(1).click()
    page.locator(".select2-search__field").fill("viewer")
    page.locator(".select2-results__option--highlighted, .select2-results__option").first.wait_for()
    expect(page.locator(".select2-results")).not_to_contain_text("Searching")
    page.keyboard.press("Enter")
    expect(page.locator(".select2-selection").nth(1)).not_to_have_text("")


def test_rows_that_are_ticked_are_asked_about(site, person, sign_in):
    page = sign_in(person(), "owner@demo.example", "acme")
    page.goto(site.url("/admin/catalog/product/", "acme"))
    for row in (0, 1):
        page.locator("input.action-select").nth(row).check()
    expect(page.locator(".action-counter")).to_have_text("2 of 50 selected")
    page.locator("select[name=action]").select_option("erase_chosen")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", name="Delete")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    page.wait_for_url(site.url("/admin/catalog/product/", "acme"))
