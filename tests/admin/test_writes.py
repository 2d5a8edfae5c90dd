"""What the admin site writes: by the same flows, under the same locks, all or nothing. (Z4, Z8, Z9, D3, V8)"""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from guardian.shortcuts import assign_perm

from accounts.audit.models import Entry
from accounts.flows import api_keys
from accounts.flows.people import make_member
from accounts.models import ApiKey, Invitation, Role, User
from accounts.shares import direct_grants
from catalog.models import Category, Product
from tests.accounts.pages import Page
from tests.conftest import HostClient
from tests.snapshot import snapshot
from tests.world import PASSWORD

from .channel import AdminSite, address

channel = AdminSite()


def form_of(product: Product, **changes) -> dict:
    """What the change page of a product sends."""
    shown = {"title": product.title, "price": "12.50", "status": product.status, "category": product.category_id}
    return shown | {"sku": product.sku, "description": product.description, "version": product.version} | changes


def change(client, product: Product, **changes):
    return client.post(address("products", product.pk, "change"), form_of(product, **changes))


def codes(obj, holder) -> set[str]:
    return set(direct_grants(obj, holder).values_list("permission__codename", flat=True))


# --- Products and categories ----------------------------------------------------------------------


def test_an_edit_is_the_pages_edit(acme, client_as):
    """The version goes up, the actor is noted, the audit log says how it came, and the library's log stays empty."""
    response = change(client_as("editor"), acme.coffee, title="Espresso")
    product = Product.objects.get(pk=acme.coffee.pk)
    assert (response.status_code, response["Location"]) == (302, "/admin/catalog/product/")
    assert (product.title, product.version, product.changed_by) == ("Espresso", 2, acme.editor)
    line = Entry.objects.get(object_type="catalog.product", object_id=str(product.pk), action="changed")
    assert (line.through, line.actor_id) == ("admin", acme.editor.pk)
    assert line.changes["title"] == ["Coffee acmeword", "Espresso"]
    assert not LogEntry.objects.exists()


def test_an_added_product_is_ones_own(acme, client_as):
    assert channel.add_product(client_as("editor"), acme.tea.pk).status_code == 302
    product = Product.objects.get(title="New")
    assert (product.created_by, product.version, product.category_id) == (acme.editor, 1, acme.tea.pk)


def test_a_stale_form_writes_nothing_and_says_so(acme, client_as):
    """D3. Two people open the page; the second to save is told."""
    assert change(client_as("editor"), acme.coffee, title="Mine").status_code == 302
    response = change(client_as("admin"), acme.coffee, title="Theirs")
    assert response.status_code == 409
    assert "changed meanwhile" in response.content.decode()
    assert Product.objects.get(pk=acme.coffee.pk).title == "Mine"


@pytest.mark.parametrize("version", ["", "0", "-1", "abc", "9" * 30])
def test_a_form_without_a_version_writes_nothing(acme, client_as, version):
    assert change(client_as("editor"), acme.coffee, title="Mine", version=version).status_code == 422
    assert Product.objects.get(pk=acme.coffee.pk).title == "Coffee acmeword"


def test_columns_that_are_not_on_the_form_stay(acme, client_as):
    """Z4. Every column of the table is sent."""
    forged = {"created_by": acme.guest.pk, "changed_by": acme.guest.pk, "picture": "x.webp", "id": acme.hammer.pk}
    forged |= {"created_at": "2001-01-01", "search": "x", "tenant": "globex", "pk": acme.hammer.pk}
    hammer = Product.objects.values().get(pk=acme.hammer.pk)
    assert change(client_as("editor"), acme.coffee, title="Mine", **forged).status_code == 302
    product = Product.objects.get(pk=acme.coffee.pk)
    assert (product.title, product.created_by, product.changed_by) == ("Mine", acme.owner, acme.editor)
    assert (product.picture.name, product.created_at.year > 2001) == ("", True)
    assert Product.objects.values().get(pk=acme.hammer.pk) == hammer


