"""Signing out at the identity provider as well: by its own page, by a call of ours, or by its script.

Signing out here comes first and never waits for the provider.
Source: OpenID Connect RP-Initiated Logout 1.0
"""

import logging
from dataclasses import dataclass

from django.urls import reverse

from accounts.exceptions import ProviderAway
from accounts.models import ProviderSession
from accounts.providers import registry
from accounts.providers.base import Provider
from accounts.providers.hosted import Leaving
from accounts.providers.tokens import Tokens
from tenants.addresses import absolute_url
from tenants.hosts import normalise
from tenants.sealing import Unsealable

from . import provider_sessions

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Farewell:
    """`address` is the provider's page that the browser is to go to, if there is one. `was_told`: the provider knows,
    or will by that page.
    """

    provider: Provider | None = None
    address: str = ""
    was_told: bool = True


def leave(request) -> Farewell:
    """Sign out here, and then tell the provider as it wants to be told."""
    provider, kept = registry.provider_of(request.tenant), provider_sessions.kept_with(request)
    provider_sessions.end(request)
    if provider is None or kept is None or kept.provider != provider.key:
        return Farewell(provider)
    try:
        return Farewell(provider, told(request, provider, kept))
    except (ProviderAway, Unsealable) as error:
        logger.warning("%s was not told that somebody signed out: %s.", provider.name, error)
        return Farewell(provider, was_told=False)


def told(request, provider: Provider, kept: ProviderSession) -> str:
    """The address to go to; empty if a call was enough. Tokens of a code flow have come with an ID token, or from a
    provider that takes no calls. Raises ProviderAway.
    """
    tokens = Tokens.unseal(kept.tokens)
    if provider.sign_out and not tokens.id:
        provider.sign_out(tokens, kept.subject)
        return ""
    if provider.hosted is None:
        return ""
    return provider.hosted.leave(Leaving(back_to=return_address(request), id_token=tokens.id))


def return_address(request) -> str:
    """Where the provider sends the browser back to: on its host, which is the tenant's by the table of domains. It has
    to be allowed at the provider (manage.py provider_urls).
    """
    return absolute_url(normalise(request.get_host()), reverse("accounts:signed-out"))
