"""The main job as people do it: two of them, each in a browser of their own, on the real server."""

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.real]

PASSWORD = "correct horse battery"


def sign_up(page, site, name: str, slug: str, address: str) -> None:
    page.goto(site.url("/sign-up/"))
    page.get_by_label("Organisation").fill(name)
    page.get_by_label("Address", exact=True).fill(slug)
    expect(page.get_by_text(f"{slug}.localhost")).to_be_visible()  # the hint, while typing
    page.get_by_label("Your name").fill("Nora Novak")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the organisation").click()
    page.wait_for_url(site.url("/products/", slug))


def open_link_in_mail(page, site, address: str, path: str) -> None:
    """Read the newest mail to `address` as the demo shows it, and follow its link to `path`."""
    page.goto(site.url("/dev/mail/"))
    page.get_by_role("listitem").filter(has_text=address).first.get_by_role("link").click()
    page.locator(f"a[href*='{path}']").first.click()


def confirm_address(page, site, address: str, slug: str) -> None:
    open_link_in_mail(page, site, address, "/account/confirm-email/")
    page.get_by_role("button", name=re.compile("Confirm")).click()
    page.wait_for_url(re.compile(re.escape(site.url("/", slug))))


def add_category(page, site, slug: str, name: str) -> None:
    page.goto(site.url("/categories/new/", slug))
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add category").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def add_product(page, site, slug: str, title: str, category: str) -> None:
    page.goto(site.url("/products/new/", slug))
    page.get_by_label("Title").fill(title)
    page.get_by_label("Category").select_option(label=category)
    page.get_by_label("Price").fill("12.50")
    page.locator("input[type=file]").set_input_files(
        {"name": "lamp.png", "mimeType": "image/png", "buffer": picture()},
    )
    page.get_by_role("button", name="Add product").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (320, 240), "teal").save(out, "PNG")
    return out.getvalue()


def share(page, person: str, *rights: str) -> None:
    """On an object's own page: set what `person` may do with it."""
    option = page.get_by_label("Person or role").locator("option").filter(has_text=person)
    page.get_by_label("Person or role").select_option(value=option.get_attribute("value"))
    for right in rights:
        page.get_by_label(right, exact=True).check()
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_text(re.compile("Shared with"))).to_be_visible()


def test_sign_up_invite_share_and_remove(site, person):
    owner, guest = person(), person()
    sign_up(owner, site, "Novak Lamps", "novak", "nora@novak.example")
    expect(owner.get_by_text("Add the first product").or_(owner.get_by_text("Add a category"))).not_to_have_count(0)
    confirm_address(owner, site, "nora@novak.example", "novak")

    owner.goto(site.url("/invitations/new/", "novak"))
    owner.get_by_label("E-mail addresses").fill("gus@novak.example")
    owner.get_by_label("Role").select_option(label="Guest")
    owner.get_by_role("button", name="Send invitations").click()
    expect(owner.get_by_text("1 invitation sent")).to_be_visible()

    open_link_in_mail(guest, site, "gus@novak.example", "/join/")
    expect(guest.get_by_text("Novak Lamps").first).to_be_visible()
    guest.get_by_label("Your name").fill("Gus Guest")
    guest.get_by_label("Password").fill(PASSWORD)
    guest.get_by_role("button", name=re.compile("Join|Accept")).click()
    guest.wait_for_url(site.url("/products/", "novak"))

    add_category(owner, site, "novak", "Lamps")
    category_page = owner.url
    add_product(owner, site, "novak", "Desk lamp", "Lamps")
    product_page = owner.url
    expect(owner.get_by_role("img", name="Desk lamp")).to_be_visible()

    guest.reload()
    expect(guest.get_by_text("Desk lamp")).to_have_count(0)
    assert guest.goto(product_page).status == 404

    owner.goto(category_page)
    share(owner, "Gus Guest", "view")
    guest.goto(product_page)
    expect(guest.get_by_role("heading", name="Desk lamp")).to_be_visible()
    expect(guest.get_by_role("link", name="Edit")).to_have_count(0)

    owner.goto(product_page)
    share(owner, "Gus Guest", "change")
    guest.reload()
    guest.get_by_role("link", name="Edit").click()
    guest.get_by_label("Title").fill("Desk lamp, green")
    guest.get_by_role("button", name=re.compile("Save")).click()
    expect(guest.get_by_role("heading", name="Desk lamp, green")).to_be_visible()

    owner.goto(site.url("/members/", "novak"))
    row = owner.get_by_role("row").filter(has_text="gus@novak.example")
    owner.goto(site.url(row.locator("a[href$='/remove/']").first.get_attribute("href"), "novak"))
    owner.get_by_role("button", name=re.compile("Remove")).click()
    expect(owner.get_by_text("is no longer a member")).to_be_visible()
    guest.goto(product_page)
    expect(guest).to_have_url(re.compile("/account/login/"))


