"""Categories and grants by the API."""

import pytest

from accounts import access
from accounts.models import Role
from catalog.models import Category, ProductUserGrant


def test_the_tree_is_listed_with_its_paths(acme, api_as):
    rows = api_as("viewer").read("/categories/").json()["results"]
    assert [(row["name"].split()[0], row["parent"]) for row in rows] == [
        ("Drinks", None), ("Tea", acme.drinks.pk), ("Tools", None),
    ]  # fmt: skip
    assert rows[1]["path"] == "Drinks acmeword / Tea acmeword"


def test_who_got_an_inner_category_alone_reads_nothing_of_the_outer_one(acme, api_as, share):
    share("guest", "view", "tea")
    (row,) = api_as("guest").read("/categories/").json()["results"]
    assert (row["path"], row["parent"]) == ("Tea acmeword", None)
    share("guest", "view", "drinks")
    rows = api_as("guest").read("/categories/").json()["results"]
    assert {row["parent"] for row in rows} == {None, acme.drinks.pk}


@pytest.mark.parametrize(("who", "status"), [("editor", 201), ("viewer", 403)])
def test_a_category_is_added_where_it_belongs(acme, api_as, who, status):
    response = api_as(who).send("POST", "/categories/", {"name": "Herbal", "parent": acme.tea.pk})
    made = Category.objects.filter(name="Herbal").first()
    assert (response.status_code, bool(made)) == (status, status == 201)
    assert made is None or made.ancestors == [acme.drinks.pk, acme.tea.pk]


def test_moving_one_moves_what_is_inside(acme, api_as):
    response = api_as("editor").send("PATCH", f"/categories/{acme.drinks.pk}/", {"parent": acme.tools.pk})
    assert response.json()["path"] == "Tools acmeword / Drinks acmeword"
    assert Category.objects.get(pk=acme.tea.pk).ancestors == [acme.tools.pk, acme.drinks.pk]


@pytest.mark.parametrize(
    ("sent", "status", "pointer"),
    [
        ({"parent": "{tea}"}, 400, "#/parent"),
        ({"parent": "{drinks}"}, 400, "#/parent"),
        ({"parent": 999_999}, 400, "#/parent"),
        ({"name": "tools acmeword"}, 409, "#/name"),
        ({"name": ""}, 400, "#/name"),
        ({"ancestors": [1]}, 400, "#/ancestors"),
        ({"path": "X"}, 400, "#/path"),
        ({"slug": "x"}, 400, "#/slug"),
    ],
)
def test_a_bad_change_is_refused_beside_its_field(acme, api_as, sent, status, pointer):
    keys = {"{tea}": acme.tea.pk, "{drinks}": acme.drinks.pk}
    sent = {name: keys.get(str(value), value) for name, value in sent.items()}
    before = list(Category.objects.order_by("pk").values())
    response = api_as("owner").send("PATCH", f"/categories/{acme.drinks.pk}/", sent)
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (status, pointer)
    assert list(Category.objects.order_by("pk").values()) == before


def test_a_grantee_renames_and_cannot_move(acme, api_as, share):
    for right in ("view", "change"):
        share("guest", right, "tea")
    client, path = api_as("guest"), f"/categories/{acme.tea.pk}/"
    assert client.send("PATCH", path, {"name": "Teas"}).status_code == 200
    assert client.send("PATCH", path, {"parent": None}).status_code == 403
    tea = Category.objects.get(pk=acme.tea.pk)
    assert (tea.name, tea.parent_id) == ("Teas", acme.drinks.pk)


@pytest.mark.parametrize(("key", "status", "code"), [("drinks", 409, "not_empty"), ("empty", 204, None)])
def test_only_an_empty_one_is_deleted(acme, api_as, key, status, code):
    pk = api_as("editor").send("POST", "/categories/", {"name": "Empty"}).json()["id"]
    target = pk if key == "empty" else acme.drinks.pk
    response = api_as("admin").send("DELETE", f"/categories/{target}/")
    assert response.status_code == status
    assert code is None or response.json()["code"] == code
    assert Category.objects.filter(pk=target).exists() is (status == 409)


# --- Grants --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "status"), [("admin", 200), ("editor", 403), ("guest", 404)])
def test_sharing_follows_the_right_to_share(acme, api_as, who, status):
    path = f"/products/{acme.coffee.pk}/grants/user-{acme.guest.pk}/"
    response = api_as(who).send("PUT", path, {"rights": ["catalog.change_product"]})
    assert response.status_code == status
    assert access.allows(acme.guest, "catalog.change_product", acme.coffee) is (status == 200)
    if status == 200:
        assert response.json()["rights"] == ["catalog.view_product", "catalog.change_product"]
        assert api_as(who).send("DELETE", path).status_code == 204
        assert not ProductUserGrant.objects.exists()


def test_who_has_access_is_told_with_the_reason(acme, api_as, share):
    share("guest", "view", "drinks")
    share("stranger", "view", "coffee")
    lines = api_as("admin").read(f"/products/{acme.coffee.pk}/grants/").json()
    told = {(line["principal"], line["reason"], line["source"] and line["source"]["id"]) for line in lines}
    assert (f"user-{acme.guest.pk}", "container", acme.drinks.pk) in told
    assert (f"user-{acme.stranger.pk}", "grant", None) in told
    assert (f"role-{Role.objects.get(key='owner').pk}", "role", None) in told
    assert api_as("editor").read(f"/products/{acme.coffee.pk}/grants/").status_code == 403


@pytest.mark.parametrize(
    ("principal", "rights", "status"),
    [
        ("user-999999", ["catalog.view_product"], 404),
        ("role-999999", ["catalog.view_product"], 404),
        ("user-0x1", ["catalog.view_product"], 404),
        ("user-{guest}", ["catalog.share_product"], 400),
        ("user-{guest}", ["accounts.own_organisation"], 400),
        ("user-{guest}", [], 400),
        ("user-{guest}", "catalog.view_product", 400),
    ],
)
def test_a_bad_grant_gives_nothing(acme, api_as, principal, rights, status):
    path = f"/products/{acme.coffee.pk}/grants/{principal.replace('{guest}', str(acme.guest.pk))}/"
    assert api_as("owner").send("PUT", path, {"rights": rights}).status_code == status
    assert not ProductUserGrant.objects.exists()


def test_nobody_gives_a_right_that_he_does_not_hold(acme, api_as, share):
    """Z8"""
    for code in ("view_category", "share_category", "change_category"):
        acme.guest.groups.clear()
        share("guest", code.partition("_")[0], "drinks")
    path = f"/categories/{acme.drinks.pk}/grants/user-{acme.stranger.pk}/"
    client = api_as("guest")
    refused = client.send("PUT", path, {"rights": ["catalog.delete_category"]})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    assert client.send("PUT", path, {"rights": ["catalog.change_category"]}).status_code == 200
