"""Products by the API: the same rows and the same answers as the pages."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts import access
from accounts.models import ApiKey, Role, User
from catalog.models import Product
from tests.accounts.hostile import INVISIBLE, MARKUP, PLAIN

PEOPLE = ("owner", "admin", "editor", "viewer")


def titles(response) -> set[str]:
    return {row["title"] for row in response.json()["results"]}


@pytest.mark.parametrize("who", [*PEOPLE, "guest", "stranger"])
def test_the_list_holds_what_the_page_shows(acme, api_as, client_as, share, who):
    share("guest", "view", "coffee")
    shown = {product.title for product in client_as(who).get("/products/").context["products"]}
    assert titles(api_as(who).read("/products/")) == shown
    assert len(shown) == {"guest": 1, "stranger": 0}.get(who, 4)


def test_a_key_lists_exactly_what_its_owner_may_see_with_the_rights_chosen(acme, key_as):
    assert len(titles(key_as("viewer").read("/products/"))) == 4
    assert key_as("viewer", ["catalog.view_category"]).read("/products/").status_code == 403


@pytest.mark.parametrize(("who", "status"), [("editor", 201), ("viewer", 403), ("stranger", 403)])
def test_adding_follows_the_role(acme, api_as, product_body, who, status):
    response = api_as(who).send("POST", "/products/", product_body())
    assert response.status_code == status
    made = Product.objects.filter(title="Mocha").first()
    assert bool(made) is (status == 201)
    if made:
        assert response["Location"] == f"/api/v1/products/{made.pk}/"
        assert (response.json()["price"], made.created_by) == ("3.20", acme.editor)


@pytest.mark.parametrize(("key", "status"), [("drinks", 201), ("tools", 400)])
def test_who_may_add_to_one_category_adds_there_alone_and_goes_on_with_it(
    acme, api_as, share, product_body, key, status
):
    share("guest", "add", "drinks")
    client = api_as("guest")
    response = client.send("POST", "/products/", product_body(category=acme.categories[key].pk))
    assert response.status_code == status
    if status == 201:
        assert client.send("PATCH", response["Location"], {"title": "Mine"}).json()["title"] == "Mine"
    else:
        assert [error["pointer"] for error in response.json()["errors"]] == ["#/category"]
    assert Product.objects.filter(category=acme.categories[key], created_by=acme.guest).exists() is (status == 201)


def test_a_category_that_one_may_see_but_not_add_to_is_refused(acme, api_as, share, product_body):
    share("guest", "add", "drinks")
    share("guest", "view", "tools")
    assert api_as("guest").send("POST", "/products/", product_body(category=acme.tools.pk)).status_code == 403


@pytest.mark.parametrize(("who", "status"), [("editor", 200), ("viewer", 403), ("guest", 404)])
def test_renaming_follows_the_role_and_counts_the_version(acme, api_as, stored, who, status):
    response = api_as(who).send("PATCH", f"/products/{acme.coffee.pk}/", {"title": "Tea"})
    coffee = stored("coffee")
    changed = ("Tea", 2, acme.editor) if status == 200 else (acme.coffee.title, 1, acme.owner)
    assert (response.status_code, (coffee.title, coffee.version, coffee.changed_by)) == (status, changed)


@pytest.mark.parametrize(("who", "status"), [("admin", 204), ("editor", 403), ("guest", 404)])
def test_deleting_follows_the_role(acme, api_as, stored, who, status):
    client = api_as(who)
    assert client.send("DELETE", f"/products/{acme.coffee.pk}/").status_code == status
    assert (stored("coffee") is None) is (status == 204)
    assert client.read(f"/products/{acme.coffee.pk}/").status_code == (404 if who != "editor" else 200)


def test_nobody_moves_a_product_to_where_others_get_rights_that_he_lacks(acme, api_as, share, stored):
    share("guest", "delete", "tools")
    response = api_as("editor").send("PATCH", f"/products/{acme.coffee.pk}/", {"category": acme.tools.pk})
    assert (response.status_code, response.json()["code"]) == (403, "move_refused")
    assert api_as("admin").send("PATCH", f"/products/{acme.coffee.pk}/", {"category": acme.tools.pk}).status_code == 200
    assert stored("coffee").category == acme.tools


def test_a_number_that_is_taken_is_a_conflict_that_names_its_field(acme, api_as, product_body):
    response = api_as("editor").send("POST", "/products/", product_body(sku=acme.saw.sku.upper()))
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (409, "#/sku")
    assert not Product.objects.filter(title="Mocha").exists()


# --- N6, N7: what is stored is what was sent, or it is refused ---------------------------------------------------


@pytest.mark.parametrize("price", ["0", "12.5", "99999.99", "-0", "0.10"])
def test_a_price_is_exact(acme, api_as, product_body, price):
    response = api_as("editor").send("POST", "/products/", product_body(price=price))
    assert response.json()["price"] == f"{abs(float(price)):.2f}"
    assert str(Product.objects.get(title="Mocha").price) == f"{abs(float(price)):.2f}"


@pytest.mark.parametrize(
    "price",
    [
        "NaN",
        "Infinity",
        "1e2",
        "1e400",
        "-1",
        "١٢",
        "1.234",
        "100000",
        "",
        " 1",
        "1,5",
        "9" * 5000,
        12.5,
        12,
        True,
        None,
    ],
)
def test_a_price_that_is_no_exact_amount_is_refused(acme, api_as, product_body, price):
    response = api_as("editor").send("POST", "/products/", product_body(price=price))
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "#/price")
    assert not Product.objects.filter(title="Mocha").exists()


@pytest.mark.parametrize("text", [*PLAIN, *MARKUP], ids=lambda text: ascii(text)[:20])
def test_text_comes_back_as_it_was_sent(acme, api_as, product_body, text):
    text = " ".join(text.split())[:50].strip()
    response = api_as("editor").send("POST", "/products/", product_body(title=text, description=text))
    assert response.json()["title"] == response.json()["description"] == text


@pytest.mark.parametrize(
    "text", [*INVISIBLE, "", "   ", "x" * 51, 5, True, None, ["x"], {}], ids=lambda t: ascii(t)[:20]
)
def test_a_bad_title_is_refused(acme, api_as, product_body, text):
    response = api_as("editor").send("POST", "/products/", product_body(title=text))
    assert response.status_code == 400
    assert not Product.objects.filter(sku="", description="", title__startswith=str(text)[:3] or "-").exists()


@pytest.mark.parametrize("address", ["http://a.example/x.png", "javascript:alert(1)", "ftp://a.example/x", "x", "//x"])
def test_a_picture_on_the_web_has_to_be_https(acme, api_as, stored, address):
    client, path = api_as("editor"), f"/products/{acme.coffee.pk}/"
    assert client.send("PATCH", path, {"picture_url": address}).status_code == 400
    assert client.send("PATCH", path, {"picture_url": "https://a.example/x.png"}).status_code == 200
    assert stored("coffee").picture_url == "https://a.example/x.png"


# --- Z4: mass assignment ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (name, "read_only")
        for name in ("id", "version", "created_at", "created_by", "changed_at", "changed_by", "picture")
    ]
    + [(name, "unknown") for name in ("pk", "tenant", "owner", "search", "category_id", "is_superuser", "__class__")],
)
def test_a_field_that_cannot_be_set_is_refused_by_name(acme, api_as, stored, field, code):
    client = api_as("owner")
    sent = {"title": "Tea", field: 99}
    for method, path in (("POST", "/products/"), ("PATCH", f"/products/{acme.coffee.pk}/")):
        if (method, field) == ("PATCH", "version"):
            continue  # there it says what one has read
        response = client.send(method, path, sent)
        assert response.status_code == 400
        assert {"pointer": f"#/{field}", "code": code} in [
            {"pointer": error["pointer"], "code": error["code"]} for error in response.json()["errors"]
        ]
    assert stored("coffee").title == acme.coffee.title


# --- Pictures --------------------------------------------------------------------------------------------------


def put_picture(client, product, upload: SimpleUploadedFile, name="picture"):
    body = encode_multipart(BOUNDARY, {name: upload})
    return client.send("PUT", f"/products/{product.pk}/picture/", body, content_type=MULTIPART_CONTENT)


@pytest.mark.parametrize(("who", "status"), [("editor", 200), ("viewer", 403), ("guest", 404)])
def test_a_picture_is_uploaded_shown_and_removed(acme, api_as, picture, media, stored, who, status):
    client = api_as(who)
    response = put_picture(client, acme.coffee, picture("JPEG"))
    assert (response.status_code, bool(stored("coffee").picture)) == (status, status == 200)
    if status == 200:
        shown = client.read(response.json()["picture"])
        assert (shown.status_code, shown["Content-Type"]) == (200, "image/webp")
        assert b"".join(shown.streaming_content)[8:12] == b"WEBP"
        assert client.send("DELETE", f"/products/{acme.coffee.pk}/picture/").status_code == 204
        assert client.read(f"/products/{acme.coffee.pk}/picture/").status_code == 404
        assert list(media.rglob("*.webp")) == []


def test_what_is_no_picture_is_refused(acme, api_as, media, stored):
    response = put_picture(api_as("editor"), acme.coffee, SimpleUploadedFile("a.png", b"<svg/>"))
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "unreadable")
    assert not stored("coffee").picture


def test_a_picture_on_the_web_takes_the_place_of_an_uploaded_one(acme, api_as, picture, media, stored):
    client = api_as("editor")
    put_picture(client, acme.coffee, picture())
    client.send("PATCH", f"/products/{acme.coffee.pk}/", {"picture_url": "https://a.example/x.png"})
    assert (stored("coffee").picture.name, list(media.rglob("*.webp"))) == ("", [])


# --- Z5: rights that went away -----------------------------------------------------------------------------------


def test_a_right_that_was_taken_away_is_gone_at_the_next_request(acme, key_as, stored):
    client = key_as("editor")
    assert client.send("PATCH", f"/products/{acme.coffee.pk}/", {"title": "One"}).status_code == 200
    acme.editor.groups.set([Role.objects.get(key="viewer").group])
    assert client.send("PATCH", f"/products/{acme.coffee.pk}/", {"title": "Two"}).status_code == 403
    assert stored("coffee").title == "One"


def test_a_narrow_key_leaves_no_grant_behind_that_its_holder_did_not_need(acme, key_as, product_body):
    rights = ["catalog.add_product", "catalog.view_product", "catalog.view_category"]
    made = key_as("editor", rights).send("POST", "/products/", product_body())
    assert made.status_code == 201
    assert not access.user_grants(Product).objects.filter(content_object=made.json()["id"]).exists()


def test_a_key_revoked_while_its_request_is_under_way_writes_nothing(acme, key_as, stored, monkeypatch):
    """Between the credential and the lock: as if another request had committed just then."""
    client, real = key_as("editor"), access.hold

    def hold_after_revoking(user):
        ApiKey.objects.update(revoked_at=timezone.now())
        real(user)

    monkeypatch.setattr(access, "hold", hold_after_revoking)
    assert client.send("PATCH", f"/products/{acme.coffee.pk}/", {"title": "Late"}).status_code == 403
    assert stored("coffee").title == "Coffee acmeword"


def test_a_cursor_shows_nothing_that_the_rows_hide(acme, api_as):
    for shelf in (acme.tea, acme.tools):
        assign_perm("catalog.view_category", acme.guest, shelf)
    address = api_as("guest").read("/categories/?limit=1").json()["next"]
    cursor = parse_qs(urlsplit(address).query)["cursor"][0]
    readable = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"Drinks" not in readable
    assert [row["id"] for row in api_as("guest").read(address).json()["results"]] == [acme.tools.pk]


def test_what_a_service_account_made_under_a_grant_can_be_taken_from_it(acme, api_as):
    robot = User.objects.create(name="Robot", issuer="service", kind="service")
    assign_perm("catalog.view_product", robot, acme.coffee)
    path = f"/products/{acme.coffee.pk}/grants/user-{robot.pk}/"
    assert api_as("admin").send("PUT", path, {"rights": ["catalog.change_product"]}).status_code == 404
    assert api_as("admin").send("DELETE", path).status_code == 204
    assert not access.user_grants(Product).objects.filter(user=robot).exists()


def test_nothing_of_a_body_is_left_for_the_next_one(acme, api_as):
    """Those who add share the fields that read their bodies."""
    whole = {"title": "One", "category": acme.drinks.pk, "sku": "ONE", "description": "Only of one", "price": "7.00"}
    assert api_as("editor").send("POST", "/products/", whole).status_code == 201
    assert api_as("editor").send("POST", "/products/", {**whole, "price": "much", "owner": 1}).status_code == 400
    made = api_as("owner").send("POST", "/products/", {"title": "Two", "category": acme.drinks.pk})
    row = Product.objects.get(pk=made.json()["id"])
    assert (row.sku, row.description, row.price, row.created_by) == ("", "", 0, acme.owner)
