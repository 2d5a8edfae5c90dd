"""The border of a product: what is taken, exactly, and what is refused beside its field."""

from decimal import Decimal
from urllib.parse import urlencode

import pytest

from catalog.models import Product
from tests.accounts.hostile import BROKEN_BYTES, INVISIBLE, MARKUP, MEGABYTE, NUL, PLAIN
from tests.accounts.pages import Page

FORM = "application/x-www-form-urlencoded"


def test_a_product_is_added_with_what_was_typed(acme, client_as, filled):
    response = client_as("editor").post("/products/new/", filled(sku="M-1", description="Dark.", status="published"))
    made = Product.objects.get(title="Mocha")
    assert response.status_code == 302
    assert response["Location"] == f"/products/{made.pk}/"
    assert (made.sku, made.description, made.price, made.status) == ("M-1", "Dark.", Decimal("3.20"), "published")
    assert (made.created_by, made.changed_by, made.version) == (acme.editor, acme.editor, 1)


def test_a_change_names_who_made_it_and_counts_it(acme, client_as, filled, stored):
    client_as("editor").post(f"/products/{acme.coffee.pk}/edit/", filled(acme.coffee, title="Espresso"))
    now = stored("coffee")
    assert (now.title, now.version, now.changed_by, now.created_by) == ("Espresso", 2, acme.editor, acme.owner)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 51),
        ("title", ""),
        ("title", "   "),
        ("title", MEGABYTE),
        ("description", "x" * 5001),
        ("description", NUL),
        ("sku", "x" * 41),
        ("price", ""),
        ("price", "-0.01"),
        ("price", "100000.00"),
        ("price", "1.001"),
        ("price", "1.00000000000000000001"),
        ("price", "NaN"),
        ("price", "sNaN"),
        ("price", "Infinity"),
        ("price", "-Infinity"),
        ("price", "1e400"),
        ("price", "1e-400"),
        ("price", str(10**18)),
        ("price", "9" * 5000),
        ("price", "0x10"),
        ("price", "twelve"),
        ("price", NUL),
        ("picture_url", "https://example.com/" + "x" * 240),
        ("picture_url", "javascript:alert(1)"),
        ("picture_url", "http://example.com/a.png"),
        ("picture_url", "data:image/png;base64,AAAA"),
        ("picture_url", "ftp://example.com/a.png"),
        ("picture_url", "file:///etc/passwd"),
        ("picture_url", "https://exa mple.com/a.png"),
        ("status", "sold"),
        ("status", ""),
        ("category", ""),
        ("category", "999999"),
        ("category", "9" * 400),
        ("category", "drinks"),
        *(("title", text) for text in INVISIBLE),
        *(("sku", text) for text in INVISIBLE),
    ],
)
def test_bad_input_is_refused_beside_its_field_and_nothing_is_written(client_as, filled, field, value):
    before = Product.objects.count()
    response = client_as("editor").post("/products/new/", filled(**{field: value}))
    assert response.status_code == 422
    assert response.context["form"].has_error(field)
    assert Product.objects.count() == before


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0", "0.00"),
        ("-0", "0.00"),
        ("99999.99", "99999.99"),
        (" 12.5 ", "12.50"),
        ("1e2", "100.00"),
        ("٤٢", "42.00"),
        ("0.10", "0.10"),
        ("000007", "7.00"),
    ],
)
def test_a_price_is_kept_to_the_cent(client_as, filled, typed, kept):
    response = client_as("editor").post("/products/new/", filled(price=typed))
    assert response.status_code == 302
    assert str(Product.objects.get(title="Mocha").price) == kept


