"""The list: search, filters, order, pages, and what it says when there is nothing."""

import pytest
from guardian.shortcuts import assign_perm

from accounts.pages import MOST_PER_PAGE
from catalog.models import Product
from tests.accounts.hostile import BROKEN_BYTES, MARKUP, MEGABYTE, NUL, PLAIN
from tests.accounts.pages import Page


def titles(response) -> list[str]:
    return [product.title.rpartition(" ")[0] or product.title for product in response.context["products"]]


@pytest.fixture
def listed(client_as):
    """`listed(q="tea")`: the titles on the editor's list, without the organisation's word."""

    def ask(who="editor", **query):
        return titles(client_as(who).get("/products/", query))

    return ask


@pytest.fixture
def thirty(acme):
    """Thirty more products, all of one title and one price: only their keys tell them apart."""
    products = [
        Product(title="Same", price=1, category=acme.tools, created_by=acme.owner, changed_by=acme.owner)
        for _number in range(30)
    ]
    return Product.objects.bulk_create(products)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("coffee", ["Coffee"]),
        ("COF", ["Coffee"]),
        ("about", ["Coffee", "Hammer", "Saw", "Sencha"]),
        ("ham acme", ["Hammer"]),
        ("acme ham", ["Hammer"]),
        ("coffee hammer", []),
        ("SKU-saw", ["Saw"]),
        ("offee", []),
        ("", ["Coffee", "Hammer", "Saw", "Sencha"]),
        ("   ", ["Coffee", "Hammer", "Saw", "Sencha"]),
        ("coffee & hammer", []),
        ("coffee | hammer", []),
        ("!coffee", ["Coffee"]),
        ("coffee <-> acme", ["Coffee"]),
        ("coffee:*B", []),
        ("'coffee'", ["Coffee"]),
        ("((((", ["Coffee", "Hammer", "Saw", "Sencha"]),
        ("%", ["Coffee", "Hammer", "Saw", "Sencha"]),
    ],
)
def test_every_word_begins_a_word_of_the_product(listed, query, found):
    assert listed(q=query) == found


@pytest.mark.parametrize("query", ["über", "ÜBER", "größe", "grö", "日本", "naïve_name", "naïve"])
def test_words_of_any_language_are_found_by_their_beginning(acme, listed, query):
    Product.objects.filter(pk=acme.saw.pk).update(title="Über Größe 日本語 naïve_name saw")
    assert listed(q=query) == ["Über Größe 日本語 naïve_name"]


@pytest.mark.parametrize("text", [*PLAIN, *MARKUP, NUL, MEGABYTE, "(" * 1000, "a " * 50, "²½", "_", "\\", "a:*&!(b"])
def test_no_search_text_is_an_error_or_an_operator(client_as, text):
    response = client_as("editor").get("/products/", {"q": text})
    assert response.status_code == 200
    assert set(titles(response)) <= {"Coffee", "Hammer", "Saw", "Sencha"}


@pytest.mark.parametrize("broken", BROKEN_BYTES)
def test_no_bytes_in_the_address_are_an_error(client_as, broken):
    for name in ("q", "category", "status", "order", "page", "per_page", "layout"):
        assert client_as("editor").get(f"/products/?{name}={broken.decode()}").status_code == 200


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"status": "published"}, ["Coffee", "Hammer"]),
        ({"status": "archived"}, ["Saw"]),
        ({"category": "drinks"}, ["Coffee", "Sencha"]),
        ({"category": "tea"}, ["Sencha"]),
        ({"category": "tools", "status": "draft"}, []),
        ({"category": "tools", "q": "saw"}, ["Saw"]),
    ],
)
def test_filters_narrow_together_and_a_category_means_what_is_below_it_too(acme, listed, filters, found):
    if "category" in filters:
        filters = {**filters, "category": acme.categories[filters["category"]].pk}
    assert listed(**filters) == found


@pytest.mark.parametrize(
    "query",
    [
        {"status": "sold"},
        {"category": "999999"},
        {"category": "x"},
        {"category": "9" * 400},
        {"order": "-owner__password"},
        {"order": "created_by__password"},
        {"order": "?"},
        {"order": "pk"},
        {"_connector": "OR 1=1"},
        {"_negated": "1"},
        {"created_by__password__startswith": "md5"},
        {"owner__password__startswith": "a"},
        {"title__icontains": "coffee"},
        {"id": "1"},
        {"pk__in": "1"},
        {"fields": "password"},
        {"tenant": "globex"},
    ],
)
def test_what_is_not_on_the_list_of_filters_is_ignored(listed, query):
    """Z10: no text of the address reaches the ORM."""
    assert listed(**query) == ["Coffee", "Hammer", "Saw", "Sencha"]


@pytest.mark.parametrize("sort", ["title", "-title", "price", "-price", "-changed"])
def test_pages_never_repeat_or_skip_a_row_whatever_they_are_sorted_by(client_as, thirty, sort):
    client = client_as("editor")
    pages = [client.get("/products/", {"order": sort, "per_page": 7, "page": page}) for page in range(1, 6)]
    seen = [product.pk for page in pages for product in page.context["products"]]
    assert len(seen) == 34
    assert len(set(seen)) == 34