def test_moving_a_product_hands_out_no_right_that_one_lacks(acme, client_as):
    """An editor may not delete; in the other category somebody may. Moving would give him that."""
    assign_perm("catalog.delete_category", acme.guest, acme.tools)
    response = change(client_as("editor"), acme.coffee, category=acme.tools.pk)
    assert response.status_code == 403
    assert "rights on it that you do not hold" in response.content.decode()
    assert Product.objects.get(pk=acme.coffee.pk).category == acme.drinks
    assert change(client_as("admin"), acme.coffee, category=acme.tools.pk).status_code == 302


def test_a_category_is_not_put_inside_itself(acme, client_as):
    client = client_as("owner")
    form = {"name": acme.drinks.name, "parent": acme.tea.pk}
    assert client.post(address("categories", acme.drinks.pk, "change"), form).status_code == 422
    assert Category.objects.get(pk=acme.drinks.pk).parent is None


def test_a_category_that_is_not_empty_stays_and_the_page_says_why(acme, client_as):
    response = channel.delete(client_as("owner"), "categories", acme.drinks.pk)
    assert response.status_code == 409
    assert "It is not empty" in response.content.decode()
    assert Category.objects.filter(pk=acme.drinks.pk).exists()


def test_a_name_or_number_in_use_is_said_at_its_field(acme, client_as):
    response = change(client_as("editor"), acme.coffee, sku=acme.hammer.sku.lower())
    assert response.status_code == 422
    assert "Another product has this SKU." in response.content.decode()


# --- What the library would take, and this site does not ------------------------------------------


@pytest.mark.parametrize(
    ("place", "form"),
    [
        ("products/add", {"_saveasnew": "1"}),
        ("products", {"action": "erase_chosen", "select_across": "1", "index": "0", "confirmed": "yes"}),
    ],
)
def test_ways_round_the_form_are_bad_requests(acme, client_as, place, form):
    client, before = client_as("owner"), snapshot()
    form = {**form_of(acme.coffee), "_selected_action": acme.coffee.pk, **form}
    assert client.post(address(*place.split("/")), form).status_code == 400
    assert snapshot() == before


@pytest.mark.parametrize("action", ["delete_selected", "delete_model", "__class__", "erase", "erase_chosen"])
def test_an_action_that_is_not_offered_is_refused(acme, client_as, action):
    client, before = client_as("editor"), snapshot()
    response = channel.act(client, "products", action, acme.coffee.pk, confirmed="yes", post="yes")
    assert response.status_code == 403
    assert snapshot() == before


