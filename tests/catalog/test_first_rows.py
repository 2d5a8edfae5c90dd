"""The page form of the rule, and the form for single rows, find what the rule itself finds, of anybody's grants."""

import itertools
import random

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Q

from accounts import access, listing, reach
from accounts.listing import Wanted
from accounts.models import Role, User
from accounts.prepared import Prepared
from catalog.models import Category, Product
from tenants.schema import in_tenant

VIEW = "catalog.view_product"
PRODUCTS = Product.objects.defer("search")
ORDERS = ["title", "-title", "price", "-price", "changed_at", "-changed_at", "pk", "-pk"]


@pytest.fixture
def chance(request):
    return random.Random(getattr(request, "param", 0))


several = pytest.mark.parametrize("chance", range(2), indirect=True)


@pytest.fixture
def jumble(acme, chance) -> User:
    """The guest, with grants at random: on products and shelves of a tree, his own and his role's, which overlap."""
    shelves = [acme.drinks, acme.tea, acme.tools]
    for number in range(6):
        shelf = Category(name=f"Shelf {number}", parent=chance.choice([None, *shelves]))
        shelf.place()
        shelves.append(shelf)
    Product.objects.bulk_create(product(acme, chance, shelves) for _number in range(40))
    guests = Role.objects.get(key="guest").group
    for code, rows in (("view", Product.objects.all()), ("change", Product.objects.all()), ("view", shelves)):
        for holder in (acme.guest, guests, acme.stranger):
            share(code, holder, [row for row in rows if chance.random() < 0.15])
    return User.objects.get(pk=acme.guest.pk)


def product(acme, chance, shelves) -> Product:
    made = Product(title=f"Ware {chance.randrange(30)}", price=chance.randrange(5), category=chance.choice(shelves))
    made.status = chance.choice(Product.Status.values)
    made.record_change(acme.owner)
    return made


def share(code: str, holder, rows: list) -> None:
    if rows:
        model = type(rows[0])
        grants = access.user_grants(model) if isinstance(holder, User) else access.group_grants(model)
        permission = reach.permission_row(access.permission_for(model, code))
        owner = {"user" if isinstance(holder, User) else "group": holder}
        grants.objects.bulk_create(grants(permission=permission, content_object=row, **owner) for row in rows)


# How many rows are few, how many of these are walked to, and how far.
WAYS = {
    "sorted": (1000, 1000, 5000),
    "walked": (1000, 0, 5000),
    "walked in vain": (1000, 0, 12),
    "probed": (0, 0, 5000),
}


def take(way: str, monkeypatch) -> None:
    for name, value in zip(("FEW", "WALK_ABOVE", "WALK_AT_MOST"), WAYS[way], strict=True):
        monkeypatch.setattr(listing, name, value)
    listing._kept_by_grants.cache_clear()


@pytest.fixture(autouse=True)
def as_it_was():
    yield
    listing._kept_by_grants.cache_clear()


def pages(user, order: str, size: int = 9) -> tuple[list[int], int | None]:
    """The keys of all pages in turn, and what the first one counts."""
    column = order.removeprefix("-")
    keys, total, position = [], None, {}
    while True:
        columns = ("id", "id" if column == "pk" else column)
        wanted = Wanted(columns, order, size, bool(position), most=100)
        found = listing.first_rows(PRODUCTS, user, VIEW, wanted, is_whole=True, **position)
        total = found.total if total is None else total
        keys += [row[0] for row in found.rows]
        if len(found.rows) < size:
            return keys, total
        position = {"key": found.rows[-1][0], "value": found.rows[-1][1]}


@several
def test_pages_hold_the_rows_of_the_rule_in_order(acme, jumble, monkeypatch):
    """Whether they are sorted, walked to or probed; while the catalogue is public, and while it is not."""
    for public, way, order in itertools.product([False, True], WAYS, ORDERS):
        monkeypatch.setattr(connection.tenant, "catalogue_is_public", public)
        take(way, monkeypatch)
        expected = list(listing.ordered(Product.objects.for_user(jumble), order).values_list("pk", flat=True))
        assert pages(jumble, order) == (expected, len(expected))
        assert 3 < len(expected) < Product.objects.count()