def test_the_order_is_what_was_asked_for(acme, listed):
    Product.objects.filter(pk=acme.saw.pk).update(price=1)
    Product.objects.filter(pk=acme.coffee.pk).update(price=99)
    assert listed(order="price")[0] == "Saw"
    assert listed(order="-price")[0] == "Coffee"
    assert listed(order="-title") == ["Sencha", "Saw", "Hammer", "Coffee"]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("1000000000", 100),
        ("101", 100),
        ("100", 100),
        ("5", 5),
        ("0", 1),
        ("-1", 24),
        ("x", 24),
        ("", 24),
        ("9" * 5000, 100),
    ],
)
def test_a_page_holds_a_hundred_rows_at_most(client_as, thirty, asked, given):
    page = client_as("editor").get("/products/", {"per_page": asked}).context["page_obj"]
    assert page.paginator.per_page == given <= MOST_PER_PAGE


@pytest.mark.parametrize(
    ("asked", "given"),
    [("1000000000", 2), ("-1", 1), ("0", 1), ("2", 2), ("x", 1), ("1.5", 1), (NUL, 1), ("9" * 5000, 2), ("", 1)],
)
def test_a_page_number_out_of_range_means_the_nearest_page(client_as, thirty, asked, given):
    response = client_as("editor").get("/products/", {"page": asked})
    assert (response.status_code, response.context["page_obj"].number) == (200, given)


@pytest.mark.parametrize(
    ("who", "words", "may_add"),
    [
        ("editor", "Add the first product", True),
        ("viewer", "Nothing is shared with you yet", False),
        ("guest", "Nothing is shared with you yet", False),
    ],
)
def test_an_empty_catalogue_names_the_next_step_for_those_who_can_take_it(client_as, who, words, may_add):
    Product.objects.all().delete()
    page = Page(client_as(who).get("/products/"))
    assert words in page.words
    assert ("/products/new/" in page.links()) is may_add


def test_a_search_without_result_says_so_and_leads_back(client_as):
    page = Page(client_as("editor").get("/products/", {"q": "unicorn"}))
    assert "Nothing matches" in page.words
    assert "/products/" in page.links()
    assert "catalogue is empty" not in page.words


@pytest.mark.parametrize(("query", "table"), [({}, False), ({"layout": "table"}, True), ({"layout": "x"}, False)])
def test_the_same_rows_as_cards_or_as_a_table(client_as, query, table):
    response = client_as("editor").get("/products/", query)
    assert ("<table" in response.content.decode()) is table
    assert titles(response) == ["Coffee", "Hammer", "Saw", "Sencha"]


def test_htmx_gets_the_results_alone_and_caches_keep_both_apart(client_as):
    client = client_as("editor")
    page = client.get("/products/", {"q": "cof"})
    fragment = client.get("/products/", {"q": "cof"}, headers={"HX-Request": "true"})
    boosted = client.get("/products/", {"q": "cof"}, headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert "HX-Request" in page["Vary"]
    assert "HX-Request" in fragment["Vary"]
    assert fragment.content.decode().strip() in page.content.decode()
    assert "<html" not in fragment.content.decode()
    assert "<html" in boosted.content.decode()


@pytest.mark.parametrize(("right", "seen"), [(None, []), ("coffee", ["Coffee"]), ("drinks", ["Coffee", "Sencha"])])
def test_a_guest_sees_only_what_is_shared_in_list_count_search_and_choices(acme, client_as, share, right, seen):
    """Z3: nothing of the rest, not even how many there are."""
    if right:
        share("guest", "view", right)
    client = client_as("guest")
    for query in ({}, {"q": "acmeword"}, {"order": "-price"}, {"status": "", "layout": "table"}):
        response = client.get("/products/", query)
        assert sorted(titles(response)) == seen
        assert response.context["paginator"].count == len(seen)
        for hidden in {"Coffee", "Sencha", "Hammer", "Saw", "Tools"} - set(seen):
            assert f"{hidden} acmeword" not in response.content.decode()


def test_a_category_that_is_not_shared_filters_nothing_and_is_no_choice(acme, client_as, share):
    share("guest", "view", "coffee")
    response = client_as("guest").get("/products/", {"category": acme.tools.pk})
    assert titles(response) == ["Coffee"]
    assert not response.context["filter"].form.fields["category"].queryset.exists()


def test_a_grant_seen_two_ways_lists_the_row_once(acme, client_as, share):
    for way in (("guest", "view", "coffee"), ("guest", "change", "coffee"), ("role:guest", "view", "coffee")):
        share(*way)
    share("guest", "view", "drinks")
    assert titles(client_as("guest").get("/products/")) == ["Coffee", "Sencha"]
    assign_perm("catalog.view_product", acme.viewer, acme.coffee)
    assert titles(client_as("viewer").get("/products/")) == ["Coffee", "Hammer", "Saw", "Sencha"]
