"""The organisation's settings, its roles, and the way to one's other organisations."""

import pytest
from allauth.account.models import EmailAddress

from accounts.flows import people
from accounts.forms import OrganisationForm
from accounts.models import Role
from tenants import lifecycle
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant

from . import hostile
from .pages import Page

FORM = {"name": "Acme Renamed", "currency": "USD", "catalogue_is_public": "on"}
ALL = ["owner", "admin", "editor", "viewer", "guest", "stranger"]


def stored(world) -> Tenant:
    with in_public():
        return Tenant.objects.get(pk=world.tenant.pk)


@pytest.mark.parametrize("who", ALL)
def test_settings_are_changed_by_those_who_may(client_as, acme, globex, who):
    may = who in ("owner", "admin")
    client = client_as(who)
    assert client.get("/organisation/").status_code == (200 if may else 403)
    assert client.post("/organisation/", FORM).status_code == (302 if may else 403)
    tenant = stored(acme)
    assert (tenant.name == "Acme Renamed", tenant.currency == "USD", tenant.catalogue_is_public) == (may, may, may)
    assert stored(globex).name == globex.tenant.name


def test_new_name_is_shown_at_once(client_as):
    client = client_as("owner")
    client.post("/organisation/", FORM)
    assert "Acme Renamed" in Page(client.get("/products/")).words


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"currency": "XXX"},
        {"currency": ""},
        *({"name": text} for text in hostile.INVISIBLE),
    ],
    ids=ascii,
)
def test_bad_setting_is_refused_and_nothing_written(client_as, acme, change):
    before = stored(acme)
    response = client_as("owner").post("/organisation/", FORM | change)
    assert response.status_code == 422
    assert (stored(acme).name, stored(acme).currency) == (before.name, before.currency)


def test_refused_form_leaves_the_bar_as_it_is(client_as, acme):
    page = Page(client_as("owner").post("/organisation/", FORM | {"currency": "XXX"}))
    assert page.values["name"] == "Acme Renamed"
    assert acme.tenant.name in page.words
    assert "Acme Renamed" not in page.words


@pytest.mark.parametrize("text", hostile.PLAIN, ids=ascii)
def test_any_other_name_is_stored_as_typed(client_as, acme, text):
    assert client_as("owner").post("/organisation/", FORM | {"name": text[:80]}).status_code == 302
    assert stored(acme).name == text[:80]


def test_saving_does_not_undo_a_suspension_that_came_in_between(client_as, acme, monkeypatch):
    clean = OrganisationForm.clean

    def suspended_meanwhile(form):
        lifecycle.suspend(Tenant(pk=acme.tenant.pk))
        return clean(form)

    monkeypatch.setattr(OrganisationForm, "clean", suspended_meanwhile)
    client_as("owner").post("/organisation/", FORM)
    assert (stored(acme).name, stored(acme).status) == ("Acme Renamed", "suspended")


def join(world, email: str, *, proven: bool = True) -> None:
    with in_tenant(world.tenant):
        person = people.make_member(email=email, name="Twice", password="x", role=Role.objects.get(key="guest"))
        people.record_address(person, verified=proven)


@pytest.mark.parametrize("proven", [True, False])
def test_switcher_shows_the_organisations_of_a_proven_address_only(client_as, acme, globex, proven):
    join(globex, "viewer@acme.test")
    EmailAddress.objects.filter(user=acme.viewer).update(verified=proven)
    links = Page(client_as("viewer").get("/organisations/")).links()
    assert (globex.tenant.absolute_url("/") in links) is proven


def test_switcher_shows_no_organisation_of_others(client_as, globex):
    response = client_as("viewer").get("/organisations/")
    assert response.status_code == 200
    assert globex.tenant.host not in response.content.decode()


@pytest.mark.parametrize("who", ALL)
def test_roles_and_their_rights_are_told_to_the_team(client_as, who):
    may = who not in ("guest", "stranger")
    response = client_as(who).get("/roles/")
    assert response.status_code == (200 if may else 403)
    words = Page(response).words
    assert all(
        (role in words) is may for role in ("Everything, including who else is an owner.", "Products: see, add, change")
    )
