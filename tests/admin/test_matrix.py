"""The table of permissions through the admin site. (Z1, Z3)

Without a role that opens it, everything is 403. With every role opening it (`opened`), each cell is answered as
on the pages: the site adds a gate, and takes nothing away from the door behind it.
"""

import pytest

from accounts.models import Invitation, Role, User
from catalog.models import Category, Product
from tests import matrix
from tests.addresses import NO_SUCH_KEY
from tests.test_matrix import check, empty, grants_on, key_of, parent_of
from tests.world import MARKER

from .channel import ELSEWHERE, AdminSite

channel = AdminSite()
pytestmark = pytest.mark.usefixtures("opened")


def cells(table: matrix.Table, *actions: str):
    """Each cell, as the site answers it: nothing is open to who holds no role at all."""
    rows = [row for row in table.rows() if (not actions or row[0] in actions) and not ELSEWHERE & {row[0], row[2]}]
    rows = [(*row[:3], "n" if row[1] == "stranger" and row[3] != "s" else row[3]) for row in rows]
    return pytest.mark.parametrize(
        ("action", "who", "key", "letter"), rows, ids=["-".join(row[:3]).replace(" ", "_") for row in rows]
    )


@cells(matrix.PRODUCT, "view", "change", "delete")
def test_product(acme, someone, action, who, key, letter):
    client, pk = someone(channel, who), key_of(acme, key)
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
def test_category(acme, someone, action, who, key, letter):
    client, pk = someone(channel, who), key_of(acme, key)
    act, tables = {
        "view": (lambda: channel.view(client, "categories", pk), set()),
        "change": (lambda: channel.rename_category(client, parent_of(pk), pk), {"catalog_category"}),
        "delete": (
            lambda: channel.delete(client, "categories", pk),
            {"catalog_category"} | grants_on(key, who, "category"),
        ),
        "add": (lambda: channel.add_product(client, pk), {"catalog_product"}),
        "create": (lambda: channel.add_category(client, pk), {"catalog_category"}),
    }[action]
    if action == "delete":
        empty(acme, key)
    if (action, who) == ("add", "category add"):
        tables = tables | {"catalog_productusergrant"}
    check(channel, who, act, letter, tables)


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
def test_member(acme, someone, target, action, who, key, letter):
    client, person = someone(channel, who), target(key, who)
    tables = {
        "role": {"accounts_user_groups"},
        "deactivate": {"accounts_user"},
        "remove": {"accounts_user", "accounts_user_groups", "tenants_directoryentry"},
    }
    acts = {"role": channel.change_role, "deactivate": channel.deactivate, "remove": channel.remove}
    check(channel, who, lambda: acts[action](client, person), letter, tables[action])
    person = User.objects.get(pk=person.pk)
    after = {
        "role": [role.key for role in person.roles] == ["guest"],
        "deactivate": not person.is_active,
        "remove": person.removed_at is not None,
    }
    if key != "oneself":
        assert after[action] is (letter == "y")


@cells(matrix.INVITATIONS)
def test_invitation(acme, someone, action, who, key, letter):
    client = someone(channel, who)
    invitation = Invitation(email="old@acme.test", role=Role.objects.get(key=key), invited_by=acme.owner)
    invitation.renew()
    invitation.save()
    acts = {
        "invite": lambda: channel.invite(client, key),
        "resend": lambda: channel.resend(client, invitation),
        "revoke": lambda: channel.revoke(client, invitation),
    }
    check(channel, who, acts[action], letter, {"accounts_invitation"})
    assert Invitation.objects.filter(email="new@acme.test").exists() is (letter == "y" and action == "invite")


@cells(matrix.PAGES)
def test_list(acme, someone, action, who, key, letter):
    client = someone(channel, who)
    check(channel, who, lambda: channel.open(client, key), letter, set())
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
