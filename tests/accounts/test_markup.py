"""Markup that was stored shows as the text it is: the page has the same elements and attributes as ever (W3)."""

import pytest
from django.utils import timezone

from accounts.models import Invitation, User
from catalog.models import Category, Product
from tenants.models import Tenant
from tenants.schema import in_public

from . import hostile
from .conftest import SIGN_UP
from .pages import Page

# Everything that somebody types and somebody else reads.
PAGES = [
    "/members/",
    "/members/?q={text}",
    "/invitations/",
    "/invitations/new/",
    "/profile/",
    "/organisation/",
    "/organisations/",
    "/roles/",
    "/members/{member}/role/",
    "/members/{member}/remove/",
    "/members/leave/",
    "/products/",
    "/products/?layout=table&q={text}",
    "/products/{product}/",
    "/products/{product}/edit/",
    "/products/{product}/delete/",
    "/categories/",
    "/categories/{category}/",
    "/account/2fa/",
    "/account/email/",
    "/account/sessions/",
]


def plant(acme, text: str) -> None:
    """Every stored text of Acme becomes `text`."""
    User.objects.exclude(pk=acme.owner.pk).update(name=text[:80])
    User.objects.filter(pk=acme.owner.pk).update(name=f"Owner {text}"[:80])
    Product.objects.update(title=text[:50], description=text)
    Category.objects.filter(pk=acme.tools.pk).update(name=text[:50], path_name=text)
    Invitation.objects.create(
        email="ann@acme.test", role_id=1, invited_by=acme.owner, token_hash=text, expires_at=timezone.now()
    )
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(name=text[:80])


def shape(client, acme, path: str, text: str) -> list:
    numbers = {"member": acme.viewer.pk, "product": acme.hammer.pk, "category": acme.tools.pk}
    response = client.get(path.format(text=text, **numbers), headers={"user-agent": text})
    assert response.status_code == 200
    return [element for element in Page(response).structure if element[0] not in ("mark", "wbr")]


@pytest.mark.parametrize("path", PAGES)
def test_stored_markup_opens_no_element_and_no_attribute(client_as, acme, path):
    client = client_as("owner")
    client.get("/profile/")  # "last seen" is an element of its own
    plant(acme, "Harmless plain words of some length")
    plain = shape(client, acme, path, "Harmless")
    Invitation.objects.all().delete()
    for text in hostile.MARKUP:
        plant(acme, text)
        assert set(shape(client, acme, path, text)) <= set(plain) | set(shape(client, acme, path, "Nowhere")), text
        Invitation.objects.all().delete()


@pytest.mark.parametrize("text", hostile.MARKUP, ids=ascii)
@pytest.mark.parametrize("field", ["organisation", "slug", "name", "email", "currency"])
def test_refused_markup_comes_back_as_text(public_client, field, text):
    plain = Page(public_client.post("/sign-up/", SIGN_UP | {"password": "", field: "\x07"}))
    typed = Page(public_client.post("/sign-up/", SIGN_UP | {"password": "", field: text}))
    assert {tag for tag, _names in typed.structure} == {tag for tag, _names in plain.structure}
    assert not any(
        name.startswith(("on", "hx-trigger", "srcdoc"))
        for _tag, names in typed.structure
        for name in names
        if name not in known(plain)
    )


def known(page: Page) -> set[str]:
    return {name for _tag, names in page.structure for name in names}


@pytest.mark.parametrize("text", hostile.MARKUP, ids=ascii)
def test_message_about_somebody_shows_his_name_as_text(client_as, acme, text):
    User.objects.filter(pk=acme.guest.pk).update(name=text[:80])
    page = client_as("owner").post(f"/members/{acme.guest.pk}/deactivate/", follow=True)
    assert text[:80].split()[0] in Page(page).words or text[:80] in Page(page).words
    assert not any(
        tag in ("svg/onload=alert(1)", "iframe", "img") and "src" not in names for tag, names in Page(page).structure
    )
    assert not any(name.startswith("on") for _tag, names in Page(page).structure for name in names)


def test_no_template_switches_escaping_off():
    """`safe` and `autoescape off` are for plain-text mails and for Django's own help texts."""
    from django.conf import settings

    found = [
        (path.name, line.strip())
        for path in (settings.BASE_DIR / "templates").rglob("*.html")
        for line in path.read_text().splitlines()
        if "|safe" in line.replace("field.help_text|safe", "") or "autoescape off" in line
    ]
    assert found == []
