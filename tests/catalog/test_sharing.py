"""Sharing one object: who may, what comes with it, what the panel says, and when it ends. (Z1, Z3, Z5, Z6, Z8, Z9)"""

import re

import pytest
from django.contrib.auth.models import Group, Permission

from accounts import access
from accounts.flows import membership
from accounts.models import Role, User
from catalog.forms import ProductForm
from catalog.models import Category, CategoryUserGrant, Product, ProductGroupGrant, ProductUserGrant
from tests.accounts.pages import Page
from tests.snapshot import snapshot


@pytest.fixture
def panel(acme, client_as):
    """`panel("admin", "coffee", "guest", "change")`: send the share form; a `role:` is one of the roles."""

    def send(who: str, key: str, holder: str, *rights: str):
        target = acme.products.get(key) or acme.categories[key]
        kind, _colon, name = holder.rpartition(":")
        principal = f"role-{Role.objects.get(key=name).pk}" if kind else f"user-{acme.people[name].pk}"
        codes = {"add": "catalog.add_product_to_category"}
        names = [codes.get(right, f"catalog.{right}_{target._meta.model_name}") for right in rights]
        return client_as(who).post(f"{target.get_absolute_url()}share/", {"principal": principal, "rights": names})

    return send


@pytest.fixture
def granted(acme):
    """`granted()`: all grants on Coffee and Drinks, as (who, codename)."""

    def read() -> set[tuple[str, str]]:
        people = [*ProductUserGrant.objects.all(), *CategoryUserGrant.objects.all()]
        roles = [*ProductGroupGrant.objects.all(), *access.group_grants(Category).objects.all()]
        found = {(row.user.email.partition("@")[0], row.permission.codename) for row in people}
        return found | {(f"role:{row.group.role.key}", row.permission.codename) for row in roles}

    return read


# --- Giving, changing, taking away -----------------------------------------------------------------------------


@pytest.mark.parametrize(("holder", "row"), [("guest", "guest"), ("role:guest", "role:guest")])
def test_viewing_comes_with_every_other_right(panel, client_as, acme, granted, holder, row):
    assert panel("admin", "coffee", holder, "change").status_code == 302
    assert granted() == {(row, "view_product"), (row, "change_product")}
    assert client_as("guest").get(f"/products/{acme.coffee.pk}/edit/").status_code == 200
    assert client_as("guest").get(f"/products/{acme.coffee.pk}/delete/").status_code == 403


def test_sharing_again_takes_the_place_of_what_was_shared(panel, granted):
    panel("admin", "coffee", "guest", "change", "delete")
    panel("admin", "coffee", "guest", "view")
    assert granted() == {("guest", "view_product")}


def test_sharing_nothing_takes_it_away_at_the_next_request(acme, panel, client_as, granted):
    client = client_as("guest")
    panel("admin", "coffee", "guest", "view")
    assert client.get(f"/products/{acme.coffee.pk}/").status_code == 200
    assert panel("admin", "coffee", "guest").status_code == 302
    assert client.get(f"/products/{acme.coffee.pk}/").status_code == 404
    assert granted() == set()


def test_one_persons_grant_is_nobody_elses(acme, panel, client_as, granted):
    panel("admin", "coffee", "guest", "change")
    panel("admin", "coffee", "stranger", "view")
    panel("admin", "coffee", "guest")
    assert granted() == {("stranger", "view_product")}
    assert client_as("stranger").get(f"/products/{acme.coffee.pk}/").status_code == 200


def test_a_category_gives_the_right_to_add_and_to_go_on_with_what_one_added(acme, panel, client_as, filled):
    assert panel("admin", "drinks", "guest", "add").status_code == 302
    client = client_as("guest")
    response = client.post("/products/new/", filled())
    made = Product.objects.get(title="Mocha")
    assert response["Location"] == f"/products/{made.pk}/"
    assert client.get(response["Location"]).status_code == 200
    assert client.post(f"/products/{made.pk}/edit/", filled(made, title="Mocca")).status_code == 302
    assert client.post(f"/products/{made.pk}/delete/").status_code == 403
    assert client.get(f"/products/{acme.coffee.pk}/edit/").status_code == 403


