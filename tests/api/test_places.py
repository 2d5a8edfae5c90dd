"""Adding a product: the place it goes to is asked about once, when the maker is locked, and what he keeps follows."""

from threading import Event

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts import access, places
from accounts.models import ApiKey, Role, User
from accounts.models.people import UserQuerySet
from accounts.prepared import Prepared
from catalog.models import Category, Product
from tenants.schema import in_tenant
from tests.accounts.races import at_once

from .conftest import ApiClient

CHANGE = "catalog.change_product"


SINGLE, BULK = "/products/", "/products/bulk/"


@pytest.fixture(params=["before the lock", "while it waits for the lock"])
def meanwhile(request, monkeypatch):
    """`meanwhile(act)`: as if another request had committed between the credential and the write.

    Where the lock and the look at the place are one statement, what it sees may be from before it was given the lock.
    """
    waits = request.param.startswith("while")

    def arrange(act) -> None:
        for name in ("lock_and_look", "lock_and_read_rights"):
            monkeypatch.setattr(UserQuerySet, name, between(getattr(UserQuerySet, name), act, name == "lock_and_look"))

    def between(real, act, sees_before: bool):
        def locked(self, *args, **values):
            if not (waits and sees_before):
                act()
            found = real(self, *args, **values)
            if waits and sees_before:
                act()
            return found

        return locked

    return arrange


def kept_by(person: User, pk: int) -> set[str]:
    grants = access.user_grants(Product).objects.filter(content_object=pk, user=person)
    return set(grants.values_list("permission__codename", flat=True))


@pytest.mark.parametrize("path", [SINGLE, BULK])
@pytest.mark.parametrize(("role", "status"), [(None, 400), ("viewer", 403)])
def test_who_lost_his_role_meanwhile_adds_nothing(acme, api_as, product_body, meanwhile, role, status, path):
    left = [Role.objects.get(key=role).group] if role else []
    meanwhile(lambda: acme.editor.groups.set(left))
    body = product_body() if path == SINGLE else [product_body()]
    assert api_as("editor").send("POST", path, body).status_code == status
    assert not Product.objects.filter(title="Mocha").exists()


@pytest.mark.parametrize("path", [SINGLE, BULK])
@pytest.mark.parametrize(("left", "status"), [([], 400), (["view"], 403)])
def test_who_lost_his_grant_meanwhile_adds_nothing(acme, api_as, share, product_body, meanwhile, left, status, path):
    share("guest", "add", "drinks")

    def take() -> None:
        access.user_grants(Category).objects.filter(user=acme.guest).delete()
        for right in left:
            share("guest", right, "drinks")

    meanwhile(take)
    body = product_body() if path == SINGLE else [product_body()]
    assert api_as("guest").send("POST", path, body).status_code == status
    assert not Product.objects.filter(title="Mocha").exists()
    assert not access.user_grants(Product).objects.filter(user=acme.guest).exists()


def test_who_was_stopped_meanwhile_adds_nothing(acme, api_as, product_body, monkeypatch):
    real = UserQuerySet.lock_and_look

    def stopped_before(self, *args, **values):
        User.objects.filter(pk=acme.editor.pk).update(is_active=False)
        return real(self, *args, **values)

    monkeypatch.setattr(UserQuerySet, "lock_and_look", stopped_before)
    assert api_as("editor").send("POST", SINGLE, product_body()).status_code == 403
    assert not Product.objects.filter(title="Mocha").exists()


def test_a_key_revoked_meanwhile_adds_nothing(acme, key_as, product_body, meanwhile):
    client = key_as("editor")
    meanwhile(lambda: ApiKey.objects.update(revoked_at=timezone.now()))
    assert client.send("POST", SINGLE, product_body()).status_code == 403
    assert not Product.objects.filter(title="Mocha").exists()


def test_a_place_that_went_meanwhile_is_none(acme, api_as, product_body, meanwhile):
    shelf = Category(name="Short-lived")
    shelf.place()
    meanwhile(Category.objects.filter(pk=shelf.pk).delete)
    assert api_as("editor").send("POST", SINGLE, product_body(category=shelf.pk)).status_code == 400


