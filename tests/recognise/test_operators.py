"""Operators who come to the platform by an identity provider enter organisations like any other."""

from datetime import timedelta

from accounts.flows import support
from accounts.models import Role, SupportVisit, User
from tenants.schema import in_tenant


def test_a_visit_of_an_operator_from_a_provider_lasts_as_long_as_he_may_enter(acme, platform):
    with in_tenant(platform.tenant):
        operator = User.objects.create(issuer="https://first.test", subject="7", name="Otto Ops")
        operator.groups.add(Role.objects.get(key="operator").group)
        support.enter(operator=operator, tenant=acme.tenant, reason="A test", length=timedelta(hours=1))
    visit = SupportVisit.objects.select_related("visitor").get()
    asked = {"visitor": visit.visitor, "number": visit.pk, "writes": False}
    assert support.running_visit(**asked) == visit
    with in_tenant(platform.tenant):
        operator.groups.clear()
    assert support.running_visit(**asked) is None
