"""The operators' own organisation: made once, by command, with roles that nobody else has."""

import pytest
from django.db import connection

from accounts.models import Role, User
from accounts.roles import PLATFORM_ROLES, SYSTEM_ROLES
from tenants.models import Tenant
from tenants.schema import in_tenant
from tests.conftest import HostClient

GIVEN = {"owner_email": "olga@platform.test", "owner": "Olga Ops"}


@pytest.fixture
def made(tenants, db, manage) -> Tenant:
    connection.set_schema_to_public()
    manage("create_platform", **GIVEN)
    return Tenant.objects.get(slug="platform")


def test_it_has_its_owner_and_its_roles_and_is_in_order(made, manage):
    with in_tenant(made):
        owner = User.objects.get()
        assert (owner.email, [role.key for role in owner.roles]) == ("olga@platform.test", ["owner"])
        held = {role.key: role.permission_names for role in Role.objects.with_permissions()}
    assert held == {key: role.permissions for key, role in {**SYSTEM_ROLES, **PLATFORM_ROLES}.items()}
    manage("doctor", schema="t_platform")


def test_it_is_made_once(made, manage):
    assert "The platform is there already." in manage.refused("create_platform", **GIVEN)
    assert Tenant.objects.filter(slug="platform").count() == 1


@pytest.mark.parametrize("address", ["nobody", "", "a@b"])
def test_an_owner_who_cannot_be_written_to_makes_no_platform(tenants, db, manage, address):
    connection.set_schema_to_public()
    manage.refused("create_platform", owner_email=address)
    assert not Tenant.objects.filter(slug="platform").exists()


def test_no_other_organisation_has_its_roles(made, acme):
    assert not Role.objects.filter(key__in={"operator", "support", "auditor"}).exists()


def test_nobody_signs_it_up(public_client):
    form = {"organisation": "P", "slug": "platform", "currency": "EUR", "name": "P", "email": "p@p.test"}
    assert public_client.post("/sign-up/", form | {"password": "correct horse battery"}).status_code == 422
    assert HostClient("platform.localhost").get("/account/login/").status_code == 404
