"""Two people at one product: nobody's change is lost, and nobody overwrites what he has not seen."""

import threading
from functools import partial

import pytest
from django.db import IntegrityError, InternalError, connection, connections

from accounts.flows import membership
from accounts.models import Role
from catalog.models import Product
from tenants import provisioning
from tenants.schema import in_tenant
from tests import world as worlds
from tests.accounts.pages import Page
from tests.conftest import HostClient

EDITS = 51


def test_the_second_writer_is_shown_both_versions_and_nothing_is_written(acme, client_as, filled, stored):
    address, opened = f"/products/{acme.coffee.pk}/edit/", filled(acme.coffee)
    client_as("admin").post(address, {**opened, "title": "Espresso"})
    response = client_as("editor").post(address, {**opened, "title": "Latte", "price": "9.99"})
    assert response.status_code == 409
    words = Page(response).words
    assert "Espresso" in words
    assert "Latte" in words
    assert (stored("coffee").title, stored("coffee").version, stored("coffee").changed_by) == (
        "Espresso",
        2,
        acme.admin,
    )


def test_save_mine_then_overwrites_knowingly(acme, client_as, filled, stored):
    address, opened, client = f"/products/{acme.coffee.pk}/edit/", filled(acme.coffee), client_as("editor")
    client_as("admin").post(address, {**opened, "title": "Espresso", "price": "7.00"})
    conflict = Page(client.post(address, {**opened, "title": "Latte"}))
    mine = {name: value or "" for name, value in conflict.values.items()}
    assert mine["version"] == "2"
    response = client.post(address, mine)
    assert response.status_code == 302
    assert (stored("coffee").title, str(stored("coffee").price), stored("coffee").version) == ("Latte", "12.50", 3)


def test_only_what_differs_is_marked(acme, client_as, filled):
    address, opened = f"/products/{acme.coffee.pk}/edit/", filled(acme.coffee)
    client_as("admin").post(address, {**opened, "title": "Espresso"})
    response = client_as("editor").post(address, {**opened, "status": "draft"})
    differing = {str(row["label"]) for row in response.context["rows"] if row["differs"]}
    assert differing == {"Title", "Status"}
    status = next(row for row in response.context["rows"] if row["label"] == "Status")
    assert (status["theirs"], status["mine"]) == ("Published", "Draft")


def test_a_change_of_what_is_deleted_meanwhile_is_404(acme, client_as, filled, stored):
    client = client_as("editor")
    opened = filled(acme.coffee, title="Latte")
    assert client_as("admin").post(f"/products/{acme.coffee.pk}/delete/").status_code == 302
    assert client.post(f"/products/{acme.coffee.pk}/edit/", opened).status_code == 404
    assert stored("coffee") is None


def test_the_version_of_another_product_is_no_key(acme, client_as, filled, stored):
    client_as("editor").post(f"/products/{acme.coffee.pk}/edit/", filled(acme.coffee, title="Espresso"))
    stale = filled(acme.coffee, title="Latte", version=7)
    assert client_as("editor").post(f"/products/{acme.coffee.pk}/edit/", stale).status_code == 409
    assert stored("coffee").title == "Espresso"


@pytest.fixture
def cafe(django_db_setup, django_db_blocker):
    """A throw-away organisation, committed, for threads with connections of their own."""
    with django_db_blocker.unblock():
        world = worlds.build("cafe", "cafeword")
        connection.set_schema_to_public()
        yield world
        connection.set_schema_to_public()
        provisioning.delete_tenant(world.tenant)


def run(*acts) -> list[threading.Thread]:
    """Start each on a thread and a connection of its own."""

    def closing(act):
        try:
            act()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=closing, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    return threads


def fields(cafe, page: Page, **changes) -> dict:
    shelf = {"status": "published", "category": cafe.drinks.pk}
    return {**shelf, "title": page.values["title"], "version": page.values["version"], **changes}


def row(cafe) -> Product:
    with in_tenant(cafe.tenant):
        return Product.objects.get(pk=cafe.coffee.pk)


