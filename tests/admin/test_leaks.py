"""What lists, filters, choices, searches and look-ups tell of rows that one may not see. (Z3, Z10, N9)"""

import json

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from guardian.shortcuts import assign_perm

from accounts.flows import api_keys
from accounts.models import Invitation, Role, User
from catalog.models import Category, Product
from tests import addresses
from tests.world import MARKER

HIDDEN = ("Sencha acmeword", "Hammer acmeword", "Saw acmeword", "Tea acmeword", "Tools acmeword")


@pytest.fixture
def shared_one(acme, desk, client_as):
    """A client whose role opens the site and holds no right; one product, Coffee, is shared with him to change."""
    desk()
    for right in ("view", "change"):
        assign_perm(f"catalog.{right}_product", acme.guest, acme.coffee)
    return client_as("guest")


def test_no_page_tells_of_a_row_that_is_not_shared(acme, shared_one):
    seen = ""
    for route in addresses.of_tenants(acme):
        if route.path.startswith("/admin/"):
            seen += shared_one.get(route.path).content.decode()
    assert "Coffee acmeword" in seen
    assert [name for name in HIDDEN if name in seen] == []
    assert "Owner acmeword" not in seen.replace("Olive Owner acmeword", "", 2)


def test_the_category_filter_offers_categories_that_one_may_see(acme, shared_one, client_as):
    def offered(client):
        filters = client.get("/admin/catalog/product/").context["cl"].filter_specs
        return {int(key) for spec in filters if spec.title == "category" for key, _words in spec.lookup_choices}

    assert offered(client_as("owner")) == {category.pk for category in acme.categories.values()}
    assert offered(shared_one) == set()


@pytest.mark.parametrize("category", ["{tools}", "abc", "-1", "999999", "1' OR '1'='1", "٣"])
def test_filtering_by_a_category_that_one_may_not_see_finds_nothing(acme, shared_one, category):
    query = {"category": category.format(tools=acme.tools.pk)}
    assert shared_one.get("/admin/catalog/product/", query).context["cl"].result_count == 0


def test_the_category_filter_reaches_what_lies_below(acme, client_as):
    found = client_as("owner").get("/admin/catalog/product/", {"category": acme.drinks.pk}).context["cl"].queryset
    assert set(found) == {acme.coffee, acme.sencha}


# --- Query text: only what is on the list reaches the ORM ---------------------------------------------------

LOOKUPS = [
    ("accounts/user", "password__startswith"),
    ("accounts/user", "password"),
    ("accounts/user", "email__startswith"),
    ("accounts/user", "subject__contains"),
    ("accounts/user", "groups__permissions__codename"),
    ("accounts/user", "authenticator__data__contains"),
    ("accounts/user", "usersession__session_key__startswith"),
    ("accounts/apikey", "secret_hash__startswith"),
    ("accounts/apikey", "user__password__startswith"),
    ("accounts/invitation", "token_hash__startswith"),
    ("accounts/invitation", "invited_by__password__startswith"),
    ("usersessions/usersession", "session_key__startswith"),
    ("catalog/product", "created_by__password__startswith"),
    ("catalog/product", "category__name__startswith"),
    ("catalog/product", "price__gte"),
    ("catalog/product", "_connector"),
    ("catalog/category", "parent__products__title__startswith"),
    ("catalog/productusergrant", "user__password__startswith"),
    ("audit/entry", "actor_name__startswith"),
]


@pytest.mark.parametrize(("place", "lookup"), LOOKUPS)
def test_no_other_column_can_be_asked_for(client_as, place, lookup):
    client = client_as("owner")
    assert client.get(f"/admin/{place}/").status_code == 200
    for suffix in ("", "[]"):
        response = client.get(f"/admin/{place}/", {lookup + suffix: "a"})
        assert response.status_code in (302, 400), suffix
        assert response.status_code == 400 or response["Location"].endswith("?e=1")


@pytest.mark.parametrize("field", ["password", "email", "subject", "groups"])
@pytest.mark.parametrize("address", ["", "add/", "{pk}/change/"])
def test_no_column_but_the_key_names_a_row(acme, client_as, field, address):
    client, address = client_as("owner"), f"/admin/accounts/user/{address.format(pk=acme.viewer.pk)}"
    response = client.get(address, {"_popup": "1", "_to_field": field})
    assert response.status_code == (403 if "add" in address and field == "-" else 400)


@pytest.mark.parametrize(
    "query",
    [
        {"o": "99"},
        {"o": "-1.-99.x"},
        {"o": "password"},
        {"p": "0"},
        {"p": "-1"},
        {"p": "9" * 5000},
        {"p": "abc"},
        {"all": ""},
        {"q": "'); DROP TABLE catalog_product;--"},
        {"q": "(((("},
        {"q": "a" * 100_000},
        {"status__exact": "x' OR 1=1"},
        {"_facets": ""},
        {"e": "1"},
        {"_changelist_filters": "https://evil.test"},
    ],
    ids=lambda query: next(iter(query.items()))[0] + "=" + next(iter(query.items()))[1][:8],
)
@pytest.mark.parametrize("place", ["catalog/product", "catalog/category", "accounts/user", "audit/entry"])
def test_odd_queries_are_answered_and_capped(client_as, place, query):
    response = client_as("owner").get(f"/admin/{place}/", query)
    assert response.status_code in (200, 302, 400)
    if response.status_code == 200 and response.context and "cl" in response.context:
        assert len(response.context["cl"].result_list) <= 50