def test_rows_of_other_tables_sent_along_are_ignored(acme, client_as):
    """CVE-2026-4277 and -4292: forged inlines, and the columns of an editable list."""
    client = client_as("editor")
    prefix = "productusergrant_set"
    forged = {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0", f"{prefix}-0-user": acme.guest.pk}
    forged |= {f"{prefix}-0-permission": "1", f"{prefix}-0-content_object": acme.coffee.pk}
    assert change(client, acme.coffee, title="Mine", **forged).status_code == 302
    assert codes(acme.coffee, acme.guest) == set()
    before = snapshot()
    rows = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": acme.hammer.pk, "form-0-title": "Mine"}
    client.post(address("products"), rows | {"_save": "Save"})
    assert snapshot() == before


# --- Batches --------------------------------------------------------------------------------------


def erase(client, place, *keys):
    return channel.act(client, place, "erase_chosen", *keys, confirmed="yes")


def test_a_batch_is_asked_about_and_then_deleted(acme, client_as):
    client, keys = client_as("owner"), (acme.coffee.pk, acme.hammer.pk)
    page = channel.act(client, "products", "erase_chosen", *keys)
    assert [row[1] for row in page.context["rows"]] == ["Coffee acmeword", "Hammer acmeword"]
    sent = {name: value for name, value in Page(page).values.items() if name not in ("csrfmiddlewaretoken", None)}
    assert client.post(address("products"), sent | {"_selected_action": keys}).status_code == 302
    assert set(Product.objects.all()) == {acme.sencha, acme.saw}


def test_a_batch_with_one_row_that_is_forbidden_is_refused_whole(acme, desk, client_as):
    """Z9."""
    desk()
    for product in (acme.coffee, acme.hammer):
        assign_perm("catalog.view_product", acme.guest, product)
    assign_perm("catalog.delete_product", acme.guest, acme.coffee)
    client = client_as("guest")
    assert channel.act(client, "products", "erase_chosen", acme.coffee.pk, acme.hammer.pk).status_code == 403
    assert erase(client, "products", acme.coffee.pk, acme.hammer.pk).status_code == 403
    assert Product.objects.filter(pk=acme.coffee.pk).exists()
    assert erase(client, "products", acme.coffee.pk).status_code == 302
    assert not Product.objects.filter(pk=acme.coffee.pk).exists()


def test_a_batch_with_a_row_that_is_not_there_for_him_does_nothing(acme, desk, client_as):
    """The same answer whether he may not see it or it never was."""
    desk()
    for right in ("view", "delete"):
        assign_perm(f"catalog.{right}_product", acme.guest, acme.coffee)
    client, said = client_as("guest"), []
    for other in (acme.hammer.pk, 999_999):
        assert erase(client, "products", acme.coffee.pk, other).status_code == 302
        said.append([str(message) for message in client.get("/admin/").context["messages"]])
    assert said[0] == said[1] == ["Some of what you chose is no longer there. Nothing was done."]
    assert Product.objects.count() == 4


def test_a_batch_stops_at_what_a_rule_forbids(acme, client_as):
    """One category is empty, the other is not: both stay."""
    empty = Category(name="Empty")
    empty.place()
    assert erase(client_as("owner"), "categories", empty.pk, acme.drinks.pk).status_code == 302
    assert Category.objects.filter(pk__in=[empty.pk, acme.drinks.pk]).count() == 2


@pytest.mark.parametrize("keys", [["abc"], ["1 OR 1=1"], [str(n) for n in range(51)], ["1.0"]])
def test_keys_that_are_none_are_a_bad_request(acme, client_as, keys):
    assert erase(client_as("owner"), "products", *keys).status_code == 400
    assert Product.objects.count() == 4


# --- People ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [{"role": "admin", "active": "on"}, {"role": "owner"}, {}])
def test_of_two_owners_who_demote_each_other_one_stays(acme, client_as, form):
    """V8. The one who was quicker holds the right; the other has lost it, whatever page he had open."""
    second = make_member(email="o2@acme.test", name="Second", password=PASSWORD, role=Role.objects.get(key="owner"))
    quick, slow = client_as("owner"), HostClient(acme.tenant.host).sign_in(second, acme.tenant)
    assert slow.get(address("members", acme.owner.pk, "change")).status_code == 200
    assert quick.post(address("members", second.pk, "change"), {"role": "admin", "active": "on"}).status_code == 302
    before = snapshot()
    assert slow.post(address("members", acme.owner.pk, "change"), form).status_code == 403
    assert channel.remove(slow, acme.owner).status_code == 403
    assert snapshot() == before


def test_a_password_and_other_columns_of_a_member_stay(acme, client_as):
    before = User.objects.values("password", "email", "name", "kind", "issuer").get(pk=acme.viewer.pk)
    forged = {
        "password": "hacked",
        "email": "evil@evil.test",
        "name": "Evil",
        "kind": "service",
        "groups": [1, 2],
        "is_superuser": "on",
    }
    response = client_as("owner").post(
        address("members", acme.viewer.pk, "change"), {"role": "editor", "active": "on"} | forged
    )
    assert response.status_code == 302
    assert User.objects.values("password", "email", "name", "kind", "issuer").get(pk=acme.viewer.pk) == before
    assert [role.key for role in User.objects.get(pk=acme.viewer.pk).roles] == ["editor"]


def test_saving_a_member_without_a_role_gives_none(acme, client_as):
    form = Page(client_as("owner").get(address("members", acme.stranger.pk, "change")))
    assert ("option", {"value": "", "selected": None}) in form.elements
    response = client_as("owner").post(address("members", acme.stranger.pk, "change"), {"role": "", "active": "on"})
    assert (response.status_code, User.objects.get(pk=acme.stranger.pk).roles) == (302, [])


def test_a_role_is_not_given_by_one_who_lost_the_right_meanwhile(acme, client_as):
    """Z9: the page was open while the right was taken away."""
    client = client_as("admin")
    assert client.get(address("members", acme.viewer.pk, "change")).status_code == 200
    acme.admin.groups.set([Role.objects.get(key="editor").group])
    assert (
        client.post(address("members", acme.viewer.pk, "change"), {"role": "editor", "active": "on"}).status_code == 403
    )
    assert [role.key for role in User.objects.get(pk=acme.viewer.pk).roles] == ["viewer"]


def test_an_invitation_goes_out_once(acme, client_as, mailoutbox):
    client = client_as("admin")
    assert channel.invite(client, "viewer").status_code == 302
    assert [mail.to for mail in mailoutbox] == [["new@acme.test"]]
    again = channel.invite(client, "viewer")
    assert (again.status_code, "open invitation" in again.content.decode()) == (409, True)
    assert Invitation.objects.count() == len(mailoutbox) == 1


def test_a_member_is_not_invited(acme, client_as, mailoutbox):
    response = client_as("admin").post(address("invitations", "add"), {"email": acme.viewer.email, "role": "viewer"})
    assert (response.status_code, mailoutbox, Invitation.objects.count()) == (409, [], 0)


# --- Sessions and keys ----------------------------------------------------------------------------


def session_of(user) -> UserSession:
    return UserSession.objects.get(user=user)


def test_a_session_is_ended_and_its_browser_is_out(acme, client_as):
    viewer, admin = client_as("viewer"), client_as("admin")
    page = f"/admin/usersessions/usersession/{session_of(acme.viewer).pk}/delete/"
    assert admin.post(page, {"confirmed": "yes"}).status_code == 302
    assert not Session.objects.filter(session_key=viewer.cookies["sessionid"].value).exists()
    assert viewer.get("/products/").status_code == 302
    assert Entry.objects.filter(action="session_ended", object_id=str(acme.viewer.pk), actor_id=acme.admin.pk).exists()


def test_sessions_of_those_who_hold_more_are_not_there(acme, client_as):
    client_as("owner"), client_as("editor")
    admin = client_as("admin")
    listed = {row.user for row in admin.get("/admin/usersessions/usersession/").context["cl"].result_list}
    assert listed == {acme.admin, acme.editor}
    page = f"/admin/usersessions/usersession/{session_of(acme.owner).pk}/delete/"
    assert admin.post(page, {"confirmed": "yes"}).status_code == 404
    assert session_of(acme.owner)


def test_a_key_is_revoked_by_its_owner_and_by_those_who_may(acme, client_as):
    make = {"rights": ["catalog.view_product"], "expires_at": None}
    own, _text = api_keys.create(actor=acme.editor, name="Mine", **make)
    other, _text = api_keys.create(actor=acme.admin, name="Theirs", **make)
    editor = client_as("editor")
    assert {row.pk for row in editor.get("/admin/accounts/apikey/").context["cl"].result_list} == {own.pk}
    assert editor.post(f"/admin/accounts/apikey/{other.pk}/delete/", {"confirmed": "yes"}).status_code == 404
    assert editor.post(f"/admin/accounts/apikey/{own.pk}/delete/", {"confirmed": "yes"}).status_code == 302
    assert set(ApiKey.objects.filter(revoked_at=None)) == {other}
    assert (
        client_as("owner").post(f"/admin/accounts/apikey/{other.pk}/delete/", {"confirmed": "yes"}).status_code == 302
    )
    assert not ApiKey.objects.filter(revoked_at=None).exists()


# --- Grants ---------------------------------------------------------------------------------------


def test_a_right_is_added_to_those_one_has_and_taken_singly(acme, client_as):
    client = client_as("admin")
    channel.share(client, "products", acme.coffee.pk, acme.guest, "catalog.change_product")
    channel.share(client, "products", acme.coffee.pk, acme.guest, "catalog.delete_product")
    assert codes(acme.coffee, acme.guest) == {"view_product", "change_product", "delete_product"}
    grants = direct_grants(acme.coffee, acme.guest)
    take = "/admin/catalog/productusergrant/{}/delete/"
    client.post(take.format(grants.get(permission__codename="delete_product").pk), {"confirmed": "yes"})
    assert codes(acme.coffee, acme.guest) == {"view_product", "change_product"}
    client.post(take.format(grants.get(permission__codename="view_product").pk), {"confirmed": "yes"})
    assert codes(acme.coffee, acme.guest) == set()


def test_a_role_is_granted_too(acme, client_as):
    role = Role.objects.get(key="guest")
    form = {"content_object": acme.drinks.pk, "role": role.pk, "right": "catalog.add_product_to_category"}
    assert client_as("admin").post("/admin/catalog/categorygroupgrant/add/", form).status_code == 302
    assert codes(acme.drinks, role.group) == {"view_category", "add_product_to_category"}


@pytest.mark.parametrize(
    ("right", "status"),
    [
        ("catalog.view_product", 302),
        ("catalog.delete_product", 403),
        ("catalog.share_product", 422),
        ("accounts.own_organisation", 422),
    ],
)
def test_nobody_grants_more_than_he_holds(acme, desk, client_as, right, status):
    """Z8."""
    desk("catalog.view_product", "catalog.share_product", "accounts.view_user")
    form = {"content_object": acme.coffee.pk, "user": acme.stranger.pk, "right": right}
    assert client_as("guest").post("/admin/catalog/productusergrant/add/", form).status_code == status
    assert codes(acme.coffee, acme.stranger) == ({"view_product"} if status == 302 else set())


@pytest.mark.parametrize("user", ["abc", "999999", "", "1 OR 1=1", "9" * 40])
def test_a_grant_to_nobody_is_a_form_with_an_error(acme, client_as, user):
    form = {"content_object": acme.coffee.pk, "user": user, "right": "catalog.view_product"}
    client, before = client_as("owner"), snapshot()
    assert client.post("/admin/catalog/productusergrant/add/", form).status_code == 422
    assert client.get("/admin/catalog/productusergrant/add/", {"user": user}).status_code == 200
    assert snapshot() == before


# --- History --------------------------------------------------------------------------------------


def test_the_history_is_the_audit_log_of_that_row(acme, client_as):
    client = client_as("editor")
    change(client, acme.coffee, title="Espresso")
    change(client, acme.hammer, title="Mallet")
    client.get("/admin/")  # says what was saved, once
    words = Page(client.get(address("products", acme.coffee.pk, "history"))).words
    assert ("Coffee acmeword → Espresso" in words, "Mallet" in words) == (True, False)


def test_the_history_is_for_those_who_may_change_the_row_or_read_the_log(acme, desk, client_as):
    desk()
    assign_perm("catalog.view_product", acme.guest, acme.coffee)
    client, page = client_as("guest"), address("products", acme.coffee.pk, "history")
    assert client.get(page).status_code == 403
    assert "/history/" not in " ".join(Page(client.get(address("products", acme.coffee.pk, "change"))).links())
    assign_perm("catalog.change_product", acme.guest, acme.coffee)
    assert client.get(page).status_code == 200


def test_nobody_writes_in_the_audit_log(acme, client_as):
    client = client_as("owner")
    change(client, acme.coffee, title="Espresso")
    line = Entry.objects.filter(object_type="catalog.product").first()
    for page in ("change", "delete"):
        response = client.post(f"/admin/audit/entry/{line.pk}/{page}/", {"action": "nothing", "confirmed": "yes"})
        assert response.status_code == 403
    assert client.post("/admin/audit/entry/add/", {"action": "made_up"}).status_code == 403
    assert Entry.objects.get(pk=line.pk).action == line.action