@pytest.mark.real
def test_fifty_edits_at_once_lose_none(cafe):
    """D3, R18: each of three people adds one to the price, and tries again when told that he was late."""
    conflicts, failures, start = [], [], threading.Barrier(3)
    address = f"/products/{cafe.coffee.pk}/edit/"

    def add_one(client):
        page = Page(client.get(address))
        return client.post(address, fields(cafe, page, price=f"{float(page.values['price']) + 1:.2f}"))

    def write(who):
        client = HostClient(cafe.tenant.host).sign_in(cafe.people[who], cafe.tenant)
        start.wait(timeout=30)
        for _edit in range(EDITS // 3):
            while (response := add_one(client)).status_code == 409:
                conflicts.append(response)
            if response.status_code != 302:
                failures.append(response.status_code)

    for thread in run(*(partial(write, who) for who in ("owner", "admin", "editor"))):
        thread.join(timeout=120)
    assert not failures
    assert conflicts, "the threads never met: nothing is proven"
    assert (str(row(cafe).price), row(cafe).version) == (f"{12.50 + EDITS:.2f}", 1 + EDITS)


def demote(cafe, before_commit=lambda: None):
    """Take the editor's role away, in a transaction of its own."""
    with in_tenant(cafe.tenant):
        guest = Role.objects.get(key="guest")
        membership.change_role(actor=cafe.owner, member=cafe.editor, role=guest)
        before_commit()


@pytest.mark.real
def test_who_takes_a_right_away_waits_for_the_write_under_way(cafe, monkeypatch):
    """Z9: nothing takes effect after the right is gone; so it is not gone while something still may."""
    writing, go_on = threading.Event(), threading.Event()
    save = Product.save
    monkeypatch.setattr(Product, "save", lambda product: (writing.set(), go_on.wait(30), save(product))[-1])
    client = HostClient(cafe.tenant.host).sign_in(cafe.editor, cafe.tenant)
    address = f"/products/{cafe.coffee.pk}/edit/"
    data = fields(cafe, Page(client.get(address)), title="In time", price="1")
    (writer,) = run(lambda: client.post(address, data))
    assert writing.wait(30)
    (taker,) = run(lambda: demote(cafe))
    taker.join(timeout=1)
    waited = taker.is_alive()
    go_on.set()
    writer.join(30), taker.join(30)
    assert waited, "the right was gone while the write was still to come"
    assert row(cafe).title == "In time"


@pytest.mark.real
def test_a_write_waits_for_who_takes_the_right_away_and_is_refused(cafe):
    """Z9: the form was opened, and sent, while the right was still there."""
    client = HostClient(cafe.tenant.host).sign_in(cafe.editor, cafe.tenant)
    address = f"/products/{cafe.coffee.pk}/edit/"
    data = fields(cafe, Page(client.get(address)), title="Too late", price="1")
    answers = []

    def send_and_see_it_wait():
        (writer,) = threads = run(lambda: answers.append(client.post(address, data).status_code))
        writer.join(timeout=1)
        assert writer.is_alive(), "the write did not wait"
        started.extend(threads)

    started: list[threading.Thread] = []
    demote(cafe, before_commit=send_and_see_it_wait)
    started[0].join(timeout=30)
    assert answers == [403]
    assert row(cafe).title == cafe.coffee.title


@pytest.mark.real
def test_a_category_deleted_before_the_commit_is_a_conflict_and_nothing_is_written(cafe, monkeypatch):
    """The foreign key is checked at the commit, when no view can answer any more."""
    client = HostClient(cafe.tenant.host).sign_in(cafe.owner, cafe.tenant)
    with in_tenant(cafe.tenant):
        cafe.tools.products.all().delete()

    def delete_category(*args):
        def delete():
            with in_tenant(cafe.tenant):
                cafe.tools.delete()

        for thread in run(delete):
            thread.join(timeout=30)

    monkeypatch.setattr("catalog.views.shared.messages.success", delete_category)
    response = client.post(
        "/products/new/", {"title": "Wrench", "price": "1", "status": "draft", "category": cafe.tools.pk}
    )
    assert (response.status_code, "Somebody was quicker" in response.content.decode()) == (409, True)
    with in_tenant(cafe.tenant):
        assert not Product.objects.filter(title="Wrench").exists()


@pytest.mark.real
@pytest.mark.parametrize("error", [IntegrityError, InternalError])
def test_whatever_a_server_calls_it_a_commit_that_is_refused_is_a_conflict(cafe, monkeypatch, error):
    """PostgreSQL says the one of a foreign key, Citus the other."""
    client = HostClient(cafe.tenant.host).sign_in(cafe.owner, cafe.tenant)

    def refuse():
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(connection, "_commit", refuse)
        assert client.get("/products/").status_code == 409
