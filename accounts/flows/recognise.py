"""From a verified token to a person of this tenant. The one path, for tokens in headers and in sessions alike.

The order matters: first the tenant, then the person, then whether he may come in, then his roles.
Source: docs/decisions/0014-identity-providers.md, docs/decisions/0015-roles-by-the-provider.md
"""

from django.db import IntegrityError, transaction

from accounts import persons
from accounts.audit import trail
from accounts.audit.context import in_the_name_of
from accounts.exceptions import CredentialRefused, ForeignCredential
from accounts.models import User
from accounts.providers.base import Claims, Holder, Provider
from tenants.models import Tenant

from . import admission, role_sync


def in_tenant_of(claims: Claims, provider: Provider, tenant: Tenant) -> Claims:
    """The claims as they stand for this tenant. No table of the tenant is asked.

    Raises ForeignCredential for another organisation's token; where the provider must be asked, ProviderAway, and
    CredentialRefused if its holder does not belong there.
    """
    there = provider.tenant_id(tenant)
    if there is None or (claims.kind.names_tenant and claims.tenant != there):
        raise ForeignCredential(f"token of tenant {claims.tenant} of {provider.key}", actor=claims.actor)
    if not claims.kind.is_complete and provider.complete:
        return provider.complete(claims, tenant)
    if not (claims.kind.is_complete and claims.kind.names_tenant):
        raise CredentialRefused("names no tenant or no roles, and nobody can be asked", actor=claims.actor)
    return claims


def user_of(claims: Claims, provider: Provider, tenant: Tenant, *, may_be_remembered: bool = False) -> User:
    """The person, service account included, that the token acts for. Raises CredentialRefused, NotAdmitted.

    `may_be_remembered`: as he was read the last time; the request's first statement confirms it.
    """
    if provider.user_of:
        return not_gone(provider.user_of(claims), claims)
    known = persons.by_identity(claims.issuer, claims.subject, may_be_remembered=may_be_remembered)
    user = not_gone(found_or_made(known, claims, provider, tenant), claims)
    if user.kind != KINDS[claims.kind.holder]:
        raise CredentialRefused("a person's token for a program, or the other way round", actor=claims.actor)
    return with_roles(user, claims, tenant)


KINDS = {
    Holder.PERSON: User.Kind.PERSON,
    Holder.PROGRAM: User.Kind.PERSON,
    Holder.ORGANISATION: User.Kind.SERVICE,
}


def not_gone(user: User | None, claims: Claims) -> User:
    """What was decided here wins over any token: deactivated, and removed."""
    if user is None or not user.is_active or user.removed_at:
        raise CredentialRefused("its session ended, or its person may not come in", actor=claims.actor)
    return user


def found_or_made(known: User | None, claims: Claims, provider: Provider, tenant: Tenant) -> User | None:
    """Found by issuer and subject, and by nothing else: an address says who somebody claims to be."""
    if claims.kind.holder is Holder.PROGRAM:
        return known  # a program brings nobody in
    if known and not known.removed_at:
        return known
    with in_the_name_of(provider.name):
        if claims.kind.holder is Holder.ORGANISATION:
            return known or make_service_account(claims)
        return admission.readmit(known, claims, tenant) if known else admission.admit(claims, tenant)


def make_service_account(claims: Claims) -> User:
    """For a program of the organisation's own. Never signs in: its rights are those of the token's roles."""
    try:
        with transaction.atomic(), trail.act("service_account_made") as act:
            act.obj = made = User(
                kind=User.Kind.SERVICE,
                issuer=claims.issuer,
                subject=claims.subject,
                name=f"{claims.kind.name} {claims.subject}"[:80],
                email="",
            )
            made.set_unusable_password()
            made.save()
            return made
    except IntegrityError:  # two first requests at once
        return User.objects.get(issuer=claims.issuer, subject=claims.subject)


def with_roles(user: User, claims: Claims, tenant: Tenant) -> User:
    """His roles follow the token, if it is a new one; a program gets no more than its own token says."""
    if claims.kind.holder is not Holder.PROGRAM:
        role_sync.follow(user, claims, tenant)
    if claims.kind.holder is not Holder.PERSON:
        user.limits = role_sync.rights_of(claims)
    return user
