"""Every cell of the table (tests/matrix.py), through the door: the answer, and what it did to the rows. (R5, Z1, Z3)"""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from guardian.shortcuts import assign_perm

from accounts.flows.people import make_member
from accounts.models import Invitation, Role, User
from catalog.models import Category, Product
from tenants.models import Tenant
from tenants.schema import in_public

from . import matrix
from .addresses import NO_SUCH_KEY
from .channels import CHANNELS, Page, parent_of
from .conftest import HostClient
from .snapshot import snapshot
from .world import MARKER, PASSWORD

GRANTS = {"product": ("coffee", "product"), "category": ("drinks", "category")}
PERMISSIONS = Path(settings.BASE_DIR) / "docs" / "permissions.md"


# --- Who --------------------------------------------------------------------------------------------------


@pytest.fixture
def someone(acme, globex):
    """`someone("product view")`: a client on Acme's host as the row of the table that has this name."""

    def make(who: str) -> HostClient:
        client = HostClient(acme.tenant.host)
        if who == "visitor":
            return client
        if who == "foreign owner":
            client.cookies = HostClient(globex.tenant.host).sign_in(globex.owner, globex.tenant).cookies
            return client
        if who in matrix.SHARED:
            share(acme, who)
            return client.sign_in(acme.guest, acme.tenant)
        if who == "deactivated":
            client.sign_in(acme.editor, acme.tenant)
            User.objects.filter(pk=acme.editor.pk).update(is_active=False)
            return client
        return client.sign_in(acme.people[who], acme.tenant)

    return make


def share(acme, who: str) -> None:
    """The grants that a row of SHARED speaks of; viewing comes with every other right, as in the share panel."""
    words = who.split()
    right = words[-1]
    holder = acme.guest.groups.get() if words[0] == "role" else acme.guest
    kind = "category" if "category" in words else "product"
    key, model = GRANTS[kind]
    target = acme.products.get(key) or acme.categories[key]
    assign_perm(f"catalog.view_{model}", holder, target)
    assign_perm("catalog.add_product_to_category" if right == "add" else f"catalog.{right}_{model}", holder, target)


# --- What became of it --------------------------------------------------------------------------------------


