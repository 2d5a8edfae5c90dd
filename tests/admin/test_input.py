"""Numbers and texts typed into the forms of the admin site: refused in words, or stored as typed. (N6, N7, N10)"""

from decimal import Decimal

import pytest

from catalog.models import Product
from tests.accounts.hostile import INVISIBLE, MARKUP, NUL, PLAIN
from tests.accounts.pages import Page

from .channel import address

TEXTS = ("title", "sku", "description")


def send(client, acme, **changes):
    form = {"title": "Coffee", "price": "12.50", "status": "draft", "category": acme.drinks.pk, "version": 1}
    return client.post(address("products", acme.coffee.pk, "change"), form | changes)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("0", "0.00"), ("-0", "0.00"), ("00012.5", "12.50"), ("99999.99", "99999.99"), ("1e2", "100.00")],
)
def test_a_price_is_stored_to_the_cent(acme, client_as, typed, stored):
    assert send(client_as("editor"), acme, price=typed).status_code == 302
    assert Product.objects.get(pk=acme.coffee.pk).price == Decimal(stored)


@pytest.mark.parametrize(
    "typed", ["", "NaN", "sNaN", "Infinity", "-Infinity", "1e400", "-1", "100000", "1.234", "1,5", "9" * 5000, "0x10"]
)
def test_what_is_no_price_is_refused(acme, client_as, typed):
    response = send(client_as("editor"), acme, price=typed, title="Changed")
    assert response.status_code == 422
    assert Product.objects.get(pk=acme.coffee.pk).title == "Coffee acmeword"


@pytest.mark.parametrize("field", ["category", "status", "version"])
@pytest.mark.parametrize("typed", ["abc", "-1", "999999", "9" * 40, NUL, "1 OR 1=1", "[]", "{}"])
def test_a_choice_that_is_none_is_refused(acme, client_as, field, typed):
    assert send(client_as("editor"), acme, **{field: typed}).status_code in (409, 422)
    assert Product.objects.get(pk=acme.coffee.pk).version == 1


@pytest.mark.parametrize("field", TEXTS)
def test_a_text_is_stored_and_shown_as_typed(acme, client_as, field):
    client, page = client_as("editor"), address("products", acme.coffee.pk, "change")
    structures = []
    for version, text in enumerate(["plain", *PLAIN, *MARKUP], start=1):
        text = text[:40].strip()
        assert send(client, acme, **{field: text, "version": version}).status_code == 302, text
        assert getattr(Product.objects.get(pk=acme.coffee.pk), field) == text
        client.get("/admin/")  # says what was saved, once
        structures.append(Page(client.get(page)).structure)
    assert [one for one in structures if one != structures[0]] == []


@pytest.mark.parametrize("place", ["products", "categories"])
def test_characters_that_one_cannot_see_are_refused(acme, client_as, place):
    client = client_as("editor")
    for text in (NUL, *INVISIBLE):
        form = {"title": text, "name": text, "price": "1", "status": "draft", "category": acme.drinks.pk}
        assert client.post(address(place, "add"), form).status_code == 422, text


@pytest.mark.parametrize("place", ["catalog/product", "catalog/category", "accounts/user", "audit/entry"])
def test_a_search_finds_or_does_not_and_never_breaks(client_as, place):
    client = client_as("owner")
    for text in (*MARKUP, *PLAIN):
        response = client.get(f"/admin/{place}/", {"q": text})
        assert response.status_code == 200, text
        assert not [tag for tag, attributes in Page(response).elements if tag == "script" and "src" not in attributes]
