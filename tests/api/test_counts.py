"""How often each endpoint asks the database: the same for few rows and for many. A higher number needs a reason."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Category, Product

# Not counted: transactions, the tenant's binding, the credential, and what the audit log writes and seals.
NOT_COUNTED = ("SAVEPOINT", "set_config", "tenants_", "accounts_apikey", "django_session", "audit_")


def data_statements(act) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        response = act()
    assert response.status_code < 300, response.content
    sent = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in sent if not any(word in sql for word in NOT_COUNTED)]


@pytest.fixture
def many(acme):
    for number in range(40):
        shelf = Category(name=f"Shelf {number}", parent=acme.tools)
        shelf.place()
        product = Product(title=f"Many {number}", category=shelf)
        product.record_change(acme.owner)
        product.save()


READS = [
    ("viewer", "/products/", 2),
    ("viewer", "/products/?count=true", 3),
    ("viewer", "/products/?fields=id,title", 2),
    ("guest", "/products/", 2),
    ("viewer", "/categories/", 2),
    ("guest", "/categories/", 3),
    ("viewer", "/members/", 4),
    ("viewer", "/members/?fields=id", 4),
    ("viewer", "/roles/", 4),
    ("owner", "/invitations/", 2),
    ("viewer", "/products/1/", 2),
    ("viewer", "/me/", 2),
]


@pytest.mark.parametrize("size", ["few", "many"])
@pytest.mark.parametrize(("who", "path", "count"), READS)
def test_an_endpoint_asks_as_often_as_it_says_here_of_few_rows_and_of_many(
    acme, key_as, api_as, share, request, who, path, count, size
):
    if size == "many":
        request.getfixturevalue("many")
    if who == "guest":
        share("guest", "view", "drinks")
        share("guest", "view", "coffee")
    client = key_as(who) if who != "guest" else api_as(who)
    client.read(path)
    statements = data_statements(lambda: client.read(path))
    statements = [sql for sql in statements if 'FROM "accounts_user" WHERE "accounts_user"."id"' not in sql]
    assert len(statements) == count, statements


def test_a_write_asks_as_often_as_it_says_here(acme, key_as, product_body):
    client = key_as("editor")
    client.read("/me/")
    made = data_statements(lambda: client.send("POST", "/products/", product_body()))
    path = f"/products/{acme.coffee.pk}/"
    changed = data_statements(lambda: client.send("PATCH", path, {"title": "Tea"}))
    assert (len(made), len(changed)) == (6, 7), [*made, *changed]
