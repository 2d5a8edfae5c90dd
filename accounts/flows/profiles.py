"""Who somebody is, where his token does not say: asked of his provider once in a while, and kept for this tenant.

Access tokens of Auth0 and session tokens of Descope say nothing of the address, and without a proven one nobody
holds a role.
"""

import time

from django.core.cache import cache

from accounts.exceptions import ProviderAway
from accounts.models import User
from accounts.providers.base import Claims, Holder, Profile, Provider
from accounts.providers.texts import cache_name

FRESH_FOR = 60 * 60  # seconds
KEPT_FOR = 24 * 60 * 60  # while the provider does not answer


def completed(claims: Claims, provider: Provider, token: str) -> Claims:
    """The claims with the person's address and name, from a token that says nothing of them; others as they are.

    Call it within the tenant, after the token's tenant was compared. Raises CredentialRefused for somebody whom his
    provider does not know any more, and ProviderAway about one who was never here.
    """
    is_silent = claims.email_verified is None and claims.kind.holder is Holder.PERSON
    if provider.profile is None or not is_silent:
        return claims
    name = cache_name("profile", provider.key, claims.issuer, claims.subject)
    profile, at = cache.get(name) or (None, 0)
    if time.time() - at > FRESH_FOR:
        try:
            profile = provider.profile(claims, token)
        except ProviderAway:
            if profile is None and not is_known(claims):
                raise
        else:
            cache.set(name, (profile, time.time()), KEPT_FOR)
    return claims if profile is None else with_profile(claims, profile)


def with_profile(claims: Claims, profile: Profile) -> Claims:
    return claims.told(
        email=profile.email or claims.email,
        email_verified=profile.email_verified,
        name=profile.name or claims.name,
    )


def is_known(claims: Claims) -> bool:
    """Whoever was here before comes in with what is known of him."""
    return User.objects.filter(issuer=claims.issuer, subject=claims.subject).exists()
