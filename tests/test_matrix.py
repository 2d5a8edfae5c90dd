"""Every cell of the table (tests/matrix.py), through the door: the answer, and what it did to the rows. (R5, Z1, Z3)"""

from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection, transaction
from guardian.shortcuts import assign_perm

from accounts.audit.models import Entry
from accounts.flows.people import make_member
from accounts.models import Invitation, Role, User
from catalog.models import Category, Product
from tenants.models import PlatformEvent, Tenant
from tenants.schema import in_public

from . import matrix
from .addresses import NO_SUCH_KEY
from .channels import CHANNELS, Page, parent_of
from .conftest import HostClient, forget
from .snapshot import snapshot
from .world import MARKER, PASSWORD

GRANTS = {"product": ("coffee", "product"), "category": ("drinks", "category")}
LOG = "audit_entry"
NOTED = f"SELECT coalesce(max(id), 0), (SELECT count(*) FROM public.{PlatformEvent._meta.db_table}) FROM {LOG}"
PERMISSIONS = Path(settings.BASE_DIR) / "docs" / "permissions.md"


# --- Who --------------------------------------------------------------------------------------------------


@pytest.fixture
def someone(acme, globex):
    """`someone(channel, "product view")`: a client on Acme's host as the row of the table that has this name."""

    def make(channel: Page, who: str) -> HostClient:
        client = HostClient(acme.tenant.host)
        if who in matrix.SHARED:
            share(acme, who)
            channel.come(client, acme, acme.guest)
        elif who == "foreign owner":
            channel.come(client, globex, globex.owner)
        elif who == "deactivated":
            channel.come(client, acme, acme.editor)
            User.objects.filter(pk=acme.editor.pk).update(is_active=False)
        elif who != "visitor":
            channel.come(client, acme, acme.people[who])
        return client

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


def noted_so_far() -> tuple[int, int]:
    """The number of the last line of the log, and of the events of the platform. One statement: it is often asked."""
    with connection.cursor() as cursor:
        cursor.execute(NOTED)
        return cursor.fetchone()


def check(channel: Page, who: str, act, letter: str, tables: set[str]) -> None:
    """Do it: a yes changes these tables and no others, anything else changes nothing anywhere.

    In the audit log a change leaves lines, a refusal of a right exactly one, and all else none. A refused
    credential is noted in the platform's log, and never in the tenant's.
    """
    before, (last, noted) = snapshot(), noted_so_far()
    response = act()
    touched = changed(before, snapshot()) - {LOG}
    assert noted_so_far()[1] - noted == (letter == "s" and channel.is_noted(who))
    lines = list(Entry.objects.filter(pk__gt=last).values_list("action", flat=True))
    assert lines.count("permission_refused") == len(lines) == 1 if letter == "n" else "permission_refused" not in lines
    assert letter == "n" or bool(lines) is bool(touched)
    if letter == "y":
        assert response.status_code in channel.yes
        assert not channel.is_sign_in(response)
        assert touched == tables
    else:
        assert response.status_code == channel.answer(who, letter)
        assert letter != "s" or response.status_code == 403 or channel.is_sign_in(response)
        assert touched == set()


def cells(table: matrix.Table, *actions: str, channels=tuple(CHANNELS)):
    """Parameters for each channel and row of the table: a test for each cell that is a yes, one for all that are not.

    `asked` holds the cells, each (action, key, letter): ask them one by one, `with cell(client, ...)`.
    """
    rows = [row for row in table.rows() if not actions or row[0] in actions]
    return gathered(
        (channel, who, (action, key, channel.letter(table.title, action, who, letter)))
        for channel in map(CHANNELS.__getitem__, channels)
        for action, who, key, letter in rows
        if key not in channel.lacks
    )


def gathered(asked_by):
    """Parameters from all (channel, who, cell)."""
    groups: dict[str, tuple] = {}
    for channel, who, (action, key, letter) in asked_by:
        name = "-".join([channel.name, *((action, who, key) if letter == "y" else (who, "refused"))]).replace(" ", "_")
        groups.setdefault(name, (channel, who, []))[2].append((action, key, letter))
    return pytest.mark.parametrize(("channel", "who", "asked"), groups.values(), ids=groups)