def test_who_lost_his_role_meanwhile_adds_by_a_grant_and_keeps_what_he_made(
    acme, api_as, share, product_body, meanwhile
):
    share("editor", "add", "drinks")
    meanwhile(acme.editor.groups.clear)
    made = api_as("editor").send("POST", SINGLE, product_body())
    assert made.status_code == 201
    assert kept_by(acme.editor, made.json()["id"]) == {"view_product", "change_product"}


@pytest.mark.parametrize("path", [SINGLE, BULK])
def test_who_may_add_yet_and_no_longer_change_keeps_what_he_made(acme, api_as, product_body, meanwhile, path):
    def narrow() -> None:
        group = Role.objects.get(key="editor").group
        group.permissions.remove(*Permission.objects.filter(codename="change_product"))

    meanwhile(narrow)
    made = api_as("editor").send("POST", path, product_body() if path == SINGLE else [product_body()])
    assert made.status_code == 201
    product = Product.objects.get(title="Mocha")
    assert kept_by(acme.editor, product.pk) == {"view_product", "change_product"}


def test_so_does_who_lost_the_grant_that_opens_what_is_inside(acme, api_as, share, product_body, meanwhile):
    share("guest", "add", "drinks")
    share("guest", "change", "drinks")
    changing = access.user_grants(Category).objects.filter(user=acme.guest, permission__codename="change_category")
    assert changing.exists()
    meanwhile(changing.delete)
    made = api_as("guest").send("POST", SINGLE, product_body())
    assert made.status_code == 201
    assert kept_by(acme.guest, made.json()["id"]) == {"view_product", "change_product"}


@pytest.mark.real
@pytest.mark.parametrize("how", ["a role", "a grant"])
def test_a_right_taken_away_while_the_request_waits_for_the_lock_is_gone(racing, how):
    """Two real connections: the first holds the person and takes the right away, the second waits for him."""
    with in_tenant(racing.tenant):
        assign_perm("catalog.add_product_to_category", racing.guest, racing.drinks)
    person = racing.editor if how == "a role" else racing.guest
    body = {"title": f"By {how}", "price": "1.00", "category": racing.drinks.pk}
    with in_tenant(racing.tenant):
        client = ApiClient(racing.tenant.host).sign_in(person, racing.tenant)
    is_held, is_waited_for = Event(), Event()

    def take() -> None:
        with in_tenant(racing.tenant):
            User.objects.select_for_update(no_key=True).get(pk=person.pk)
            person.groups.clear()
            access.user_grants(Category).objects.filter(user=person).delete()
            is_held.set()
            assert is_waited_for.wait(20)

    def ask() -> int:
        assert is_held.wait(20)
        return client.send("POST", SINGLE, body).status_code

    def watch() -> None:
        while not is_waited_for.is_set():
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
                if cursor.fetchone()[0]:
                    is_waited_for.set()

    _taken, answer, _watched = at_once(take, ask, watch)
    with in_tenant(racing.tenant):
        assert (answer, Product.objects.filter(title=body["title"]).exists()) == (400, False)


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
    shelves = Category.objects.all()
    found = places.held(user, Product, [shelf.pk for shelf in shelves], CHANGE)
    assert set(found) == set(access.containers(user, Product).values_list("pk", flat=True))
    assert all(place.container == Category.objects.get(pk=key) for key, place in found.items())
    seen = {shelf.pk: places.seen(user, Product, shelf.pk, CHANGE) for shelf in shelves}
    assert {key: one.place for key, one in seen.items() if one} == found
    assert all(holds(one.still) for one in seen.values() if one)


def holds(condition) -> bool:
    asked = condition.asked
    return Prepared(f"SELECT 1 WHERE {asked.sql}", asked.parameters, ()).run(**condition.values) == [(1,)]


@pytest.mark.parametrize("who", ["editor", "guest"])
def test_what_was_made_is_answered_as_it_is_read(acme, api_as, share, who):
    """Of what was not sent as well: the price of the column's own default, the status of the choice."""
    share("guest", "add", "drinks")
    client = api_as(who)
    made = client.send("POST", "/products/", {"title": "Mocha", "category": acme.drinks.pk})
    assert (made.status_code, made.content) == (201, client.read(made["Location"]).content)
    changed = client.send("PATCH", made["Location"], {"price": "1.5", "status": "published"})
    assert (changed.status_code, changed.content) == (200, client.read(made["Location"]).content)
