"""A field that is not on the form is not read from it: each column is sent once, and stays as it was (Z4)."""

import pytest
from django.db import models

from accounts.forms import OrganisationForm, ProfileForm
from accounts.models import Invitation, User
from catalog.models import Category, Product
from tenants.models import Tenant
from tenants.schema import in_public

VALUES = {
    models.BooleanField: "on",
    models.DateTimeField: "2001-01-01 00:00",
    models.ForeignKey: "2",
    models.OneToOneField: "2",
    models.EmailField: "eve@evil.test",
    models.URLField: "https://evil.test/x.png",
    models.UUIDField: "00000000-0000-0000-0000-000000000000",
}


def columns(model, on_form: list[str]) -> list[str]:
    names = [field.name for field in model._meta.get_fields() if field.concrete]
    return [*sorted(set(names) - set(on_form)), "is_superuser", "is_staff", "user_permissions", "tenant", "pk"]


def value_for(model, name: str) -> str:
    field = {field.name: field for field in model._meta.get_fields()}.get(name)
    return next((value for kind, value in VALUES.items() if isinstance(field, kind)), "7")


def row(model, pk: int, *leave_out: str) -> dict:
    values = model.objects.filter(pk=pk).values().get()
    return {name: value for name, value in values.items() if name not in leave_out}


@pytest.mark.parametrize("name", columns(User, ProfileForm.Meta.fields))
def test_profile_takes_name_and_picture_only(client_as, acme, name):
    client = client_as("guest")
    client.get("/profile/")  # "last seen" is noted
    before, roles = row(User, acme.guest.pk, "name"), list(acme.guest.groups.all())
    form = {"name": "New Name", "picture": "", name: value_for(User, name)}
    assert client.post("/profile/", form).status_code == 302
    assert row(User, acme.guest.pk, "name") == before
    assert list(acme.guest.groups.all()) == roles


@pytest.mark.parametrize("name", columns(Tenant, OrganisationForm.Meta.fields))
def test_organisation_takes_its_settings_only(client_as, acme, name):
    with in_public():
        before = row(Tenant, acme.tenant.pk, "name", "currency")
    form = {"name": "New Name", "currency": "USD", name: value_for(Tenant, name)}
    assert client_as("owner").post("/organisation/", form).status_code == 302
    with in_public():
        assert row(Tenant, acme.tenant.pk, "name", "currency") == before


@pytest.mark.parametrize("name", columns(Invitation, ["email", "role"]))
def test_invitation_takes_addresses_and_role_only(client_as, acme, name):
    form = {"addresses": "ann@acme.test", "role": "viewer", name: value_for(Invitation, name)}
    assert client_as("owner").post("/invitations/new/", form).status_code == 302
    made = Invitation.objects.get(email="ann@acme.test")
    assert (made.role.key, made.invited_by, made.state) == ("viewer", acme.owner, "pending")
    assert len(made.token_hash) == 64


PRODUCT_FORM = ["title", "description", "sku", "price", "picture_url", "status", "category", "version"]


@pytest.mark.parametrize("name", columns(Product, PRODUCT_FORM))
def test_product_takes_what_is_on_its_form_only(client_as, acme, name):
    product = acme.coffee
    before = row(Product, product.pk, "title", "version", "changed_at", "changed_by_id", "search")
    form = {
        "title": "New Title",
        "description": product.description,
        "sku": product.sku,
        "price": product.price,
        "status": product.status,
        "category": product.category_id,
        "version": product.version,
        name: value_for(Product, name),
    }
    assert client_as("editor").post(f"/products/{product.pk}/edit/", form).status_code == 302
    assert row(Product, product.pk, "title", "version", "changed_at", "changed_by_id", "search") == before
    assert Product.objects.get(pk=product.pk).changed_by == acme.editor


@pytest.mark.parametrize("name", columns(Category, ["name", "parent"]))
def test_category_takes_name_and_place_only(client_as, acme, name):
    before = row(Category, acme.tools.pk, "name", "path_name")
    form = {"name": "New Name", "parent": "", name: value_for(Category, name)}
    assert client_as("editor").post(f"/categories/{acme.tools.pk}/edit/", form).status_code == 302
    assert row(Category, acme.tools.pk, "name", "path_name") == before