def test_second_writer_sees_both_versions(site, person, sign_in):
    first, second = person(), person()
    sign_in(first, "owner@demo.example", "globex")
    sign_in(second, "editor@globex.example", "globex")
    for page in (first, second):
        page.goto(site.url("/products/3/edit/", "globex"))
    first.get_by_label("Price").fill("11.00")
    first.get_by_role("button", name=re.compile("Save")).click()
    second.get_by_label("Price").fill("12.00")
    second.get_by_role("button", name=re.compile("Save")).click()
    expect(second.get_by_text("11.00")).to_be_visible()
    expect(second.get_by_text("12.00")).to_be_visible()
    second.get_by_role("button", name=re.compile("mine", re.IGNORECASE)).click()
    expect(second.get_by_text("12.00")).to_be_visible()
    expect(second).to_have_url(site.url("/products/3/", "globex"))


def test_search_while_typing_and_back_again(site, person, sign_in):
    page = sign_in(person(), "viewer@acme.example", "acme")
    page.get_by_label(re.compile("Search")).press_sequentially("moka os")
    expect(page.get_by_text("1 product", exact=False).first).to_be_visible()
    expect(page.get_by_role("link", name="Moka pot Oslo")).to_be_visible()
    expect(page).to_have_url(re.compile("q=moka"))
    page.get_by_role("link", name="Moka pot Oslo").click()
    page.go_back()
    expect(page.get_by_role("link", name="Moka pot Oslo")).to_be_visible()


def test_after_signing_out_back_shows_nothing(site, person, sign_in):
    page = sign_in(person(), "viewer@globex.example", "globex")
    page.get_by_role("link", name="Air mat Fjell").click()
    expect(page.get_by_role("heading", name="Air mat Fjell")).to_be_visible()
    page.goto(site.url("/account/logout/", "globex"))
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/account/login/"))
    page.go_back()
    page.go_back()
    page.reload()
    expect(page).to_have_url(re.compile("/account/login/"))


def test_everything_works_without_scripts(site, person, sign_in):
    page = sign_in(person(java_script_enabled=False), "editor@acme.example", "acme")
    page.get_by_label(re.compile("Search")).fill("carafe")
    page.get_by_label(re.compile("Search")).press("Enter")
    expect(page.get_by_role("link", name="Carafe Oslo")).to_be_visible()
    add_product(page, site, "acme", "Plain carafe", "Tableware")
    page.goto(site.url("/account/logout/", "acme"))
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/account/login/"))


def test_one_person_switches_between_two_organisations(site, person, sign_in):
    page = sign_in(person(), "owner@demo.example", "acme")
    page.goto(site.url("/organisations/", "acme"))
    page.get_by_role("link", name=re.compile("Globex Outdoor")).click()
    expect(page).to_have_url(re.compile(re.escape(site.url("/account/login/", "globex"))))