@several
def test_single_rows_are_found_as_the_rule_finds_them(acme, jumble):
    for permission in (VIEW, "catalog.change_product", "catalog.delete_product"):
        rule = set(Product.objects.for_user(jumble, permission).values_list("pk", flat=True))
        assert set(access.narrow_one(Product.objects.all(), jumble, permission).values_list("pk", flat=True)) == rule
        asked = {key for key in Product.objects.values_list("pk", flat=True) if one(jumble, permission, key)}
        assert asked == rule


def one(user, permission: str, key: int) -> tuple | None:
    return listing.one_row(PRODUCTS, user, permission, ("id",), key)


@pytest.mark.parametrize("limits", [frozenset(), frozenset({"catalog.change_product"})])
def test_a_credential_that_may_not_view_finds_nothing(acme, jumble, limits):
    first = Product.objects.for_user(jumble).first().pk
    assert one(jumble, VIEW, first)
    jumble.limits = limits
    assert (pages(jumble, "title"), one(jumble, VIEW, first)) == (([], 0), None)


def test_an_account_that_is_not_active_finds_nothing(acme, jumble):
    first = Product.objects.for_user(jumble).first().pk
    jumble.is_active = False
    assert (pages(jumble, "title"), one(jumble, VIEW, first)) == (([], 0), None)


def test_counting_ends_at_one_more_than_was_to_be_counted(acme, jumble, monkeypatch):
    for public, way in itertools.product([False, True], WAYS):
        monkeypatch.setattr(connection.tenant, "catalogue_is_public", public)
        take(way, monkeypatch)
        found = listing.first_rows(PRODUCTS, jumble, VIEW, Wanted(("id",), "pk", 2, most=3), is_whole=True)
        assert (len(found.rows), found.total) == (2, 4)


def test_an_empty_page_is_counted_as_well(acme, jumble):
    behind = {"value": "zzz", "key": 2**40}
    wanted = Wanted(("id", "title"), "title", 5, True, 100)
    found = listing.first_rows(PRODUCTS, jumble, VIEW, wanted, is_whole=True, **behind)
    assert found == ([], Product.objects.for_user(jumble).count())


def test_a_key_that_no_row_can_have_is_found_nowhere(acme):
    assert one(acme.owner, VIEW, acme.coffee.pk) == (acme.coffee.pk,)
    assert one(acme.owner, VIEW, 2**63) is None


def test_a_tenant_whose_permissions_have_other_numbers_harms_no_other(acme, globex, monkeypatch):
    """Each process remembers the numbers once, whichever tenant it serves first; the doctor may be late."""
    monkeypatch.setattr(reach, "_permissions", {})
    first, second = (Permission.objects.get(codename=f"{name}_product") for name in ("view", "share"))
    for row, codename in ((first, "in the way"), (second, "view_product"), (first, "share_product")):
        Permission.objects.filter(pk=row.pk).update(codename=codename)
    assert one(acme.guest, VIEW, acme.coffee.pk) is None
    with in_tenant(globex.tenant):
        share("view", globex.guest, [globex.coffee])
        assert [row.codename for row in Permission.objects.filter(productusergrant__user=globex.guest)] == [
            "view_product"
        ]
        assert one(globex.guest, VIEW, globex.coffee.pk) == (globex.coffee.pk,)


@pytest.mark.parametrize(("most", "is_few"), [(3, True), (2, False)])
def test_what_is_opened_twice_is_one_of_the_few(acme, monkeypatch, most, is_few):
    """Taken for many, the rows of the whole table would be looked at for somebody who may see a handful."""
    opened = [acme.coffee, acme.hammer, acme.saw]
    for holder in (acme.guest, Role.objects.get(key="guest").group):
        share("view", holder, opened)
    monkeypatch.setattr(listing, "FEW", most)
    parts = {}
    parts["own(id)"], *others = listing._reached(Product, VIEW, most, visitors=Q(), is_inside=False)
    parts["reach(ids, is_few, is_worth_a_walk)"] = listing._few_of(listing._either(others))
    asked = listing._with(parts, Prepared("SELECT ids, is_few FROM reach", (), ()))
    [(found, told)] = asked.run(user=acme.guest.pk, few=most, walk=100)
    assert (told, sorted(found) == sorted(each.pk for each in opened)) == (is_few, True)
