"""What a warm page asks of the database: an exact number, the same for three rows and for thirty."""

import pytest
from guardian.shortcuts import assign_perm

from accounts.flows.people import make_member
from accounts.models import Invitation, Role, User
from catalog.models import Category, Product

from .statements import sent_by
from .world import PASSWORD

# (who, page) -> what is sent when warm. Two are the same on every page: the binding and the session; person and rights.
# Owners' and admins' ask one more: is support here? Those of one product or category hold the share panel: nine or ten.
COUNTS = {
    ("owner", "/products/"): 6,
    ("owner", "/products/?layout=table"): 6,
    ("owner", "/products/{coffee}/"): 14,
    ("owner", "/products/new/"): 5,
    ("owner", "/products/{coffee}/edit/"): 6,
    ("owner", "/categories/"): 4,
    ("owner", "/categories/{drinks}/"): 16,
    ("owner", "/members/"): 10,
    ("owner", "/invitations/"): 8,
    ("owner", "/roles/"): 6,
    ("owner", "/activity/"): 5,
    ("viewer", "/products/"): 6,
    ("viewer", "/products/{coffee}/"): 6,
    ("viewer", "/categories/{drinks}/"): 10,
    ("viewer", "/members/"): 6,
    ("guest", "/products/"): 6,
    ("guest", "/products/{coffee}/"): 7,
    ("guest", "/products/{coffee}/edit/"): 6,
    ("guest", "/categories/"): 3,
    ("guest", "/categories/{drinks}/"): 11,
}


def statements(client, address: str) -> list[str]:
    """What one request sends when warm."""
    client.get(address)
    return sent_by(lambda: client.get(address), 200)


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
