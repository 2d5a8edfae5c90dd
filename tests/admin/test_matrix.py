"""The table of permissions through the admin site. (Z1, Z3)

Without a role that opens it, everything is 403. With every role opening it (`opened`), each cell is answered as
on the pages: the site adds a gate, and takes nothing away from the door behind it.
"""

import pytest

from catalog.models import Category, Product
from tests import matrix
from tests.addresses import NO_SUCH_KEY
from tests.test_matrix import check, gathered, grants_on, key_of, try_category, try_invitation, try_member
from tests.world import MARKER

from .channel import ELSEWHERE, AdminSite

channel = AdminSite()
pytestmark = pytest.mark.usefixtures("opened")


def cells(table: matrix.Table, *actions: str):
    """Each cell, as the site answers it: nothing is open to who holds no role at all."""
    rows = [row for row in table.rows() if (not actions or row[0] in actions) and not ELSEWHERE & {row[0], row[2]}]
    return gathered(
        (channel, who, (action, key, "n" if who == "stranger" and letter != "s" else letter))
        for action, who, key, letter in rows
    )


@cells(matrix.PRODUCT, "view", "change", "delete")
def test_product(acme, someone, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        with cell(client, action, key):
            try_product(acme, client, who, action, key, letter)


def try_product(acme, client, who, action, key, letter) -> None:
    pk = key_of(acme, key)
    shown = Product.objects.filter(pk=pk).first() or acme.coffee
    act, tables = {
        "view": (lambda: channel.view(client, "products", pk), set()),
        "change": (lambda: channel.change_product(client, shown, pk), {"catalog_product"}),
        "delete": (
            lambda: channel.delete(client, "products", pk),
            {"catalog_product"} | grants_on(key, who, "product"),
        ),
    }[action]
    check(channel, who, act, letter, tables)
    if action == "change" and letter == "y":
        assert Product.objects.get(pk=pk).title == "Changed"


@cells(matrix.CATEGORY, "view", "change", "delete", "add", "create")
def test_category(acme, someone, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        with cell(client, action, key):
            try_category(acme, channel, client, who, action, key, letter)


@pytest.mark.parametrize("who", [*matrix.WHO, *matrix.SHARED])
@pytest.mark.parametrize(
    ("table", "place", "key"), [(matrix.PRODUCT, "products", "coffee"), (matrix.CATEGORY, "categories", "drinks")]
)
def test_share(acme, someone, who, table, place, key):
    """Whoever may share an object may grant on it here; what is not there is no choice (422)."""
    client, model = someone(channel, who), {"products": Product, "categories": Category}[place]
    letters = table.cells["share"][who]
    right = f"catalog.view_{model._meta.model_name}"
    for pk, letter in ((key_of(acme, key), letters[0]), (NO_SUCH_KEY, "r" if "y" in letters else letters[0])):
        wanted = "n" if letter == "h" else letter
        tables = {f"catalog_{model._meta.model_name}usergrant"}
        check(channel, who, lambda pk=pk: channel.share(client, place, pk, acme.stranger, right), wanted, tables)


@cells(matrix.MEMBERS)
def test_member(someone, target, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        with cell(client, action, key):
            try_member(target(key, who), channel, client, who, action, key, letter)


@cells(matrix.INVITATIONS)
def test_invitation(acme, someone, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        with cell(client, action, key):
            try_invitation(acme, channel, client, who, action, key, letter)


@cells(matrix.PAGES)
def test_list(someone, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        with cell(client, action, key):
            check(channel, who, lambda key=key: channel.open(client, key), letter, set())
            assert MARKER not in channel.open(client, key).content.decode()


@pytest.mark.parametrize("who", [*matrix.WHO, *matrix.SHARED])
@pytest.mark.parametrize(
    ("table", "place", "words"), [(matrix.PRODUCT, "products", "acmeword"), (matrix.CATEGORY, "categories", "acme")]
)
def test_list_count_and_search_hold_exactly_what_one_may_view(acme, someone, who, table, place, words):
    client, letters = someone(channel, who), dict(zip(table.objects, table.cells["view"][who], strict=True))
    if "s" in letters.values() or who == "stranger":
        assert channel.open(client, place).status_code in (302, 403)
        return
    seen = {key_of(acme, key) for key, letter in letters.items() if letter == "y"}
    seen |= {acme.saw.pk} if letters.get("hammer") == "y" else set()
    for query in ({}, {"q": words}, {"o": "-1"}):
        assert channel.listed(client, place, query) == seen
        assert channel.get(
            client, f"/admin/catalog/{'product' if place == 'products' else 'category'}/", query
        ).context["cl"].result_count == len(seen)