def test_what_one_added_stays_ones_own_after_the_category_is_no_longer_shared(panel, client_as, filled):
    panel("admin", "drinks", "guest", "add")
    client = client_as("guest")
    address = client.post("/products/new/", filled())["Location"]
    panel("admin", "drinks", "guest")
    assert client.get(address).status_code == 200
    assert client.post("/products/new/", filled(title="Second")).status_code == 403


@pytest.mark.parametrize(("category", "status"), [("tea", 302), ("tools", 422)])
def test_a_product_is_moved_only_to_where_one_may_add(acme, panel, client_as, filled, stored, category, status):
    panel("admin", "drinks", "guest", "add", "change")
    data = filled(acme.coffee, category=acme.categories[category].pk)
    assert client_as("guest").post(f"/products/{acme.coffee.pk}/edit/", data).status_code == status
    assert stored("coffee").category_id == (acme.tea.pk if status == 302 else acme.drinks.pk)


@pytest.mark.parametrize(("category", "status"), [("drinks", 302), ("tools", 403)])
def test_the_door_asks_again_when_the_row_is_written(acme, panel, client_as, filled, monkeypatch, category, status):
    """The choices of the form are a help; a right that went away since is found before the row is."""
    panel("admin", "drinks", "guest", "add")
    monkeypatch.setattr(ProductForm, "offered_categories", lambda form, user: Category.objects.all())
    data = filled(category=acme.categories[category].pk)
    assert client_as("guest").post("/products/new/", data).status_code == status
    assert Product.objects.filter(title="Mocha").exists() is (status == 302)


# --- Who may not ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "status"), [("editor", 403), ("viewer", 403), ("guest", 404), ("stranger", 404)])
@pytest.mark.parametrize("key", ["coffee", "drinks"])
def test_those_who_may_not_share_cannot_even_with_themselves(panel, who, status, key):
    before = snapshot()
    assert panel(who, key, who, "delete").status_code == status
    assert snapshot() == before


def test_a_grant_to_change_is_no_right_to_share(panel, granted):
    panel("admin", "coffee", "guest", "change", "delete")
    before = granted()
    assert panel("guest", "coffee", "stranger", "view").status_code == 403
    assert granted() == before


@pytest.mark.parametrize(("right", "status"), [("view", 302), ("change", 403), ("delete", 403)])
def test_nobody_gives_a_right_that_he_does_not_hold(acme, panel, granted, right, status):
    """A role of the organisation's own that may see and share, and no more."""
    clerk = Group.objects.create(name="Clerk")
    Role.objects.create(group=clerk, key="clerk")
    clerk.permissions.set(Permission.objects.filter(codename__in=["view_product", "share_product"]))
    acme.viewer.groups.set([clerk])
    response = panel("viewer", "coffee", "guest", right)
    assert response.status_code == status
    assert granted() == ({("guest", "view_product")} if status == 302 else set())
    assert status == 302 or "You cannot give" in Page(response).words


@pytest.mark.parametrize(
    ("principal", "rights", "field"),
    [
        ("user-999999", ["catalog.view_product"], "principal"),
        ("role-999999", ["catalog.view_product"], "principal"),
        ("user-x", ["catalog.view_product"], "principal"),
        ("", ["catalog.view_product"], "principal"),
        ("user-{guest}' OR 1=1", ["catalog.view_product"], "principal"),
        ("user-{guest}", ["catalog.own_product"], "rights"),
        ("user-{guest}", ["catalog.share_product"], "rights"),
        ("user-{guest}", ["catalog.view_category"], "rights"),
        ("user-{guest}", ["accounts.own_organisation"], "rights"),
        ("user-{guest}", ["catalog.view_product", "is_superuser"], "rights"),
        ("user-{guest}", ["view"], "rights"),
    ],
)
def test_a_made_up_person_or_right_is_refused(acme, client_as, granted, principal, rights, field):
    data = {"principal": principal.format(guest=acme.guest.pk), "rights": rights}
    response = client_as("owner").post(f"/products/{acme.coffee.pk}/share/", data)
    assert (response.status_code, response.context["share_form"].has_error(field)) == (422, True)
    assert granted() == set()


