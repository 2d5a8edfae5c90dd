"""Adding a product: the place it goes to is asked about once, when the maker is locked, and what he keeps follows."""

import pytest

from accounts import access, places
from accounts.models import Role, User
from catalog.models import Category, Product

CHANGE = "catalog.change_product"


@pytest.fixture
def before_the_lock(monkeypatch):
    """`before_the_lock(act)`: as if another request had committed between the credential and the lock."""
    real = access.hold

    def arrange(act) -> None:
        def hold(user, /, *questions, **values):
            act()
            return real(user, *questions, **values)

        monkeypatch.setattr(access, "hold", hold)

    return arrange


def kept_by(person: User, pk: int) -> set[str]:
    grants = access.user_grants(Product).objects.filter(content_object=pk, user=person)
    return set(grants.values_list("permission__codename", flat=True))


@pytest.mark.parametrize(("role", "status"), [(None, 400), ("viewer", 403)])
def test_who_lost_his_role_before_the_lock_adds_nothing(acme, api_as, product_body, before_the_lock, role, status):
    left = [Role.objects.get(key=role).group] if role else []
    before_the_lock(lambda: acme.editor.groups.set(left))
    assert api_as("editor").send("POST", "/products/", product_body()).status_code == status
    assert not Product.objects.filter(title="Mocha").exists()


def test_who_lost_his_role_before_the_lock_adds_by_a_grant_and_keeps_what_he_made(
    acme, api_as, share, product_body, before_the_lock
):
    share("editor", "add", "drinks")
    before_the_lock(acme.editor.groups.clear)
    made = api_as("editor").send("POST", "/products/", product_body())
    assert made.status_code == 201
    assert kept_by(acme.editor, made.json()["id"]) == {"view_product", "change_product"}


@pytest.mark.parametrize("holder", ["guest", "role:guest"])
@pytest.mark.parametrize("shelf", ["drinks", "tea"])
def test_who_may_change_all_that_is_in_the_place_is_given_nothing_more(
    acme, api_as, share, product_body, holder, shelf
):
    """Tea lies inside Drinks: a grant reaches below."""
    for right in ("view", "add", "change"):
        share(holder, right, "drinks")
    made = api_as("guest").send("POST", "/products/", product_body(category=acme.categories[shelf].pk))
    assert made.status_code == 201
    assert not kept_by(acme.guest, made.json()["id"])
    assert api_as("guest").send("PATCH", made["Location"], {"title": "Mine"}).status_code == 200


@pytest.mark.parametrize("is_public", [False, True])
@pytest.mark.parametrize("limits", [None, frozenset(), frozenset({"catalog.add_product"})])
@pytest.mark.parametrize("who", ["owner", "editor", "viewer", "guest", "stranger"])
def test_the_places_are_those_that_the_door_knows(acme, share, who, limits, is_public):
    acme.tenant.catalogue_is_public = is_public
    share("guest", "add", "drinks")
    share("role:guest", "change", "tea")
    user = User.objects.get(pk=acme.people[who].pk)
    if limits is not None:
        user.limits = limits
    found = places.held(user, Product, [shelf.pk for shelf in Category.objects.all()], CHANGE)
    assert set(found) == set(access.containers(user, Product).values_list("pk", flat=True))
    assert all(place.container == Category.objects.get(pk=key) for key, place in found.items())


@pytest.mark.parametrize("who", ["editor", "guest"])
def test_what_was_made_is_answered_as_it_is_read(acme, api_as, share, who):
    """Of what was not sent as well: the price of the column's own default, the status of the choice."""
    share("guest", "add", "drinks")
    client = api_as(who)
    made = client.send("POST", "/products/", {"title": "Mocha", "category": acme.drinks.pk})
    assert (made.status_code, made.content) == (201, client.read(made["Location"]).content)
    changed = client.send("PATCH", made["Location"], {"price": "1.5", "status": "published"})
    assert (changed.status_code, changed.content) == (200, client.read(made["Location"]).content)
