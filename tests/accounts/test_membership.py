"""Changing what a member may do: nobody above himself, nobody himself, never without an owner."""

import pytest

from accounts.flows import membership, people
from accounts.models import User
from catalog.models import Product
from tests.conftest import HostClient

from .pages import Page
from .test_sign_in import is_signed_in


def roles_of(person: User) -> list[str]:
    return [role.key for role in User.objects.get(pk=person.pk).roles]


@pytest.mark.parametrize(
    ("who", "whom", "wanted", "status"),
    [
        ("owner", "viewer", "editor", 302),
        ("owner", "viewer", "owner", 302),
        ("owner", "admin", "guest", 302),
        ("admin", "viewer", "admin", 302),
        ("admin", "viewer", "owner", 403),
        ("admin", "owner", "viewer", 403),
        ("admin", "admin", "viewer", 403),
        ("owner", "owner", "viewer", 403),
        ("editor", "viewer", "guest", 403),
        ("viewer", "guest", "viewer", 403),
        ("guest", "viewer", "guest", 403),
        ("stranger", "viewer", "guest", 403),
    ],
)
def test_role_is_changed_within_ones_own_rights(client_as, acme, who, whom, wanted, status):
    member = acme.people[whom]
    response = client_as(who).post(f"/members/{member.pk}/role/", {"role": wanted})
    assert response.status_code == status
    assert roles_of(member) == [wanted if status == 302 else whom]


@pytest.mark.parametrize("value", ["", "1", "OWNER", "owner ", "root", "<script>", "\x00", "x" * 5000])
def test_made_up_role_is_no_choice(client_as, acme, value):
    status = client_as("admin").post(f"/members/{acme.viewer.pk}/role/", {"role": value}).status_code
    assert status in (403, 422)
    assert roles_of(acme.viewer) == ["viewer"]


def test_only_roles_within_ones_own_rights_are_offered(client_as, acme):
    page = Page(client_as("admin").get(f"/members/{acme.viewer.pk}/role/"))
    offered = {a["value"] for tag, a in page.elements if tag in ("option", "input") and a.get("value") in ALL_ROLES}
    assert offered == ALL_ROLES - {"owner"}


ALL_ROLES = {"owner", "admin", "editor", "viewer", "guest"}


@pytest.mark.parametrize("verb", ["deactivate", "remove"])
@pytest.mark.parametrize(
    ("who", "whom", "status"),
    [
        ("owner", "admin", 302),
        ("admin", "editor", 302),
        ("admin", "owner", 403),
        ("owner", "owner", 403),
        ("admin", "admin", 403),
        ("editor", "viewer", 403),
        ("viewer", "guest", 403),
        ("stranger", "guest", 403),
    ],
)
def test_members_are_managed_from_above_and_never_by_themselves(client_as, acme, verb, who, whom, status):
    member = acme.people[whom]
    path = f"/members/{member.pk}/{verb}/"
    assert client_as(who).get(path).status_code == (200 if status == 302 else 403)
    assert User.objects.get(pk=member.pk).is_active
    assert client_as(who).post(path).status_code == status
    assert User.objects.get(pk=member.pk).is_active is (status == 403)


@pytest.mark.parametrize(("who", "status"), [("owner", 302), ("admin", 302), ("editor", 403), ("viewer", 403)])
def test_deactivated_member_comes_back_by_those_who_may(client_as, acme, fresh, who, status):
    membership.deactivate(actor=fresh("owner"), member=fresh("guest"))
    assert client_as(who).post(f"/members/{acme.guest.pk}/reactivate/").status_code == status
    assert User.objects.get(pk=acme.guest.pk).is_active is (status == 302)


def test_admin_does_not_bring_back_an_owner(client_as, acme, fresh, role):
    second = people.make_member(email="second@acme.test", name="Second", password="x", role=role("owner"))
    membership.deactivate(actor=fresh("owner"), member=second)
    assert client_as("admin").post(f"/members/{second.pk}/reactivate/").status_code == 403
    assert not User.objects.get(pk=second.pk).is_active


@pytest.mark.parametrize("verb", ["role", "deactivate", "reactivate", "remove"])
@pytest.mark.parametrize("number", [999_999, 2**63, 10**30, 0])
def test_unknown_member_is_not_found(client_as, verb, number):
    assert client_as("owner").post(f"/members/{number}/{verb}/", {"role": "guest"}).status_code == 404


@pytest.mark.parametrize("verb", ["role", "deactivate", "reactivate", "remove"])
def test_removed_member_is_not_found(client_as, acme, fresh, verb):
    membership.remove(actor=fresh("owner"), member=fresh("guest"))
    assert client_as("owner").post(f"/members/{acme.guest.pk}/{verb}/", {"role": "owner"}).status_code == 404
    assert not User.objects.get(pk=acme.guest.pk).is_active


