"""Operators who come to the platform by an identity provider enter organisations like any other."""

from datetime import timedelta

import pytest

from accounts.flows import support
from accounts.models import Role, SupportVisit, User
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant


@pytest.fixture
def move(platform):
    """`move("oidc")`: the platform's people are this provider's from now on."""

    def to(provider: str) -> None:
        with in_public():
            Tenant.objects.filter(pk=platform.tenant.pk).update(provider=provider)
            platform.tenant.refresh_from_db()

    yield to
    platform.tenant.provider = "local"


@pytest.fixture
def operator(platform, known, move) -> User:
    move("frontegg")
    with in_tenant(platform.tenant):
        operator = User.objects.create(issuer=known["frontegg"].provider.issuer, subject="7", name="Otto Ops")
        operator.groups.add(Role.objects.get(key="operator").group)
    return operator


@pytest.fixture
def runs(acme, platform, operator):
    """`runs()`: whether the operator's visit goes on."""
    with in_tenant(platform.tenant):
        support.enter(operator=operator, tenant=acme.tenant, reason="A test", length=timedelta(hours=1))
    visit = SupportVisit.objects.select_related("visitor").get()
    return lambda: support.running_visit(visitor=visit.visitor, number=visit.pk, writes=False) == visit


def test_a_visit_of_an_operator_from_a_provider_lasts_as_long_as_he_may_enter(runs, operator, platform):
    assert runs()
    with in_tenant(platform.tenant):
        operator.groups.clear()
    assert not runs()


@pytest.mark.parametrize("other", ["local", "oidc", "gone"])
def test_it_ends_when_the_platforms_people_come_by_another_provider(runs, move, other):
    move(other)
    assert not runs()
    move("frontegg")
    assert runs()
