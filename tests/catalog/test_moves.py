"""Putting something somewhere else hands out rights, as sharing does: nobody gives what he does not hold."""

import pytest

from catalog.models import Category, Product


@pytest.fixture
def move(client_as, filled, acme):
    """`move("editor", "hammer", "drinks")`: that person edits the product, with only the category changed."""

    def post(who: str, product: str, category: str):
        fields = filled(acme.products[product], category=acme.categories[category].pk)
        return client_as(who).post(f"/products/{acme.products[product].pk}/edit/", fields)

    return post


@pytest.mark.parametrize(("held", "status", "shelf"), [((), 403, "tools"), (("delete",), 302, "drinks")])
def test_nobody_moves_a_product_to_where_he_may_do_more_with_it(acme, share, move, stored, held, status, shelf):
    for right in ("view", "change", *held):
        share("guest", right, "hammer")
    for right in ("view", "change", "delete", "add"):
        share("guest", right, "drinks")
    assert move("guest", "hammer", "drinks").status_code == status
    assert stored("hammer").category == acme.categories[shelf]


@pytest.mark.parametrize(
    ("who", "right", "status", "shelf"),
    [("editor", "delete", 403, "tools"), ("editor", "view", 302, "drinks"), ("admin", "delete", 302, "drinks")],
)
def test_a_move_gives_others_no_right_that_the_mover_lacks(acme, share, move, stored, who, right, status, shelf):
    share("guest", "view", "drinks")
    share("role:guest", right, "drinks")
    response = move(who, "hammer", "drinks")
    assert (response.status_code, stored("hammer").category) == (status, acme.categories[shelf])


@pytest.mark.parametrize(("who", "status", "inside"), [("editor", 403, False), ("admin", 302, True)])
def test_a_whole_category_is_moved_by_the_same_rule(acme, client_as, share, shelf, who, status, inside):
    share("guest", "delete", "drinks")
    fields = {"name": acme.tools.name, "parent": acme.drinks.pk}
    response = client_as(who).post(f"/categories/{acme.tools.pk}/edit/", fields)
    assert (response.status_code, shelf("tools").parent == acme.drinks) == (status, inside)


def test_a_grant_further_up_counts_as_well(acme, share, move, stored):
    share("guest", "delete", "drinks")
    assert move("editor", "hammer", "tea").status_code == 403
    assert stored("hammer").category == acme.tools


def test_a_product_deleted_while_it_is_saved_is_not_found(acme, client_as, filled, monkeypatch):
    fields = filled(acme.coffee, title="Latte")
    clean = Product.clean_fields
    monkeypatch.setattr(
        Product, "clean_fields", lambda self, **kw: (Product.objects.filter(pk=self.pk).delete(), clean(self, **kw))
    )
    assert client_as("editor").post(f"/products/{acme.coffee.pk}/edit/", fields).status_code == 404
    assert not Product.objects.filter(title="Latte").exists()


@pytest.mark.parametrize("path", ["products", "categories"])
def test_a_thing_deleted_while_it_is_shared_is_not_found(acme, client_as, monkeypatch, path):
    acme.tea.products.all().delete()
    target = acme.coffee if path == "products" else acme.tea
    row = type(target).objects.filter(pk=target.pk)
    monkeypatch.setattr("accounts.shares._lock_people", lambda *_people: row.delete())
    fields = {"principal": f"user-{acme.guest.pk}", "rights": f"catalog.view_{target._meta.model_name}"}
    assert client_as("admin").post(f"/{path}/{target.pk}/share/", fields).status_code == 404


def test_who_got_an_inner_category_alone_does_not_read_the_outer_ones_name(acme, client_as, share):
    share("guest", "view", "tea")
    client = client_as("guest")
    for path in (f"/categories/{acme.tea.pk}/", f"/products/{acme.sencha.pk}/", "/products/", "/categories/"):
        page = client.get(path).content.decode()
        assert acme.tea.name in page
        assert acme.drinks.name not in page
    assert acme.drinks.name in client_as("viewer").get(f"/categories/{acme.tea.pk}/").content.decode()


def test_a_tree_is_not_locked_for_somebody_who_may_not_change_it(acme, client_as, monkeypatch):
    def hold(self):
        raise AssertionError("locked before asking")

    monkeypatch.setattr(type(Category.objects.all()), "hold_tree", hold)
    assert client_as("viewer").post(f"/categories/{acme.tea.pk}/edit/", {"name": "X"}).status_code == 403
