"""The roles of Frontegg's access tokens, which hold only placeholders: asked for by the SDK, kept for ten seconds.

The SDK's own way is not taken: it puts the placeholders over the roles it has fetched, and takes any network error
for a token that was switched off.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.cache import cache

from accounts.exceptions import CredentialRefused, ProviderAway
from accounts.providers.base import ANSWER_KEPT_FOR, Claims
from accounts.providers.management import SaidNo, part
from accounts.providers.texts import cache_name, names
from tenants.models import Tenant

from .sdk import gateway_of

LOOKUP = {
    "userAccessToken": "identity/resources/vendor-only/users/access-tokens/v1/",
    "tenantAccessToken": "identity/resources/vendor-only/tenants/access-tokens/v1/",
}
PLACEHOLDERS = {"FETCH-ROLES-BY-API", "FETCH-PERMISSIONS-BY-API"}


def complete(key: str, values: Mapping[str, str]) -> Callable[[Claims, Tenant], Claims]:
    """For `Provider.complete`: the same claims with the roles and permissions that the token has now."""

    def with_roles(claims: Claims, tenant: Tenant) -> Claims:
        found = remembered(key, values, claims)
        if found is None:
            raise CredentialRefused("access token unknown or switched off at its provider", actor=claims.actor)
        return claims.told(roles=without_placeholders(found[0]), permissions=without_placeholders(found[1]))

    return with_roles


def remembered(key: str, values: Mapping[str, str], claims: Claims) -> tuple[list, list] | None:
    """Roles and permissions; None for a token that opens nothing. The cache is the tenant's own by its key."""
    name = cache_name("access-token", key, claims.tenant or "", claims.raw["sub"])
    found = cache.get(name)
    if found is None:
        found = {"said": looked_up(values, claims)}
        cache.set(name, found, ANSWER_KEPT_FOR)
    return found["said"]


def looked_up(values: Mapping[str, str], claims: Claims) -> tuple[list, list] | None:
    """Raises ProviderAway where that cannot be learned."""
    try:
        path = LOOKUP[claims.kind.name] + part(claims.raw["sub"])
        said = gateway_of(values).get(path, tenant=claims.tenant or "")
    except SaidNo as refusal:
        if refusal.code in (403, 404):  # access tokens are switched off, or this one is
            return None
        raise ProviderAway(f"status {refusal.code}") from refusal
    return understood(said, claims)


def understood(said: Any, claims: Claims) -> tuple[list, list] | None:
    """The lists of a token that is this one, of this tenant."""
    if not isinstance(said, Mapping):
        raise ProviderAway("an answer that is no object")
    if said.get("id") != claims.raw["sub"] or said.get("tenantId") != claims.tenant:
        return None
    return said.get("roles") or [], said.get("permissions") or []


def without_placeholders(said: Any) -> tuple[str, ...]:
    return tuple(name for name in names(said) if name not in PLACEHOLDERS)