@pytest.mark.parametrize(
    "address",
    [
        "catalog/product/?q=%00",
        "catalog/product/?status__exact=a%00",
        "accounts/user/?q=a%00b",
        "autocomplete/?term=%00",
    ],
)
def test_a_zero_byte_is_a_bad_request(client_as, address):
    assert client_as("owner").get(f"/admin/{address}").status_code == 400


@pytest.mark.parametrize("key", ["abc", "1x", "%00", "9" * 40, "-1", "1.5", "_31", "..%2F1"])
def test_an_odd_key_is_not_found(client_as, key):
    for page in ("change", "delete", "history"):
        assert client_as("owner").get(f"/admin/catalog/product/{key}/{page}/").status_code == 404


# --- Choices fetched while one types ---------------------------------------------------------------------------


def fetched(client, model: str, field: str, term: str = ""):
    app, name = model.split(".")
    query = {"app_label": app, "model_name": name, "field_name": field, "term": term}
    response = client.get("/admin/autocomplete/", query)
    if response.status_code != 200:
        return response.status_code
    return {int(row["id"]) for row in json.loads(response.content)["results"]}


def test_choices_are_the_rows_of_ones_own_list(acme, shared_one, client_as):
    owner = client_as("owner")
    everything = {product.pk for product in acme.products.values()}
    assert fetched(owner, "catalog.productusergrant", "content_object") == everything
    assert fetched(owner, "catalog.productusergrant", "content_object", "hamm") == {acme.hammer.pk}
    assert fetched(shared_one, "catalog.productusergrant", "content_object") == {acme.coffee.pk}
    assert fetched(shared_one, "catalog.productusergrant", "content_object", "hamm") == set()
    assert fetched(shared_one, "catalog.productusergrant", "user") == 403


def test_whatever_is_named_the_choices_tell_no_more_than_the_lists(acme, shared_one, client_as):
    """Every foreign key of every model: the library's view takes any of them, whether the site shows it or not."""
    editor = client_as("editor")
    visible = {Product: set(acme.products.values()), Category: set(acme.categories.values())}
    visible[User] = set(User.objects.members())
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.is_relation:
                label, target = model._meta.label_lower, field.related_model
                seen = fetched(editor, label, field.name)
                assert seen in (403, 404) or seen == {row.pk for row in visible[target]}, (label, field.name)
                seen = fetched(shared_one, label, field.name)
                assert seen in (403, 404) or seen == ({acme.coffee.pk} if target is Product else set()), (label, field)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"app_label": "accounts"},
        {"app_label": "x", "model_name": "y", "field_name": "z"},
        {"app_label": "catalog", "model_name": "product", "field_name": "title"},
        {"app_label": "catalog", "model_name": "product", "field_name": "password"},
        {"app_label": "catalog", "model_name": "product", "field_name": "category", "page": "x"},
    ],
)
def test_odd_questions_for_choices_are_refused(client_as, query):
    assert client_as("owner").get("/admin/autocomplete/", query).status_code in (403, 404)


# --- Secrets ------------------------------------------------------------------------------------------------------


def test_no_page_shows_what_opens_a_door(acme, client_as):
    """Session keys, hashes of passwords, of keys and of invitations, and the texts themselves."""
    key, text = api_keys.create(actor=acme.owner, name="Robot", rights=["catalog.view_product"], expires_at=None)
    invitation = Invitation(email="new@acme.test", role=Role.objects.get(key="viewer"), invited_by=acme.owner)
    token = invitation.renew()
    invitation.save()
    client = client_as("owner")
    secrets = {text, key.secret_hash, token, invitation.token_hash}
    secrets |= set(User.objects.values_list("password", flat=True)) - {""}
    secrets |= set(UserSession.objects.values_list("session_key", flat=True))
    pages = [route.path for route in addresses.of_tenants(acme) if route.path.startswith("/admin/")]
    for kind, pk in (
        ("accounts/apikey", key.pk),
        ("accounts/invitation", invitation.pk),
        ("usersessions/usersession", UserSession.objects.get().pk),
    ):
        pages += [f"/admin/{kind}/{pk}/{page}/" for page in ("change", "delete", "history")]
    for page in pages:
        body = client.get(page).content.decode()
        assert [secret for secret in secrets if secret in body] == [], page
        assert MARKER not in body


def test_the_page_before_deleting_names_nothing_else(acme, client_as):
    """The library's lists every row that would go along."""
    assign_perm("catalog.view_category", acme.stranger, acme.drinks)
    body = client_as("owner").get(f"/admin/catalog/category/{acme.drinks.pk}/delete/").content.decode()
    assert "Drinks acmeword" in body
    assert [name for name in ("Coffee", "Sencha", "Stranger") if name in body] == []
