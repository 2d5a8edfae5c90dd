"""What a warm page asks of the database: an exact number, the same for three rows and for thirty."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm

from accounts.flows.people import make_member
from accounts.models import Invitation, Role, User
from catalog.models import Category, Product

from .world import PASSWORD

# (who, page) -> statements when warm. Six are the same on every page: bind, tenant, bind, session, person, rights.
# Owners' and admins' ask one more: is support here? Those of one product or category hold the share panel: nine or ten.
COUNTS = {
    ("owner", "/products/"): 10,
    ("owner", "/products/?layout=table"): 10,
    ("owner", "/products/{coffee}/"): 18,
    ("owner", "/products/new/"): 9,
    ("owner", "/products/{coffee}/edit/"): 10,
    ("owner", "/categories/"): 8,
    ("owner", "/categories/{drinks}/"): 20,
    ("owner", "/members/"): 14,
    ("owner", "/invitations/"): 12,
    ("owner", "/roles/"): 10,
    ("owner", "/activity/"): 9,
    ("viewer", "/products/"): 10,
    ("viewer", "/products/{coffee}/"): 10,
    ("viewer", "/categories/{drinks}/"): 14,
    ("viewer", "/members/"): 10,
    ("guest", "/products/"): 10,
    ("guest", "/products/{coffee}/"): 11,
    ("guest", "/products/{coffee}/edit/"): 10,
    ("guest", "/categories/"): 7,
    ("guest", "/categories/{drinks}/"): 15,
}


def statements(client, address: str) -> list[str]:
    """What one request sends. Savepoints are no questions, and are left out."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]


@pytest.fixture
def crowd(acme):
    """`crowd(30)`: that many more rows of everything a page lists."""

    def fill(count: int, start: int = 0) -> None:
        for number in range(start, start + count):
            shelf = Category(name=f"Shelf {number}", parent=acme.drinks)
            shelf.place()
            product = Product(title=f"Ware {number}", price=1, category=acme.drinks if number % 2 else shelf)
            product.record_change(acme.owner)
            product.save()
            role = Role.objects.get(key=("viewer", "guest")[number % 2])
            address = f"person{number}@acme.test"
            make_member(email=address, name=f"Person {number}", password=PASSWORD, role=role)
            invitation = Invitation(email=f"invited{number}@acme.test", role=role, invited_by=acme.owner)
            invitation.renew()
            invitation.save()

    return fill


@pytest.fixture
def open_to_guest(acme):
    """A product and a category that are shared with the guest to change."""
    for model, target in (("product", acme.coffee), ("category", acme.drinks)):
        for right in ("view", "change"):
            assign_perm(f"catalog.{right}_{model}", acme.guest, target)


@pytest.mark.usefixtures("open_to_guest")
@pytest.mark.parametrize(("who", "page"), COUNTS)
def test_a_page_asks_as_often_as_it_says_here_of_few_rows_and_of_many(acme, client_as, crowd, who, page):
    address, client = page.format(coffee=acme.coffee.pk, drinks=acme.drinks.pk), client_as(who)
    crowd(3)
    few = statements(client, address)
    crowd(27, start=3)
    many = statements(client, address)
    assert (len(few), len(many)) == (COUNTS[who, page],) * 2, "\n".join(many)


def test_the_share_panel_asks_no_more_of_many_shares_and_deep_shelves(acme, client_as, crowd):
    """Who has access and why, for a product five categories deep that is shared with twenty people."""
    client, address = client_as("owner"), acme.coffee.get_absolute_url()
    few = len(statements(client, address))
    crowd(20)
    shelf = acme.drinks
    for depth in range(5):
        shelf = Category(name=f"Deep {depth}", parent=Category.objects.get(pk=shelf.pk))
        shelf.place()
    Product.objects.filter(pk=acme.coffee.pk).update(category=shelf)
    for person in User.objects.filter(email__startswith="person"):
        assign_perm("catalog.view_product", person, acme.coffee)
        assign_perm("catalog.view_category", person, shelf)
    panel = client.get(address).context["shares"]
    assert len([share for share in panel if share.reason != "role"]) == 40
    assert len(statements(client, address)) == few + 1  # the categories around it, in one statement