@pytest.mark.parametrize("text", [*PLAIN, *MARKUP], ids=str)
@pytest.mark.parametrize("field", ["title", "sku", "description"])
def test_text_comes_back_as_it_was_typed_and_adds_no_element(client_as, filled, field, text):
    client = client_as("editor")
    text = text[: Product._meta.get_field(field).max_length].strip()
    plain = Page(client.get(client.post("/products/new/", filled(**{field: "plain"}))["Location"]))
    response = client.post("/products/new/", filled(**{field: text}))
    assert response.status_code == 302
    page = Page(client.get(response["Location"]))
    assert getattr(Product.objects.latest("pk"), field) == text
    assert " ".join(text.split()) in page.words
    assert page.structure == plain.structure


@pytest.mark.parametrize("markup", MARKUP)
def test_a_refused_form_shows_what_was_typed_as_text(client_as, filled, markup):
    client = client_as("editor")
    plain = Page(client.post("/products/new/", filled(title="plain", price="bad")))
    page = Page(client.post("/products/new/", filled(title=markup, price="bad")))
    assert page.values["title"] == markup
    assert page.structure == plain.structure


@pytest.mark.parametrize("broken", BROKEN_BYTES)
def test_bytes_that_are_no_text_are_never_an_error_of_ours(client_as, filled, broken):
    body = urlencode(filled()).encode().replace(b"Mocha", b"Mocha" + broken)
    response = client_as("editor").post("/products/new/", body, content_type=FORM)
    assert response.status_code in (302, 400, 422)


@pytest.mark.parametrize("title", ["Cafe\u0301", "Caf\u00e9"])
def test_twins_of_normalisation_are_kept_apart(client_as, filled, title):
    client_as("editor").post("/products/new/", filled(title=title))
    assert Product.objects.latest("pk").title == title


def test_two_products_cannot_have_one_sku(acme, client_as, filled):
    taken = acme.hammer.sku.upper()
    response = client_as("editor").post("/products/new/", filled(sku=taken))
    assert response.status_code == 422
    assert "Another product has this SKU." in Page(response).words
    assert not Product.objects.filter(title="Mocha").exists()


def test_fields_that_are_not_in_the_form_are_ignored(acme, client_as, filled, stored):
    """Z4: the row's own number, its history, its version and its picture are nobody's to send."""
    sent = {"id": 1, "pk": 1, "created_by": acme.guest.pk, "changed_by": acme.guest.pk, "created_at": "1999-01-01"}
    sent |= {"picture": "../../etc/passwd", "search": "x", "tenant": "globex", "changed_at": "1999-01-01"}
    client_as("editor").post(f"/products/{acme.coffee.pk}/edit/", filled(acme.coffee, title="Espresso", **sent))
    now = stored("coffee")
    assert (now.pk, now.title, now.created_by, now.changed_by) == (acme.coffee.pk, "Espresso", acme.owner, acme.editor)
    assert (now.picture.name, now.created_at) == ("", acme.coffee.created_at)
    assert now.version == 2


def test_ten_thousand_fields_are_refused(client_as, filled):
    body = urlencode({**filled(), **{f"field{number}": "x" for number in range(10_000)}})
    response = client_as("editor").post("/products/new/", body, content_type=FORM)
    assert response.status_code == 400
    assert not Product.objects.filter(title="Mocha").exists()


def test_the_link_from_a_category_chooses_it(acme, client_as):
    response = client_as("editor").get(f"/products/new/?category={acme.tea.pk}")
    assert f'<option value="{acme.tea.pk}" selected>' in response.content.decode()


@pytest.mark.parametrize("junk", ["x", NUL, "9" * 400, "-1", "' OR 1=1"])
def test_a_link_with_a_wrong_category_opens_the_form_all_the_same(client_as, junk):
    assert client_as("editor").get("/products/new/", {"category": junk}).status_code == 200


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "9" * 20])
def test_a_change_must_say_which_version_it_is_of(acme, client_as, filled, stored, version):
    data = filled(acme.coffee, title="Espresso", version=version)
    response = client_as("editor").post(f"/products/{acme.coffee.pk}/edit/", data)
    assert (response.status_code, stored("coffee").title) == (422, acme.coffee.title)
