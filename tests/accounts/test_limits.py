"""What a credential may do at most: the door cuts the rights of its holder, at every question."""

import pytest
from django.core.exceptions import PermissionDenied
from guardian.shortcuts import assign_perm

from accounts import access, shares
from accounts.exceptions import LastOwner, NotYours
from accounts.flows import membership
from accounts.models import Role, User
from catalog.models import Category, Product


@pytest.fixture
def limited(acme):
    """`limited("editor", "catalog.view_product")`: the editor, come by a credential that may only do this."""

    def make(who: str, *rights: str) -> User:
        user = User.objects.get(pk=acme.people[who].pk)
        user.limits = frozenset(rights)
        return user

    return make


@pytest.mark.parametrize(("right", "allowed"), [("catalog.change_product", True), ("catalog.view_product", False)])
def test_a_role_opens_no_more_than_the_credential(acme, limited, right, allowed):
    user = limited("editor", right)
    assert access.allows(user, "catalog.change_product", acme.coffee) is allowed
    assert access.narrow(Product.objects.all(), user, "catalog.change_product").exists() is allowed


@pytest.mark.parametrize(("right", "seen"), [("catalog.view_product", 1), ("catalog.view_category", 0)])
def test_a_grant_opens_no_more_than_the_credential(acme, limited, right, seen):
    assign_perm("catalog.view_product", acme.guest, acme.coffee)
    user = limited("guest", right)
    assert Product.objects.for_user(user).count() == seen
    assert access.may_list(user, "catalog.view_product") is bool(seen)


def test_a_credential_opens_nothing_that_its_holder_may_not(acme, limited):
    user = limited("viewer", "catalog.view_product", "catalog.delete_product")
    assert access.allows(user, "catalog.view_product", acme.coffee)
    assert not access.allows(user, "catalog.delete_product", acme.coffee)


@pytest.mark.parametrize(("right", "number"), [("catalog.add_product_to_category", 3), ("catalog.view_category", 0)])
def test_adding_needs_the_right_on_the_credential_too(acme, limited, right, number):
    user = limited("editor", right, "catalog.view_category")
    assert access.containers(user, Product).count() == number
    assert access.may_add(user, "catalog.add_product") is bool(number)


def test_the_public_catalogue_opens_nothing_to_a_credential_without_the_right(acme, limited):
    acme.tenant.catalogue_is_public = True
    assert Product.objects.for_user(limited("guest", "catalog.view_product")).count() == 2
    assert Product.objects.for_user(limited("guest")).count() == 0


def test_limits_outlive_the_lock_on_the_actor(acme, limited):
    user = limited("editor", "catalog.view_product")
    with pytest.raises(PermissionDenied):
        access.require_for_write(user, "catalog.change_product", acme.coffee)


@pytest.mark.parametrize(("rights", "role"), [((), "viewer"), (("accounts.change_user",), "viewer")])
def test_nobody_is_managed_above_the_credential(acme, limited, rights, role):
    """The owner's own rights would do; his credential's do not reach the viewer's."""
    actor = limited("owner", *rights)
    with pytest.raises(PermissionDenied):
        membership.change_role(actor=actor, member=acme.viewer, role=Role.objects.get(key="guest"))
    assert [held.key for held in User.objects.get(pk=acme.viewer.pk).roles] == [role]


def test_nothing_is_shared_above_the_credential(acme, limited):
    actor = limited("admin", "catalog.share_product", "catalog.view_product")
    grant = {"actor": actor, "obj": acme.coffee, "principal": acme.guest}
    with pytest.raises(NotYours):
        shares.grant(**grant, permissions=["catalog.delete_product"])
    shares.grant(**grant, permissions=["catalog.view_product"])
    held = access.user_grants(Product).objects.values_list("user", "permission__codename")
    assert list(held) == [(acme.guest.pk, "view_product")]


@pytest.mark.parametrize("kind", ["service", "support"])
def test_who_comes_by_a_credential_alone_may_do_nothing_without_one(acme, kind):
    user = User.objects.create(name="Robot", issuer=kind, kind=kind)
    user.groups.set(acme.owner.groups.all())
    assert access.role_permissions(user) == frozenset()
    assert not Category.objects.for_user(user).exists()
    user.limits = frozenset({"catalog.view_category"})
    assert Category.objects.for_user(user).count() == 3


def test_a_service_account_is_no_owner_and_no_member(acme):
    robot = User.objects.create(name="Robot", issuer="service", kind="service")
    robot.groups.set(acme.owner.groups.all())
    assert robot not in User.objects.members()
    with pytest.raises(LastOwner):
        membership.leave(member=acme.owner)
