"""The tree of categories: what moves with a category, what protects it, and what a grant on it lets one do."""

import pytest

from catalog.models import Category, Product
from tests.accounts.hostile import INVISIBLE, MARKUP, PLAIN
from tests.accounts.pages import Page


@pytest.fixture
def edit(acme, client_as):
    """`edit("tea", parent="tools")`: rename or move through the page."""

    def send(key, who="editor", **changes):
        category = Category.objects.get(pk=acme.categories[key].pk)
        changes = {
            name: acme.categories[value].pk if name == "parent" and value else value for name, value in changes.items()
        }
        data = {"name": category.name, "parent": category.parent_id or "", **changes}
        return client_as(who).post(f"/categories/{category.pk}/edit/", data)

    return send


def test_a_category_is_added_where_it_belongs(acme, client_as):
    response = client_as("editor").post("/categories/new/", {"name": "Green", "parent": acme.tea.pk})
    made = Category.objects.get(name="Green")
    assert response["Location"] == f"/categories/{made.pk}/"
    assert (made.ancestors, made.path_name) == ([acme.drinks.pk, acme.tea.pk], f"{acme.tea.path_name} / Green")


def test_moving_a_category_moves_all_that_is_below_it(acme, client_as, edit):
    client_as("editor").post("/categories/new/", {"name": "Green", "parent": acme.tea.pk})
    assert edit("drinks", parent="tools", name="Cups").status_code == 302
    drinks, tea = Category.objects.get(pk=acme.drinks.pk), Category.objects.get(pk=acme.tea.pk)
    green = Category.objects.get(name="Green")
    assert (drinks.ancestors, drinks.path_name) == ([acme.tools.pk], "Tools acmeword / Cups")
    assert (tea.ancestors, tea.path_name) == ([acme.tools.pk, drinks.pk], "Tools acmeword / Cups / Tea acmeword")
    assert green.ancestors == [acme.tools.pk, drinks.pk, tea.pk]
    assert green.path_name == "Tools acmeword / Cups / Tea acmeword / Green"


def test_moving_a_category_moves_the_reach_of_grants(acme, client_as, share, edit):
    share("guest", "view", "tools")
    assert client_as("guest").get(f"/products/{acme.sencha.pk}/").status_code == 404
    edit("tea", parent="tools")
    assert client_as("guest").get(f"/products/{acme.sencha.pk}/").status_code == 200
    edit("tea", parent="")
    assert client_as("guest").get(f"/products/{acme.sencha.pk}/").status_code == 404


@pytest.mark.parametrize(("key", "parent"), [("drinks", "drinks"), ("drinks", "tea")])
def test_a_category_cannot_be_put_inside_itself(acme, edit, shelf, key, parent):
    response = edit(key, parent=parent)
    assert response.status_code == 422
    assert response.context["form"].has_error("parent", "invalid_choice")
    assert (shelf(key).parent_id, shelf("tea").ancestors) == (None, [acme.drinks.pk])


@pytest.mark.parametrize(
    ("name", "parent", "status"),
    [
        ("Tea acmeword", "drinks", 422),
        ("TEA ACMEWORD", "drinks", 422),
        ("Tea acmeword", "tools", 302),
        ("Tools acmeword", "", 422),
    ],
)
def test_a_name_is_free_once_in_each_place(acme, client_as, name, parent, status):
    data = {"name": name, "parent": acme.categories[parent].pk if parent else ""}
    before = Category.objects.count()
    assert client_as("editor").post("/categories/new/", data).status_code == status
    assert Category.objects.count() == before + (status == 302)


def test_a_grantee_cannot_take_the_name_of_a_sibling_either(acme, share, edit, shelf):
    """His form has no parent field; the name must be free beside the siblings all the same."""
    share("guest", "view", "tools")
    share("guest", "change", "tools")
    assert edit("tools", who="guest", name="Hand tools").status_code == 302
    response = edit("tools", who="guest", name="DRINKS acmeword")
    assert response.status_code == 422
    assert "There is a category of this name here already." in Page(response).words
    assert shelf("tools").name == "Hand tools"


