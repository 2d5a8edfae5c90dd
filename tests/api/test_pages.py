"""Pages of a list: every row once, whatever is written meanwhile; counted only when asked."""

import pytest

from catalog.models import Product

from .conftest import ApiClient


def walk(client, path: str, link="next") -> list[list[str]]:
    """The titles page by page, from `path` along `link`."""
    pages = []
    while path:
        answer = client.read(path).json()
        pages.append([row["title"] for row in answer["results"]])
        path = answer[link]
    return pages


@pytest.fixture
def many(acme):
    """Twenty more, by twos of one price."""
    for number in range(20):
        product = Product(title=f"P{number:02}", price=number // 2, category=acme.tools)
        product.record_change(acme.owner)
        product.save()


@pytest.mark.parametrize("order", ["title", "-title", "price", "-price", "changed_at", "-changed_at", "id", "-id"])
def test_every_row_comes_once_in_order(acme, api_as, many, order):
    pages = walk(api_as("owner"), f"/products/?order={order}&limit=7")
    key = "-pk" if order.startswith("-") else "pk"
    expected = list(Product.objects.order_by(order, key).values_list("title", flat=True))
    assert [len(page) for page in pages] == [7, 7, 7, 3]
    assert [title for page in pages for title in page] == expected


def test_one_can_go_back(acme, api_as, many):
    client = api_as("owner")
    third = client.read(client.read(client.read("/products/?order=price&limit=5").json()["next"]).json()["next"]).json()
    back = walk(client, third["previous"], "previous")
    assert back == walk(client, "/products/?order=price&limit=5")[1::-1]


def test_a_row_that_is_added_meanwhile_moves_no_page(acme, api_as, many, product_body):
    client = api_as("owner")
    first = client.read("/products/?limit=10").json()
    client.send("POST", "/products/", product_body(title="A before all"))
    client.send("DELETE", f"/products/{first['results'][9]['id']}/")
    second = client.read(first["next"]).json()
    assert (first["results"][9]["title"], second["results"][0]["title"]) == ("P07", "P08")


def test_rows_are_counted_only_when_asked(acme, api_as, many):
    client = api_as("owner")
    assert "count" not in client.read("/products/").json()
    assert client.read("/products/?count=true&limit=1&status=draft").json()["count"] == 21


def test_a_count_stops_where_it_would_take_long(acme, api_as, many, monkeypatch):
    monkeypatch.setattr("accounts.api.pagination.MOST_COUNTED", 10)
    answer = api_as("owner").read("/products/?count=true").json()
    assert (answer["count"], answer["count_is_exact"]) == (10, False)


def test_a_cursor_of_another_order_list_or_tenant_is_refused(acme, globex, api_as, many):
    client = api_as("owner")
    cursor = client.read("/products/?limit=1").json()["next"].partition("cursor=")[2]
    assert client.read(f"/products/?cursor={cursor}").status_code == 200
    assert client.read(f"/products/?order=price&cursor={cursor}").status_code == 400
    assert client.read(f"/members/?cursor={cursor}").status_code == 400
    theirs = (
        ApiClient(globex.tenant.host).sign_in(globex.owner, globex.tenant).read("/products/?limit=1").json()["next"]
    )
    assert client.read(theirs).status_code == 400


def test_a_page_of_a_list_has_at_most_a_hundred(acme, api_as):
    for number in range(101):
        product = Product(title=f"Q{number:03}", category=acme.tools)
        product.record_change(acme.owner)
        product.save()
    assert len(api_as("owner").read("/products/?limit=100").json()["results"]) == 100
