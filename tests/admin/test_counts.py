"""What a warm page of the admin site asks of the database: as often of one row as of fifty."""

import pytest
from django.db import connection

from accounts.admin import base
from accounts.audit.models import Entry
from accounts.flows import api_keys
from accounts.models import Role
from accounts.shares import give
from catalog.models import Product
from tests.test_counts import crowd, statements  # noqa: F401  (a fixture)

# (who, page) -> statements when warm. Three are the same everywhere: the binding
# and the session, person and rights, roles.
COUNTS = {
    ("owner", ""): 3,
    ("owner", "catalog/product/"): 6,
    ("owner", "catalog/product/?q=ware"): 6,
    ("owner", "catalog/product/{coffee}/change/"): 7,
    ("owner", "catalog/category/"): 5,
    ("owner", "catalog/category/{drinks}/change/"): 5,
    ("owner", "catalog/productusergrant/"): 5,
    ("owner", "catalog/categorygroupgrant/"): 5,
    ("owner", "accounts/user/"): 7,
    ("owner", "accounts/user/{viewer}/change/"): 14,
    ("owner", "accounts/role/"): 5,
    ("owner", "accounts/invitation/"): 5,
    ("owner", "accounts/apikey/"): 5,
    ("owner", "usersessions/usersession/"): 8,
    ("owner", "audit/entry/"): 5,
    ("editor", "catalog/product/"): 8,
    ("editor", "accounts/user/"): 7,
}


@pytest.fixture
def more(acme, crowd, client_as):  # noqa: F811
    """`more(49, start=1)`: that many more rows of every list."""

    def fill(count: int, start: int = 0) -> None:
        crowd(count, start=start)
        for product in Product.objects.filter(title__in=[f"Ware {n}" for n in range(start, start + count)]):
            give(actor=acme.owner, obj=product, principal=acme.guest, permission="catalog.view_product")
            role = Role.objects.get(key="guest")
            give(actor=acme.owner, obj=product.category, principal=role, permission="catalog.view_category")
            api_keys.create(actor=acme.owner, name="Key", rights=["catalog.view_product"], expires_at=None)
            client_as("viewer")

    return fill


@pytest.mark.parametrize(("who", "page"), COUNTS)
def test_a_page_asks_as_often_as_it_says_here(acme, client_as, more, who, page):
    keys = {"coffee": acme.coffee.pk, "drinks": acme.drinks.pk, "viewer": acme.viewer.pk}
    address, client = f"/admin/{page.format(**keys)}", client_as(who)
    more(1)
    few = statements(client, address)
    more(49, start=1)
    many = statements(client, address)
    assert (len(few), len(many)) == (COUNTS[who, page],) * 2, "\n".join(many)


def test_a_count_stops_at_its_limit(acme, client_as, monkeypatch):
    """A list of a hundred thousand rows is not counted to its end: pages go as far as the limit."""
    monkeypatch.setattr(base, "MOST_COUNTED", 60)
    Entry.objects.bulk_create(Entry(at="2026-01-01T00:00Z", through="page", action="created") for _number in range(100))
    client = client_as("owner")
    assert client.get("/admin/audit/entry/").context["cl"].result_count == 60
    counted = [sql for sql in statements(client, "/admin/audit/entry/") if "COUNT" in sql]
    assert len(counted) == 1
    assert "LIMIT 60" in counted[0]
    assert client.get("/admin/audit/entry/?p=3").status_code == 302
    assert connection.schema_name == acme.tenant.schema_name
