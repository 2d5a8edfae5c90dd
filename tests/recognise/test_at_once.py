"""Requests in the same instant, each on a connection of its own."""

import pytest
from django.db import connection
from django.test import Client

from accounts.audit.models import Entry
from accounts.flows import invite
from accounts.models import Role, SyncedRole, User
from accounts.providers import registry
from tenants import provisioning
from tenants.models import Tenant
from tenants.schema import in_tenant
from tests import world as worlds
from tests.accounts.races import at_once

from .issuer import Issuer, issuers


@pytest.fixture
def issuer(monkeypatch) -> Issuer:
    made = issuers()["frontegg"]
    monkeypatch.setattr(registry, "hosted_providers", lambda: {"frontegg": made.provider})
    return made


@pytest.fixture
def race(django_db_setup, django_db_blocker, issuer):
    """A throw-away organisation of that provider's, committed."""
    with django_db_blocker.unblock():
        world = worlds.build("race", "raceword")
        connection.set_schema_to_public()
        Tenant.objects.filter(pk=world.tenant.pk).update(
            provider="frontegg", provider_tenant_id="race-there", admits="provider"
        )
        world.tenant.refresh_from_db()
        yield world
        connection.set_schema_to_public()
        provisioning.delete_tenant(world.tenant)
        connection.close()


def program(world, token: str) -> Client:
    """One that commits for real: what is to happen after the commit happens by itself."""
    return Client(headers={"host": world.tenant.host, "authorization": f"Bearer {token}"})


def asking(world, token: str):
    client = program(world, token)
    return lambda: client.get("/api/v1/me/")


def demoting(world, token: str, pk: int):
    client, path = program(world, token), f"/api/v1/members/{pk}/role/"
    return lambda: client.put(path, {"role": "viewer"}, content_type="application/json")


@pytest.mark.parametrize("kind", ["userToken", "tenantApiToken"])
def test_two_first_requests_at_once_make_one_person(race, issuer, kind):
    token = issuer.token(tenantId="race-there", roles=["viewer"], type=kind)
    answers = at_once(*[asking(race, token)] * 2)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    with in_tenant(race.tenant):
        assert issuer.roles() == {"viewer"}
        assert SyncedRole.objects.count() == 1
        assert Entry.objects.filter(action__in=["joined", "service_account_made"]).count() == 1
        assert Entry.objects.filter(action="roles_followed").count() == 1


def test_two_first_requests_with_one_invitation_are_one_person(race, issuer):
    Tenant.objects.filter(pk=race.tenant.pk).update(admits="invited")
    with in_tenant(race.tenant):
        invite.invite(actor=race.owner, addresses=["ada@acme.test"], role=Role.objects.get(key="editor"))
    token = issuer.token(tenantId="race-there")
    answers = at_once(*[asking(race, token)] * 2)
    assert [answer.json()["roles"] for answer in answers] == [["editor"], ["editor"]]
    with in_tenant(race.tenant):
        assert User.objects.filter(issuer=issuer.provider.issuer).count() == 1


def test_two_owners_with_new_tokens_who_demote_each_other_leave_one(race, issuer):
    """Following a token must not lock in another order than changing a member does."""
    first, second = (issuer.token(name, ("owner",), tenantId="race-there") for name in ("ada", "bob"))
    for token in (first, second):
        asking(race, token)()
    with in_tenant(race.tenant):
        User.objects.filter(pk=race.owner.pk).update(is_active=False)
        ids = {name: issuer.user(name).pk for name in ("ada", "bob")}
    changes = [
        demoting(race, issuer.token(name, ("owner", "viewer"), seconds=1, tenantId="race-there"), ids[other])
        for name, other in (("ada", "bob"), ("bob", "ada"))
    ]
    statuses = sorted(answer.status_code for answer in at_once(*changes))
    assert statuses in ([200, 403], [200, 409])
    with in_tenant(race.tenant):
        assert User.objects.members().active().holding("owner").count() == 1
