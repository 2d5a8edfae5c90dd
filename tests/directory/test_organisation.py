"""An organisation that is new here is made at the provider, before anything else is told of it."""

import pytest

from accounts.flows import directory, outbox
from accounts.models import DirectoryTask, Role, User
from accounts.providers import registry
from tenants.models import Tenant
from tenants.schema import in_public

from .conftest import everywhere, later

Deed = directory.Deed


@pytest.fixture
def unconnected(acme, there, idp):
    """Acme is the provider's, and not there yet."""
    idp.world.remove_tenant(there)
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(provider_tenant_id="")
    acme.tenant.provider_tenant_id = ""
    return acme.tenant


def test_the_organisation_is_made_there_before_anybody_is_invited(unconnected, idp, acme, tell):
    directory.tell(Deed.CREATE_TENANT)
    tell(Deed.INVITE, email="bea@acme.test", roles=[Role.objects.get(key="owner")])
    with in_public():
        made = idp.world.tenants[Tenant.objects.get(pk=unconnected.pk).provider_tenant_id]
    assert made.name == unconnected.name
    assert [each.person.email for each in idp.world.members(made)] == ["bea@acme.test"]


@everywhere
def test_the_organisation_is_made_there_with_its_owner_as_a_member(unconnected, idp, tell):
    person = idp.world.add_person("olive", email="olive@acme.test")
    issuer = registry.provider_of(unconnected).issuer
    owner = User.objects.create(issuer=issuer, subject=person.subject, email=person.email)
    owner.groups.add(Role.objects.get(key="owner").group)
    tell(Deed.CREATE_TENANT, user=owner)
    with in_public():
        made = idp.world.tenants[Tenant.objects.get(pk=unconnected.pk).provider_tenant_id]
    assert "Owner" in idp.world.roles_of(person, made)
    assert not DirectoryTask.objects.waiting().exists()


def test_an_organisation_is_made_once_even_if_the_answer_was_lost(unconnected, idp, tell, acme):
    idp.faults.answer("/tenants", 503, times=None)
    tell(Deed.CREATE_TENANT)
    idp.faults.clear()
    idp.world.add_tenant(DirectoryTask.objects.get().details["wanted_id"], name="Acme")
    later(minutes=1)
    outbox.work_off(acme.tenant.pk, seconds=5)
    assert DirectoryTask.objects.get().done_at
    assert len(idp.world.tenants) == 1


def test_while_it_is_not_there_nobody_is_invited(unconnected, idp, tell):
    idp.faults.answer("/tenants", 503, times=None)
    tell(Deed.CREATE_TENANT)
    tell(Deed.INVITE, email="bea@acme.test", roles=[])
    assert DirectoryTask.objects.waiting().count() == 2
    assert DirectoryTask.objects.get(deed=Deed.INVITE).tries == 0
    assert not [each for each in idp.requests if "users" in each.path]
