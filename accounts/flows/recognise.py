"""From a verified token to a person of this tenant. The one path, for tokens in headers and in sessions alike.

The order matters: first the tenant, then the person, then whether he may come in, then his roles.
Source: docs/decisions/0014-identity-providers.md
"""

from django.db import IntegrityError, transaction

from accounts.audit import trail
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
    if claims.kind.is_complete or provider.complete is None:
        return claims
    return provider.complete(claims, tenant)


def user_of(claims: Claims, provider: Provider, tenant: Tenant) -> User:
    """The person, service account included, that the token acts for. Raises CredentialRefused, NotAdmitted."""
    user = provider.user_of(claims) if provider.user_of else found_or_made(claims, tenant)
    if user is None or not user.is_active or user.removed_at:
        raise CredentialRefused("its session ended, or its person may not come in", actor=claims.actor)
    if provider.user_of is None:
        user = with_roles(user, claims, tenant)
    return user


def found_or_made(claims: Claims, tenant: Tenant) -> User | None:
    """By issuer and subject, and by nothing else: an address says who somebody claims to be."""
    known = User.objects.filter(issuer=claims.issuer, subject=claims.subject).first()
    if known or claims.kind.holder is Holder.PROGRAM:
        return known  # a program brings nobody in
    if claims.kind.holder is Holder.ORGANISATION:
        return make_service_account(claims)
    return admission.admit(claims, tenant)


def make_service_account(claims: Claims) -> User:
    """For a program of the organisation's own. Never signs in: its rights are those of the token's roles."""
    try:
        with transaction.atomic(), trail.act("service_account_made"):
            return User.objects.create(
                kind=User.Kind.SERVICE,
                issuer=claims.issuer,
                subject=claims.subject,
                name=f"{claims.kind.name} {claims.subject}"[:80],
                email="",
            )
    except IntegrityError:  # two first requests at once
        return User.objects.get(issuer=claims.issuer, subject=claims.subject)


def with_roles(user: User, claims: Claims, tenant: Tenant) -> User:
    """His roles follow the token, if it is a new one; a program gets no more than its own token says."""
    if claims.kind.holder is Holder.PROGRAM:
        user.limits = role_sync.rights_of(claims)
        return user
    role_sync.follow(user, claims, tenant)
    if claims.kind.holder is Holder.ORGANISATION:
        user.limits = role_sync.rights_of(claims)
    return user
