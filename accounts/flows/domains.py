"""The customer's own domains: asked for by the customer, or by an operator in his stead."""

from django.db import transaction

from accounts import access
from accounts.audit import trail
from accounts.models import User
from tenants import domains
from tenants.models import DomainClaim, Tenant
from tenants.schema import current_schema, current_tenant, in_public
from tenants.slugs import PLATFORM_SCHEMA

from .organisations import demand_operator, note_both, reachable

MAY_CHANGE = "accounts.change_organisation"


@transaction.atomic
def claim(*, actor: User, tenant: Tenant, domain: str) -> DomainClaim:
    """Raises PermissionDenied, ValidationError, ClaimError; none of them writes."""
    demand(actor, tenant)
    made = domains.claim(tenant, domain)
    note(actor, tenant, "domain_claimed", made.domain)
    return made


@transaction.atomic
def settle(*, actor: User, tenant: Tenant, claim: DomainClaim, answer: domains.Answer) -> DomainClaim:
    """Act on what the DNS said (`domains.ask`, before any lock is taken).

    Raises PermissionDenied, and DomainClaim.DoesNotExist for a claim that is gone.
    """
    demand(actor, tenant)

    def tell(switched: DomainClaim) -> None:
        if switched.tenant_id == tenant.pk:
            note(actor, tenant, how(switched), switched.domain)
        else:  # whoever had the host before
            note_switch(switched)

    return domains.settle(claim, answer, tell=tell)


def note_switch(claim: DomainClaim) -> None:
    """A line in the log of the tenant whose domain went on or off, whoever or whatever has asked the DNS."""
    with in_public():
        tenant = Tenant.objects.get(pk=claim.tenant_id)
    with reachable(tenant):
        trail.note(how(claim), tenant, detail=claim.domain)


def how(switched: DomainClaim) -> str:
    return "domain_proven" if switched.verified_at else "domain_lost"


@transaction.atomic
def withdraw(*, actor: User, tenant: Tenant, claim: DomainClaim) -> None:
    """Raises PermissionDenied."""
    demand(actor, tenant)
    domains.withdraw(claim)
    note(actor, tenant, "domain_removed", claim.domain)


def claims_of(tenant: Tenant) -> list[DomainClaim]:
    with in_public():
        return list(DomainClaim.objects.filter(tenant_id=tenant.pk))


def demand(actor: User, tenant: Tenant) -> None:
    """An operator on the platform's host, or somebody who may change the organisation, on its own."""
    if current_schema() == PLATFORM_SCHEMA:
        demand_operator(actor)
        return
    assert tenant.schema_name == current_schema(), "only one's own organisation"  # noqa: S101
    access.require_for_write(actor, MAY_CHANGE)


def note(actor: User, tenant: Tenant, action: str, domain: str) -> None:
    if current_schema() == PLATFORM_SCHEMA:
        note_both(actor, tenant, action, detail=domain)
    else:
        trail.note(action, current_tenant(), detail=domain)