def test_somebody_who_was_removed_is_no_choice(acme, panel, granted):
    membership.remove(actor=acme.owner, member=acme.stranger)
    assert panel("admin", "coffee", "stranger", "view").status_code == 422
    assert granted() == set()


def test_what_a_deactivated_member_has_can_be_taken_away(acme, panel, granted):
    panel("admin", "coffee", "guest", "view")
    User.objects.filter(pk=acme.guest.pk).update(is_active=False)
    assert panel("admin", "coffee", "guest").status_code == 302
    assert granted() == set()


# --- The panel ----------------------------------------------------------------------------------------------------


def lines(response) -> set[tuple[str, str, str]]:
    return {(str(share.principal), share.reason, str(share.source or "")) for share in response.context["shares"]}


def test_the_panel_says_who_has_access_and_why(acme, panel, client_as):
    panel("admin", "sencha", "guest", "view")
    panel("admin", "tea", "stranger", "view")
    panel("admin", "drinks", "role:guest", "change")
    shown = lines(client_as("admin").get(f"/products/{acme.sencha.pk}/"))
    assert {("Owner", "role", ""), ("Admin", "role", ""), ("Editor", "role", ""), ("Viewer", "role", "")} < shown
    assert (str(acme.guest), "grant", "") in shown
    assert (str(acme.stranger), "container", "Tea acmeword") in shown
    assert ("Guest", "container", "Drinks acmeword") in shown
    assert len(shown) == 7


def test_the_panel_says_the_same_as_the_door(acme, panel, client_as):
    """Each right that the panel names opens, and nobody who may view is missing from it."""
    panel("admin", "coffee", "guest", "delete")
    panel("admin", "drinks", "stranger", "change")
    told: dict[int, set[str]] = {}
    for share in client_as("admin").get(f"/products/{acme.coffee.pk}/").context["shares"]:
        holders = [share.principal] if isinstance(share.principal, User) else share.principal.group.user_set.all()
        for person in holders:
            told.setdefault(person.pk, set()).update(re.findall(r"\.([a-z]+)_", " ".join(share.rights)))
    for person in User.objects.all():
        rights = {right: f"catalog.{right}_product" for right in ("view", "change", "delete")}
        allowed = {right for right, name in rights.items() if access.allows(person, name, acme.coffee)}
        assert told.get(person.pk, set()) == allowed, person


@pytest.mark.parametrize(("who", "shown"), [("admin", True), ("editor", False), ("viewer", False)])
def test_only_those_who_may_share_see_the_panel(acme, client_as, who, shown):
    for address in (acme.coffee.get_absolute_url(), acme.drinks.get_absolute_url()):
        page = client_as(who).get(address)
        assert ("Who has access" in page.content.decode()) is shown
        assert ("shares" in page.context) is shown


# --- When it ends ---------------------------------------------------------------------------------------------------


def test_a_grant_dies_with_its_object_and_a_reused_key_inherits_nothing(acme, panel, client_as, granted):
    """Z6: the same number again is another product."""
    panel("admin", "coffee", "guest", "change")
    client_as("admin").post(f"/products/{acme.coffee.pk}/delete/")
    assert granted() == set()
    again = Product(pk=acme.coffee.pk, title="Again", category=acme.tools)
    again.created_by = again.changed_by = acme.owner
    again.save(force_insert=True)
    assert client_as("guest").get(f"/products/{again.pk}/").status_code == 404