def changed(before: dict, after: dict) -> set[str]:
    """The tables that differ, without the schema's name. All others are the same to the last byte."""
    return {name.partition(".")[2] for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def check(channel: Page, act, letter: str, tables: set[str]) -> None:
    """Do it: a yes changes these tables and no others, anything else changes nothing anywhere."""
    before = snapshot()
    response = act()
    touched = changed(before, snapshot())
    assert channel.is_sign_in(response) is (letter == "s")
    if letter == "y":
        assert response.status_code in channel.yes
        assert touched == tables
    else:
        assert response.status_code == channel.answers[letter]
        assert touched == set()


def cells(table: matrix.Table, *actions: str, channels=tuple(CHANNELS)):
    """Parameters for each cell, one set a channel."""
    rows = [row for row in table.rows() if not actions or row[0] in actions]
    parameters = [(channel, *row) for channel in map(CHANNELS.get, channels) for row in rows]
    names = ["-".join([row[0].name, *row[1:4]]).replace(" ", "_") for row in parameters]
    return pytest.mark.parametrize(("channel", "action", "who", "key", "letter"), parameters, ids=names)


# --- The table itself ---------------------------------------------------------------------------------------


def test_no_cell_is_missing():
    for each in matrix.TABLES:
        assert len(list(each.rows())) == len(each.actions) * len(each.who) * len(each.objects)


@pytest.mark.parametrize(
    "broken",
    ["| view\nvisitor | y\n", "| view\nvisitor | yx\nguest | yy", "| view\nvisitor | yyy\nguest | yy", "| edit\n"],
)
def test_a_missing_or_unknown_cell_is_an_error(broken):
    objects, actions, who = {"a": "a", "b": "b"}, {"view": "see it"}, {"visitor": "", "guest": ""}
    matrix.table("whole", "", objects=objects, actions=actions, who=who, drawn="| view\nvisitor | yy\nguest | yn")
    with pytest.raises(ValueError, match="broken"):
        matrix.table("broken", "", objects=objects, actions=actions, who=who, drawn=broken)


def test_the_page_says_what_the_table_says():
    assert PERMISSIONS.read_text() == matrix.document(), "run: python -m tests.matrix > docs/permissions.md"


# --- Products -----------------------------------------------------------------------------------------------


def key_of(acme, key: str) -> int:
    return NO_SUCH_KEY if key == "gone" else (acme.products.get(key) or acme.categories[key]).pk


@pytest.fixture
def pictured(acme, media):
    """Each product of Acme with a picture on disk."""
    for product in Product.objects.all():
        product.picture.save("x.webp", ContentFile(b"RIFFxxxxWEBP"))


@cells(matrix.PRODUCT)
def test_product(acme, someone, pictured, channel, action, who, key, letter):
    client, pk = someone(who), key_of(acme, key)
    shown = Product.objects.filter(pk=pk).first() or acme.coffee
    acts = {
        "view": (lambda: channel.view(client, "products", pk), set()),
        "picture": (lambda: channel.picture(client, "products", pk), set()),
        "change": (lambda: channel.change_product(client, shown, pk), {"catalog_product"}),
        "delete": (
            lambda: channel.delete(client, "products", pk),
            {"catalog_product"} | grants_on(key, who, "product"),
        ),
        "share": (
            lambda: channel.share(client, "products", pk, acme.stranger, "catalog.view_product"),
            {"catalog_productusergrant"},
        ),
    }
    act, tables = acts[action]
    others = Product.objects.exclude(pk=pk).order_by("pk")
    before = list(others.values())
    check(channel, act, letter, tables)
    assert list(others.values()) == before
    if action in ("change", "delete") and letter == "y":
        titles = list(Product.objects.filter(pk=pk).values_list("title", flat=True))
        assert titles == (["Changed"] if action == "change" else [])


@cells(matrix.PRODUCT, "change", "delete", channels=("page", "htmx"))
def test_the_page_before_a_change_answers_as_the_change(acme, someone, channel, action, who, key, letter):
    """No form is shown to somebody whom its button would refuse."""
    client, verb = someone(who), {"change": "edit", "delete": "delete"}[action]
    check(channel, lambda: channel.get(client, f"/products/{key_of(acme, key)}/{verb}/"), letter, set())


def grants_on(key: str, who: str, model: str) -> set[str]:
    """What goes with the row: the grants on it."""
    if who.startswith(model) and key in ("coffee", "drinks"):
        return {f"catalog_{model}usergrant"}
    return set()


@pytest.mark.parametrize("who", [*matrix.WHO, *matrix.SHARED])
def test_list_count_search_and_choices_hold_exactly_what_one_may_view(acme, someone, who):
    client, letters = someone(who), dict(zip(matrix.PRODUCT.objects, matrix.PRODUCT.cells["view"][who], strict=True))
    seen = {acme.products[key].pk for key, letter in letters.items() if letter == "y"}
    seen |= {acme.saw.pk} if letters["hammer"] == "y" else set()
    shelves = dict(zip(matrix.CATEGORY.objects, matrix.CATEGORY.cells["view"][who], strict=True))
    for query in ({}, {"q": "acmeword"}, {"layout": "table", "per_page": "1"}, {"order": "-price"}):
        response = client.get("/products/", query)
        if "s" in letters.values():
            assert response.status_code == 302
            continue
        assert response.context["paginator"].count == len(seen)
        assert {product.pk for product in response.context["paginator"].object_list} == seen
        offered = {category.pk for category in response.context["filter"].form.fields["category"].queryset}
        assert offered == {acme.categories[key].pk for key, letter in shelves.items() if letter == "y"}


# --- Categories ---------------------------------------------------------------------------------------------


def category_act(acme, channel: Page, client, action: str, key: str):
    """What is done, and the tables that it changes."""
    pk = key_of(acme, key)
    return {
        "view": (lambda: channel.view(client, "categories", pk), set()),
        "change": (lambda: channel.rename_category(client, parent_of(pk), pk), {"catalog_category"}),
        "delete": (lambda: channel.delete(client, "categories", pk), {"catalog_category"}),
        "share": (
            lambda: channel.share(client, "categories", pk, acme.stranger, "catalog.view_category"),
            {"catalog_categoryusergrant"},
        ),
        "add": (lambda: channel.add_product(client, pk), {"catalog_product"}),
        "create": (lambda: channel.add_category(client, pk), {"catalog_category"}),
    }[action]


@cells(matrix.CATEGORY)
def test_category(acme, someone, channel, action, who, key, letter):
    client = someone(who)
    if action == "delete":
        empty(acme, key)
    act, tables = category_act(acme, channel, client, action, key)
    if action == "delete":
        tables = tables | grants_on(key, who, "category")
    if (action, who) == ("add", "category add"):
        tables = tables | {"catalog_productusergrant"}  # what one has made, one may go on with
    check(channel, act, letter, tables)


def empty(acme, key: str) -> None:
    Product.objects.all().delete()
    if key == "drinks":
        Category.objects.filter(pk=acme.tea.pk).delete()


@pytest.mark.parametrize("who", [*matrix.WHO, *matrix.SHARED])
def test_the_list_of_categories_holds_exactly_what_one_may_view(acme, someone, who):
    letters = dict(zip(matrix.CATEGORY.objects, matrix.CATEGORY.cells["view"][who], strict=True))
    response = someone(who).get("/categories/")
    if "s" in letters.values():
        assert response.status_code == 302
        return
    seen = {acme.categories[key].pk for key, letter in letters.items() if letter == "y"}
    assert {category.pk for category in response.context["categories"]} == seen


# --- The public catalogue -----------------------------------------------------------------------------------


@cells(matrix.PUBLIC)
def test_public_catalogue(acme, someone, pictured, channel, action, who, key, letter):
    client, pk = someone(who), acme.coffee.pk
    Product.objects.filter(pk=pk).update(status=key)
    Product.objects.exclude(pk=pk).delete()
    set_public(acme, action != "off")
    acts = {
        "off": (lambda: channel.view(client, "products", pk), set()),
        "on": (lambda: channel.view(client, "products", pk), set()),
        "picture": (lambda: channel.picture(client, "products", pk), set()),
        "change": (lambda: channel.change_product(client, Product.objects.get(pk=pk), pk), {"catalog_product"}),
    }
    act, tables = acts[action]
    check(channel, act, letter, tables)
    if action == "on":
        assert channel.listed(client, "products", {}) == ({pk} if letter == "y" else set())


def set_public(acme, switch: bool) -> None:
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(catalogue_is_public=switch)


# --- People -------------------------------------------------------------------------------------------------


@pytest.fixture
def target(acme):
    """`target("admin", who)`: somebody who holds that role, and is not the one who asks."""

    def make(key: str, who: str) -> User:
        if key == "oneself":
            return acme.people.get(who, acme.viewer)
        role = Role.objects.get(key=key)
        return make_member(email=f"second-{key}@acme.test", name=f"Second {key}", password=PASSWORD, role=role)

    return make


@cells(matrix.MEMBERS)
def test_member(acme, someone, target, channel, action, who, key, letter):
    client, person = someone(who), target(key, who)
    tables = {
        "role": {"accounts_user_groups"},
        "deactivate": {"accounts_user"},
        "remove": {"accounts_user", "accounts_user_groups", "tenants_directoryentry"},
    }
    acts = {"role": channel.change_role, "deactivate": channel.deactivate, "remove": channel.remove}
    check(channel, lambda: acts[action](client, person), letter, tables[action])
    person = User.objects.get(pk=person.pk)
    after = {
        "role": [role.key for role in person.roles] == ["guest"],
        "deactivate": not person.is_active,
        "remove": person.removed_at is not None,
    }
    if key != "oneself":
        assert after[action] is (letter == "y")


@cells(matrix.INVITATIONS)
def test_invitation(acme, someone, channel, action, who, key, letter):
    client = someone(who)
    invitation = Invitation(email="old@acme.test", role=Role.objects.get(key=key), invited_by=acme.owner)
    invitation.renew()
    invitation.save()
    acts = {
        "invite": lambda: channel.invite(client, key),
        "resend": lambda: channel.resend(client, invitation),
        "revoke": lambda: channel.revoke(client, invitation),
    }
    check(channel, acts[action], letter, {"accounts_invitation"})
    assert Invitation.objects.filter(email="new@acme.test").exists() is (letter == "y" and action == "invite")


@cells(matrix.PAGES)
def test_page(acme, someone, channel, action, who, key, letter):
    client = someone(who)
    check(channel, lambda: channel.open(client, key), letter, set())
    assert MARKER not in channel.open(client, key).content.decode()


@cells(matrix.SETTINGS, channels=("page", "htmx"))
def test_settings(acme, someone, channel, action, who, key, letter):
    client = someone(who)
    form = {"name": acme.tenant.name, "currency": acme.tenant.currency}
    form[key] = {"name": "Renamed", "currency": "CHF", "catalogue_is_public": "on"}[key]
    check(channel, lambda: channel.post(client, "/organisation/", form), letter, {"tenants_tenant"})