def test_member_leaves_by_a_post(client_as, acme):
    client = client_as("editor")
    assert client.get("/members/leave/").status_code == 200
    assert User.objects.get(pk=acme.editor.pk).is_active
    assert client.post("/members/leave/")["Location"] == "/account/login/"
    assert User.objects.get(pk=acme.editor.pk).removed_at
    assert not is_signed_in(client)


def test_last_owner_does_not_leave(client_as, acme):
    client = client_as("owner")
    response = client.post("/members/leave/")
    assert response.status_code == 409
    assert "at least one active owner" in Page(response).words
    assert User.objects.get(pk=acme.owner.pk).is_active
    assert is_signed_in(client)


@pytest.mark.parametrize(("active", "status"), [(True, 302), (False, 409)])
def test_owner_leaves_when_another_active_one_stays(client_as, acme, fresh, role, active, status):
    second = people.make_member(email="second@acme.test", name="Second", password="x", role=role("owner"))
    if not active:
        membership.deactivate(actor=fresh("owner"), member=second)
    assert client_as("owner").post("/members/leave/").status_code == status


@pytest.mark.parametrize("verb", ["deactivate", "remove", "role"])
def test_owner_deactivated_meanwhile_takes_nobody_with_him(client_as, acme, role, monkeypatch, verb):
    """The page was opened while he was an owner; the flow looks again before it writes."""
    second = people.make_member(email="second@acme.test", name="Second", password="x", role=role("owner"))
    client = HostClient(acme.tenant.host).sign_in(second, acme.tenant)
    lock = membership._lock

    def deactivated_meanwhile(actor, member):
        User.objects.filter(pk=second.pk).update(is_active=False)
        return lock(actor, member)

    monkeypatch.setattr(membership, "_lock", deactivated_meanwhile)
    assert client.post(f"/members/{acme.owner.pk}/{verb}/", {"role": "viewer"}).status_code == 403
    assert User.objects.active().holding("owner").get(pk=acme.owner.pk)


def test_right_taken_away_while_the_page_was_open_counts(client_as, acme, fresh, role):
    client = client_as("admin")
    client.get(f"/members/{acme.viewer.pk}/remove/")
    membership.change_role(actor=fresh("owner"), member=fresh("admin"), role=role("viewer"))
    assert client.post(f"/members/{acme.viewer.pk}/remove/").status_code == 403
    assert User.objects.get(pk=acme.viewer.pk).is_active


@pytest.mark.parametrize(
    ("key", "opens"), [("owner", True), ("admin", True), ("editor", True), ("viewer", False), ("guest", False)]
)
def test_staff_status_follows_the_role_and_goes_with_it(acme, fresh, role, key, opens):
    membership.change_role(actor=fresh("owner"), member=fresh("viewer"), role=role(key))
    assert fresh("viewer").is_staff is opens
    membership.change_role(actor=fresh("owner"), member=fresh("viewer"), role=role("guest"))
    assert not fresh("viewer").is_staff


def test_staff_status_goes_with_the_account(acme, fresh):
    membership.deactivate(actor=fresh("owner"), member=fresh("admin"))
    assert not fresh("admin").is_staff


def test_nothing_makes_a_superuser(acme, fresh):
    """There is no such column, and the attribute cannot be kept."""
    assert "is_superuser" not in {field.column for field in User._meta.get_fields() if hasattr(field, "column")}
    person = fresh("viewer")
    person.is_superuser = person.is_staff_override = True
    person.save()
    assert not fresh("viewer").is_superuser
    assert not fresh("viewer").has_perm("catalog.delete_product")


def test_new_role_counts_at_the_next_request(client_as, acme, fresh, role):
    client = client_as("viewer")
    assert client.get("/products/new/").status_code == 403
    membership.change_role(actor=fresh("owner"), member=fresh("viewer"), role=role("editor"))
    assert client.get("/products/new/").status_code == 200
    membership.change_role(actor=fresh("owner"), member=fresh("viewer"), role=role("viewer"))
    assert client.get("/products/new/").status_code == 403


def test_member_may_see_his_grants_again_once_he_is_back(client_as, acme, fresh):
    share(client_as("owner"), acme.coffee, acme.guest)
    membership.deactivate(actor=fresh("owner"), member=fresh("guest"))
    assert not Product.objects.for_user(fresh("guest")).exists()
    membership.reactivate(actor=fresh("owner"), member=fresh("guest"))
    client = HostClient(acme.tenant.host).sign_in(fresh("guest"), acme.tenant)
    assert client.get(f"/products/{acme.coffee.pk}/").status_code == 200


def share(client, product, person) -> None:
    form = {"principal": f"user-{person.pk}", "rights": ["catalog.view_product"]}
    assert client.post(f"/products/{product.pk}/share/", form).status_code == 302