def test_a_grantee_renames_and_cannot_move(acme, client_as, share, edit, shelf):
    share("guest", "view", "tea")
    share("guest", "change", "tea")
    form = client_as("guest").get(f"/categories/{acme.tea.pk}/edit/").context["form"]
    assert set(form.fields) == {"name"}
    assert edit("tea", who="guest", name="Infusions", parent="tools").status_code == 302
    assert (shelf("tea").name, shelf("tea").parent_id) == ("Infusions", acme.drinks.pk)


@pytest.mark.parametrize(("key", "status"), [("drinks", 409), ("tea", 409), ("tools", 409), ("empty", 302)])
def test_only_an_empty_category_is_deleted(acme, client_as, key, status):
    acme.categories["empty"] = Category(name="Empty")
    acme.categories["empty"].place()
    pk = acme.categories[key].pk
    del acme.categories["empty"]
    response = client_as("admin").post(f"/categories/{pk}/delete/")
    assert response.status_code == status
    assert Category.objects.filter(pk=pk).exists() is (status == 409)
    assert status == 302 or "It is not empty" in Page(response).words


@pytest.mark.parametrize("name", ["", "   ", "x" * 51, *INVISIBLE])
def test_a_bad_name_is_refused_beside_its_field(client_as, name):
    before = Category.objects.count()
    response = client_as("editor").post("/categories/new/", {"name": name, "parent": ""})
    assert (response.status_code, response.context["form"].has_error("name")) == (422, True)
    assert Category.objects.count() == before


@pytest.mark.parametrize("name", [*PLAIN, *MARKUP], ids=str)
def test_a_name_comes_back_as_it_was_typed_and_adds_no_element(client_as, name):
    client, name = client_as("editor"), name[:50].strip()
    plain = Page(client.get(client.post("/categories/new/", {"name": "plain"})["Location"]))
    page = Page(client.get(client.post("/categories/new/", {"name": name})["Location"]))
    assert Category.objects.latest("pk").name == name
    assert " ".join(name.split()) in page.words
    assert page.structure == plain.structure


def test_two_who_take_one_name_at_once_are_told_and_only_one_has_it(client_as, monkeypatch):
    """The form finds the name free for both; the database decides."""
    monkeypatch.setattr(Category, "validate_constraints", lambda self, exclude=None: None)
    response = client_as("editor").post("/categories/new/", {"name": "Tools acmeword", "parent": ""})
    assert response.status_code == 409
    assert Category.objects.filter(name="Tools acmeword").count() == 1


def test_two_who_take_one_sku_at_once_are_told_and_only_one_has_it(acme, client_as, filled, monkeypatch):
    monkeypatch.setattr(Product, "validate_constraints", lambda self, exclude=None: None)
    response = client_as("editor").post("/products/new/", filled(sku=acme.saw.sku))
    assert response.status_code == 409
    assert not Product.objects.filter(title="Mocha").exists()


@pytest.mark.parametrize(
    ("who", "words", "may_add"),
    [("editor", "Begin with one", True), ("viewer", "None is there yet", False), ("guest", "None is there yet", False)],
)
def test_no_categories_names_the_next_step_for_those_who_can_take_it(client_as, who, words, may_add):
    Product.objects.all().delete()
    Category.objects.exclude(parent=None).delete()
    Category.objects.all().delete()
    page = Page(client_as(who).get("/categories/"))
    assert words in page.words
    assert ("/categories/new/" in page.links()) is may_add


def test_the_page_shows_what_is_directly_inside_and_what_one_may_see_of_it(acme, client_as, share):
    response = client_as("viewer").get(f"/categories/{acme.drinks.pk}/")
    assert [product.pk for product in response.context["products"]] == [acme.coffee.pk]
    assert [child.pk for child in response.context["children"]] == [acme.tea.pk]
    assert response.context["product_count"] == 1
