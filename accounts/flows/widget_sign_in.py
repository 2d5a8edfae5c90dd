"""Signing in by tokens that a provider's widget handed to a page of ours. All are verified before any is kept."""

from django.db import transaction
from django.utils import timezone

from accounts.exceptions import CredentialRefused
from accounts.models import User
from accounts.providers import registry, verifier
from accounts.providers.base import REFRESH, SESSION, Claims, Provider
from accounts.providers.tokens import Tokens
from tenants.models import Tenant

from . import profiles, provider_sessions, recognise

# In the session: when this browser was shown a widget last, as seconds since 1970.
SESSION_BEGUN = "widget_begun"
FLOW_LIFETIME = 60 * 60  # seconds
STEP = 10 * 60  # seconds: a page that is shown again sooner writes no session


def provider_of(tenant: Tenant, kind: str) -> Provider:
    """The tenant's provider, which must be of this kind. Raises CredentialRefused."""
    provider = registry.provider_of(tenant)
    if provider is None or registry.kind_of(provider.key) != kind:
        raise CredentialRefused(f"people of this organisation do not come by {kind}")
    return provider


def begin(session) -> None:
    """A widget is shown: tokens may come back to this browser now."""
    now = int(timezone.now().timestamp())
    if now - session.get(SESSION_BEGUN, 0) > STEP:
        session[SESSION_BEGUN] = now


def demand_begun(session) -> None:
    """Tokens that this browser did not ask for may be an attacker's: nobody shall work in his account unaware.

    Raises CredentialRefused.
    """
    if timezone.now().timestamp() - session.get(SESSION_BEGUN, 0) > FLOW_LIFETIME:
        raise CredentialRefused("tokens that no widget here has asked for")


@transaction.atomic
def sign_in(request, provider: Provider, tokens: Tokens) -> User:
    """Start a session with these tokens. Raises CredentialRefused, ForeignCredential, NotAdmitted, ProviderAway."""
    claims = verified(request, provider, tokens)
    user = recognise.user_of(claims, provider, request.tenant)
    provider_sessions.start(request, user, claims, provider, tokens)
    request.session.pop(SESSION_BEGUN, None)
    return user


def verified(request, provider: Provider, tokens: Tokens) -> Claims:
    """What the session token says in this tenant. A refresh token beside it must be the same person's."""
    claims, _provider = verifier.verify(tokens.session, entry=SESSION, providers=[provider])
    if tokens.refresh:
        other, _provider = verifier.verify(tokens.refresh, entry=REFRESH, providers=[provider])
        if other.subject != claims.subject:
            raise CredentialRefused("tokens of two people", actor=claims.actor)
    claims = recognise.in_tenant_of(claims, provider, request.tenant)
    return profiles.completed(claims, provider, tokens.session)


def go_on(request, provider: Provider, tokens: Tokens) -> bool:
    """Keep a newer token of the person who is signed in by this provider.

    False if it is not he, or if he has signed out meanwhile.
    """
    kept = provider_sessions.kept_with(request) if request.user.is_authenticated else None
    if kept is None or kept.provider != provider.key:
        return False
    claims = verified(request, provider, tokens)
    if claims.subject != kept.subject:
        return False
    if claims.expires_at <= kept.expires_at.timestamp():
        return True
    return provider_sessions.keep(kept, claims, tokens)
