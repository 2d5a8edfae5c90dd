"""Every page: nothing serious for axe, no script refused, no sideways scrolling; and a picture to look at."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import SCREENSHOTS

pytestmark = [pytest.mark.browser, pytest.mark.real]

LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
    "phone-dark": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
}
PUBLIC = {"landing": "/", "sign-up": "/sign-up/", "find": "/find/", "mail": "/dev/mail/"}
VISITOR = {
    "sign-in": "/account/login/",
    "reset": "/account/password/reset/",
    "public-catalogue": "/products/",
}
MEMBER = {
    "products": "/products/",
    "products-table": "/products/?layout=table",
    "products-none": "/products/?q=nothingatall",
    "product": "/products/1/",
    "product-form": "/products/1/edit/",
    "product-delete": "/products/1/delete/",
    "categories": "/categories/",
    "category": "/categories/1/",
    "category-form": "/categories/1/edit/",
    "members": "/members/",
    "member-role": "/members/3/role/",
    "member-remove": "/members/3/remove/",
    "leave": "/members/leave/",
    "roles": "/roles/",
    "invitations": "/invitations/",
    "invite": "/invitations/new/",
    "profile": "/profile/",
    "organisation": "/organisation/",
    "organisations": "/organisations/",
    "email": "/account/email/",
    "password": "/account/password/change/",
    "second-factor": "/account/2fa/",
    "passkeys": "/account/2fa/webauthn/",
    "sessions": "/account/sessions/",
}
GUEST = {"forbidden": "/organisation/", "guest-products": "/products/", "guest-profile": "/profile/"}


def serious_findings(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:120]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def look_at(page, name: str, look: str) -> list[str]:
    """Keep a picture; return what is wrong with the page."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.{look}.png", full_page=True)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*serious_findings(page), *([f"{wider} px wider than the screen"] if wider > 0 else [])]


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible_and_fit(site, person, sign_in, look):
    page = person(**LOOKS[look])
    wrong = {}
    tours = [
        (PUBLIC, None, None),
        (VISITOR, "acme", None),
        (MEMBER, "acme", "owner@demo.example"),
        (GUEST, "globex", "guest@globex.example"),
    ]
    for pages, slug, address in tours:
        if address:
            sign_in(page, address, slug)
        for name, path in pages.items():
            answer = page.goto(site.url(path, slug))
            assert answer.status == (403 if name == "forbidden" else 200), name
            if findings := look_at(page, name, look):
                wrong[name] = findings
    assert wrong == {}


def test_first_tab_skips_to_the_content(site, person, sign_in):
    page = sign_in(person(), "viewer@acme.example", "acme")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert re.search(r"#\w+$", page.url)
    assert page.evaluate("document.querySelector(':target').tagName") == "MAIN"


def test_chosen_colours_stay(site, person):
    page = person(color_scheme="light")
    page.goto(site.url("/"))
    page.locator("[data-theme-choice='dark']").first.evaluate("button => button.click()")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