@pytest.fixture
def cell(subtests):
    """`with cell(client, action, key):` asks one cell of several as if it were the first and the last.

    The rows, the cookies and the counted rates are put back after it; if it fails, it is named and the others follow.
    """

    @contextmanager
    def ask(client: HostClient, action: str, key: str):
        cookies = deepcopy(client.cookies)
        with subtests.test(f"{action} {key}"), transaction.atomic():
            yield
            transaction.set_rollback(True)
        client.cookies = cookies
        forget()

    return ask


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
def test_product(acme, someone, pictured, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        with cell(client, action, key):
            try_product(acme, channel, client, who, action, key, letter)


def try_product(acme, channel, client, who, action, key, letter) -> None:
    pk = key_of(acme, key)
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
    check(channel, who, act, letter, tables)
    assert list(others.values()) == before
    if action in ("change", "delete") and letter == "y":
        titles = list(Product.objects.filter(pk=pk).values_list("title", flat=True))
        assert titles == (["Changed"] if action == "change" else [])


@cells(matrix.PRODUCT, "change", "delete", channels=("page", "htmx"))
def test_the_page_before_a_change_answers_as_the_change(acme, someone, cell, channel, who, asked):
    """No form is shown to somebody whom its button would refuse."""
    client, verbs = someone(channel, who), {"change": "edit", "delete": "delete"}
    for action, key, letter in asked:
        path = f"/products/{key_of(acme, key)}/{verbs[action]}/"
        with cell(client, action, key):
            check(channel, who, lambda path=path: channel.get(client, path), letter, set())


def grants_on(key: str, who: str, model: str) -> set[str]:
    """What goes with the row: the grants on it."""
    if who.startswith(model) and key in ("coffee", "drinks"):
        return {f"catalog_{model}usergrant"}
    return set()


def everyone(*, channels=tuple(CHANNELS)):
    """Parameters for each row of the tables of objects, one set a channel."""
    people = [*matrix.WHO, *matrix.SHARED]
    return pytest.mark.parametrize(
        ("channel", "who"),
        [
            pytest.param(CHANNELS[name], who, id=f"{name}-{who}".replace(" ", "_"))
            for name in channels
            for who in people
        ],
    )


def row_of(table: matrix.Table, action: str, who: str) -> dict[str, str]:
    return dict(zip(table.objects, table.cells[action][who], strict=True))


@everyone()
def test_list_count_and_search_hold_exactly_what_one_may_view(acme, someone, channel, who):
    client, letters = someone(channel, who), row_of(matrix.PRODUCT, "view", who)
    seen = {acme.products[key].pk for key, letter in letters.items() if letter == "y"}
    seen |= {acme.saw.pk} if letters["hammer"] == "y" else set()
    for query in ({}, {"q": "acmeword"}, {"layout": "table", "per_page": "1"}, {"order": "-price"}):
        if "s" in letters.values():
            assert channel.open(client, "products").status_code == channel.answer(who, "s")
        else:
            assert channel.listed(client, "products", query) == seen


@everyone(channels=("page",))
def test_the_choices_of_the_filter_are_what_one_may_view(acme, someone, channel, who):
    client, letters = someone(channel, who), row_of(matrix.CATEGORY, "view", who)
    seen = {acme.categories[key].pk for key, letter in letters.items() if letter == "y"}
    response = client.get("/products/")
    if "s" not in letters.values():
        offered = response.context["filter"].form.fields["category"].queryset
        assert {category.pk for category in offered} == seen


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
def test_category(acme, someone, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        with cell(client, action, key):
            try_category(acme, channel, client, who, action, key, letter)


def try_category(acme, channel, client, who, action, key, letter) -> None:
    if action == "delete":
        empty(acme, key)
    act, tables = category_act(acme, channel, client, action, key)
    if action == "delete":
        tables = tables | grants_on(key, who, "category")
    if (action, who) == ("add", "category add"):
        tables = tables | {"catalog_productusergrant"}  # what one has made, one may go on with
    check(channel, who, act, letter, tables)


def empty(acme, key: str) -> None:
    Product.objects.all().delete()
    if key == "drinks":
        Category.objects.filter(pk=acme.tea.pk).delete()


@everyone()
def test_the_list_of_categories_holds_exactly_what_one_may_view(acme, someone, channel, who):
    client, letters = someone(channel, who), row_of(matrix.CATEGORY, "view", who)
    if "s" in letters.values():
        assert channel.open(client, "categories").status_code == channel.answer(who, "s")
        return
    seen = {acme.categories[key].pk for key, letter in letters.items() if letter == "y"}
    assert channel.listed(client, "categories", {}) == seen


# --- The public catalogue -----------------------------------------------------------------------------------


@cells(matrix.PUBLIC)
def test_public_catalogue(acme, someone, pictured, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        with cell(client, action, key):
            try_public(acme, channel, client, who, action, key, letter)


def try_public(acme, channel, client, who, action, key, letter) -> None:
    pk = acme.coffee.pk
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
    check(channel, who, act, letter, tables)
    if action == "on" and letter != "s":
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
def test_member(someone, target, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        with cell(client, action, key):
            try_member(target(key, who), channel, client, who, action, key, letter)


def try_member(person, channel, client, who, action, key, letter) -> None:
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
def test_invitation(acme, someone, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        with cell(client, action, key):
            try_invitation(acme, channel, client, who, action, key, letter)


def try_invitation(acme, channel, client, who, action, key, letter) -> None:
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
def test_page(acme, someone, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        with cell(client, action, key):
            check(channel, who, lambda key=key: channel.open(client, key), letter, set())
            assert MARKER not in channel.open(client, key).content.decode()


@cells(matrix.SETTINGS, channels=("page", "htmx"))
def test_settings(acme, someone, cell, channel, who, asked):
    client = someone(channel, who)
    for action, key, letter in asked:
        form = {"name": acme.tenant.name, "currency": acme.tenant.currency}
        form[key] = {"name": "Renamed", "currency": "CHF", "catalogue_is_public": "on"}[key]
        with cell(client, action, key):
            check(
                channel,
                who,
                lambda form=form: channel.post(client, "/organisation/", form),
                letter,
                {"tenants_tenant"},
            )
