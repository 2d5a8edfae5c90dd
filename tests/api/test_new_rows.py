"""A product, its maker's grants and its line in the log, stored by one statement: the same as the ORM would store."""

from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models.signals import post_save, pre_save

from accounts import access, new_rows
from accounts.audit import trail
from accounts.audit.models import Entry
from catalog.flows import products as flow
from catalog.models import Product
from tenants.postgresql import writes
from tests.statements import sent_by

# What nobody would type, and what each door makes of it.
ODD = {
    "title": "100% 'odd' \\ \"Mocha\" %s",
    "description": "line 1\nline 2; DROP TABLE x -- é 漢 😀",
    "price": "9.5",
    "sku": "$1",
    "status": "published",
    "picture_url": "https://pictures.example.com/1.png",
}
RANDOM = ("id", "at", "object_id", "request_id", "created_at", "changed_at")


@pytest.fixture
def in_turn(monkeypatch):
    """`in_turn()`: from now on rows are stored as the ORM stores them, one statement after the other."""
    return lambda: monkeypatch.setattr(new_rows, "_can_be_one_statement", lambda connection, row: False)


def newest(title: str) -> Product:
    return Product.objects.filter(title=title).latest("pk")


def written(title: str) -> tuple[dict, list, list[dict]]:
    """All that was stored with the newest product of that title, less what is another each time; and it is deleted."""
    product = newest(title)
    grants = access.user_grants(Product).objects.filter(content_object=product).order_by("pk")
    lines = list(Entry.objects.filter(object_type="catalog.product", object_id=str(product.pk)).values())
    row = Product.objects.filter(pk=product.pk).values().get()
    found = (
        {name: value for name, value in row.items() if name not in RANDOM},
        list(grants.values_list("user", "permission")),
        [{name: value for name, value in line.items() if name not in RANDOM} for line in lines],
    )
    product.delete()
    return found


@pytest.mark.parametrize("more", [{}, ODD])
@pytest.mark.parametrize(
    ("who", "door"), [("editor", "api"), ("editor", "key"), ("editor", "page"), ("guest", "api"), ("guest", "page")]
)
def test_what_one_statement_stores_is_what_the_orm_stores(
    acme, api_as, key_as, client_as, share, product_body, filled, in_turn, who, door, more
):
    share("guest", "view", "drinks")
    share("guest", "add", "drinks")
    title = more.get("title", "Mocha")
    client = {"api": api_as, "key": key_as, "page": client_as}[door](who)

    def add() -> None:
        if door == "page":
            assert client.post("/products/new/", filled(**more)).status_code == 302
        else:
            assert client.send("POST", "/products/", product_body(**more)).status_code == 201

    add()
    at_once = written(title)
    in_turn()
    add()
    assert at_once == written(title)
    row, grants, lines = at_once
    assert (row["title"], len(grants), len(lines)) == (title, 2 if who == "guest" else 0, 1)
    assert lines[0]["changes"]["price"] == [None, format(row["price"], "f")]


def test_a_product_its_grants_and_its_line_are_one_statement(acme, api_as, share, product_body):
    share("guest", "add", "drinks")
    client = api_as("guest")
    client.read("/me/")
    sent = sent_by(lambda: client.send("POST", "/products/", product_body()))
    assert [text for text in sent if "INSERT" in text] == sent[-1:]
    tables = ("catalog_product", "catalog_productusergrant", "audit_entry")
    assert all(f'INSERT INTO "{table}"' in sent[-1] for table in tables)


def test_what_is_taken_already_leaves_nothing(acme, api_as, share, product_body):
    share("guest", "add", "drinks")
    client = api_as("guest")
    Product.objects.filter(pk=acme.coffee.pk).update(sku="TAKEN")
    before = (Product.objects.count(), access.user_grants(Product).objects.count(), Entry.objects.count())
    assert client.send("POST", "/products/", product_body(sku="taken")).status_code == 409
    after = (Product.objects.count(), access.user_grants(Product).objects.count(), Entry.objects.count())
    assert after == before


def test_receivers_are_told_of_it_as_of_a_save(acme, api_as, product_body):
    told = []

    def before(sender, instance, **kwargs):
        told.append(("before", instance.pk, instance._state.adding))

    def after(sender, instance, created, **kwargs):
        told.append(("after", instance.pk, instance._state.adding, created))

    pre_save.connect(before, sender=Product)
    post_save.connect(after, sender=Product)
    try:
        made = api_as("editor").send("POST", "/products/", product_body())
    finally:
        pre_save.disconnect(before, sender=Product)
        post_save.disconnect(after, sender=Product)
    assert told == [("before", None, True), ("after", made.json()["id"], False, True)]


@pytest.fixture
def mocha(acme):
    return {"title": "Mocha", "price": Decimal("3.20"), "category_id": acme.drinks.pk}


def test_within_an_act_it_belongs_to_the_acts_line(acme, mocha):
    known = Entry.objects.count()
    with transaction.atomic(), trail.act("imported", acme.drinks):
        flow.add(actor=acme.editor, fields=mocha)
    assert Entry.objects.count() == known + 1
    assert Entry.objects.latest("pk").action == "imported"


def test_whoever_else_wants_to_know_of_writes_is_told(acme, mocha, monkeypatch):
    class Listener:
        told: list = []

        def heeds(self, connection, model, fields):
            return model is Product

        def wrote(self, connection, changes):
            self.told += [change.row.title for change in changes]

        def undone(self, connection, savepoint):
            pass

    monkeypatch.setattr(writes, "_watchers", [*writes._watchers, Listener()])
    made = flow.add(actor=acme.editor, fields=mocha)
    assert Listener.told == ["Mocha"]
    assert [line.action for line in Entry.objects.filter(object_id=made.pk, object_type="catalog.product")] == [
        "created"
    ]


def test_an_uploaded_picture_is_kept_and_found(acme, mocha):
    made = flow.add(actor=acme.editor, fields={**mocha, "picture": ContentFile(b"webp", name="new.webp")})
    stored = Product.objects.get(pk=made.pk)
    assert stored.picture.name == made.picture.name != "new.webp"
    assert Entry.objects.latest("pk").changes["picture"] == [None, stored.picture.name]
    with stored.picture.open() as kept:
        assert kept.read() == b"webp"
    stored.picture.delete(save=False)


def test_what_the_database_works_out_is_read_when_it_is_asked_for(acme, mocha):
    made = flow.add(actor=acme.editor, fields=mocha)
    assert (made.pk is not None, made._state.adding, made._state.db) == (True, False, "default")
    assert "mocha" in made.search


def test_a_name_made_of_the_key_is_refused_since_its_line_is_written_along_with_it(acme, mocha, monkeypatch):
    monkeypatch.setattr(Product, "__str__", lambda self: f"Product {self.pk}")
    with pytest.raises(TypeError, match="key"), transaction.atomic():
        flow.add(actor=acme.editor, fields=mocha)
    assert not Product.objects.filter(title="Mocha").exists()