def test_a_grant_dies_with_its_role_and_a_role_of_the_same_name_inherits_nothing(acme, client_as, granted):
    helpers = Role.objects.create(group=Group.objects.create(name="Helpers"), key="helpers")
    acme.stranger.groups.add(helpers.group)
    data = {"principal": f"role-{helpers.pk}", "rights": ["catalog.view_product"]}
    client_as("admin").post(f"/products/{acme.coffee.pk}/share/", data)
    assert client_as("stranger").get(f"/products/{acme.coffee.pk}/").status_code == 200
    helpers.group.delete()
    assert granted() == set()
    again = Role.objects.create(group=Group.objects.create(name="Helpers"), key="helpers")
    acme.stranger.groups.add(again.group)
    assert client_as("stranger").get(f"/products/{acme.coffee.pk}/").status_code == 404


def test_a_grant_dies_with_the_membership(acme, panel, client_as, granted):
    panel("admin", "coffee", "guest", "change")
    panel("admin", "drinks", "guest", "view")
    client_as("owner").post(f"/members/{acme.guest.pk}/remove/")
    assert granted() == set()


@pytest.mark.parametrize("change", ["role", "group", "deactivated"])
def test_rights_end_with_the_role_while_the_session_lives(acme, client_as, filled, stored, change):
    """Z5: the next request is refused, and nothing is written."""
    client, address = client_as("editor"), f"/products/{acme.coffee.pk}/edit/"
    assert client.get(address).status_code == 200
    match change:
        case "role":
            membership.change_role(actor=acme.owner, member=acme.editor, role=Role.objects.get(key="guest"))
        case "group":
            User.objects.get(pk=acme.editor.pk).groups.clear()
        case "deactivated":
            membership.deactivate(actor=acme.owner, member=acme.editor)
    response = client.post(address, filled(acme.coffee, title="Too late"))
    assert response.status_code == (302 if change == "deactivated" else 404)
    assert stored("coffee").title == acme.coffee.title


def test_a_right_taken_away_between_form_and_submit_is_gone(acme, panel, client_as, filled, stored):
    """Z9."""
    panel("admin", "coffee", "guest", "change")
    client, address = client_as("guest"), f"/products/{acme.coffee.pk}/edit/"
    assert client.get(address).status_code == 200
    panel("admin", "coffee", "guest", "view")
    assert client.post(address, filled(acme.coffee, title="Too late")).status_code == 403
    assert stored("coffee").title == acme.coffee.title


# --- A public catalogue leaks nothing -------------------------------------------------------------------------------


@pytest.fixture
def public(acme, client_as):
    form = {"name": acme.tenant.name, "currency": "EUR", "catalogue_is_public": "on"}
    assert client_as("owner").post("/organisation/", form).status_code == 302


@pytest.mark.usefixtures("public")
def test_a_visitor_sees_what_is_published_and_nothing_of_the_rest(acme, visitor):
    response = visitor.get("/products/")
    text = response.content.decode()
    assert response.context["paginator"].count == 2
    assert "Coffee acmeword" in text
    assert "Hammer acmeword" in text
    assert "Sencha" not in text
    assert "Saw" not in text
    assert "Tea acmeword" not in text, "a category with nothing published in it is a choice of the filter"


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("query", [{"q": "sencha"}, {"status": "draft"}, {"status": "archived"}, {"q": "SKU-saw"}])
def test_a_visitors_search_does_not_reach_drafts(visitor, query):
    response = visitor.get("/products/", query)
    assert (response.status_code, response.context["paginator"].count) == (200, 0)


@pytest.mark.usefixtures("public")
def test_a_visitor_sees_nobodys_name_and_no_button(acme, visitor):
    response = visitor.get(f"/products/{acme.coffee.pk}/")
    text = response.content.decode()
    assert response.status_code == 200
    for hidden in (acme.owner.name, acme.owner.email, "Who has access", "/edit/", "/delete/", "/share/"):
        assert hidden not in text


@pytest.mark.usefixtures("public")
def test_switched_off_again_it_is_closed_at_the_next_request(acme, visitor, client_as):
    assert visitor.get("/products/").status_code == 200
    client_as("owner").post("/organisation/", {"name": acme.tenant.name, "currency": "EUR"})
    assert visitor.get("/products/").status_code == 302
    assert visitor.get(f"/products/{acme.coffee.pk}/").status_code == 302
