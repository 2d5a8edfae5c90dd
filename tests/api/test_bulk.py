"""Many products in one request: all or nothing, and each error says which row it is about. (Z9)"""

import pytest

from catalog.models import Product

BULK = "/products/bulk/"


def test_all_are_added(acme, api_as, product_body):
    response = api_as("editor").send("POST", BULK, [product_body(title=f"No {n}") for n in range(3)])
    assert (response.status_code, [row["title"] for row in response.json()]) == (201, ["No 0", "No 1", "No 2"])
    assert Product.objects.filter(title__startswith="No ").count() == 3


@pytest.mark.parametrize(
    ("bad", "status", "pointer"),
    [
        ({"price": "-1"}, 400, "#/1/price"),
        ({"owner": 5}, 400, "#/1/owner"),
        ({"category": 999_999}, 400, "#/1/category"),
        ({"sku": "TWICE"}, 409, "#/1/sku"),
    ],
)
def test_one_bad_row_keeps_all_from_being_added(acme, api_as, product_body, bad, status, pointer):
    rows = [product_body(title="Fine", sku="twice"), product_body(title="Bad", **bad), product_body(title="Fine too")]
    response = api_as("editor").send("POST", BULK, rows)
    assert response.status_code == status
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert not Product.objects.filter(title__in=["Fine", "Bad", "Fine too"]).exists()


@pytest.mark.parametrize("rows", [[], [{"title": "x"}] * 101, {}, None, "x", [1]])
def test_what_is_no_list_of_1_to_100_products_is_refused(acme, api_as, rows):
    assert api_as("editor").send("POST", BULK, rows if rows is not None else "null").status_code == 400


def test_all_are_changed(acme, api_as, stored):
    rows = [{"id": acme.coffee.pk, "price": "1.00", "version": 1}, {"id": acme.saw.pk, "status": "published"}]
    response = api_as("editor").send("PATCH", BULK, rows)
    assert [(row["id"], row["version"]) for row in response.json()] == [(acme.coffee.pk, 2), (acme.saw.pk, 2)]
    assert (str(stored("coffee").price), stored("saw").status) == ("1.00", "published")


@pytest.mark.parametrize(
    ("key", "changes", "status", "pointer"),
    [
        ("saw", {"title": "Other", "version": 7}, 409, "#/1/version"),
        ("hammer", {"title": "Other"}, 403, "#/1"),
        ("sencha", {"title": "Other"}, 404, "#/1"),
        ("coffee", {"title": "Other"}, 400, "#/1/id"),
        ("saw", {"title": ""}, 400, "#/1/title"),
    ],
)
def test_one_refused_row_keeps_all_from_being_changed(acme, api_as, share, stored, key, changes, status, pointer):
    share("guest", "change", "coffee")
    share("guest", "view", "coffee")
    for right in ("view", "change"):
        share("guest", right, "saw")
    share("guest", "view", "hammer")
    rows = [{"id": acme.coffee.pk, "title": "First"}, {"id": acme.products[key].pk, **changes}]
    response = api_as("guest").send("PATCH", BULK, rows)
    assert response.status_code == status
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert stored("coffee").title == acme.coffee.title


def test_a_guest_changes_those_that_he_may(acme, api_as, share, stored):
    """The same two rows: what is refused above is refused for want of the right."""
    for key in ("coffee", "hammer"):
        share("guest", "view", key)
        share("guest", "change", key)
    rows = [{"id": acme.coffee.pk, "title": "First"}, {"id": acme.hammer.pk, "title": "Other"}]
    assert api_as("guest").send("PATCH", BULK, rows).status_code == 200
    assert (stored("coffee").title, stored("hammer").title) == ("First", "Other")
