"""The providers whose tokens are accepted here: our own, and those that the settings name.

Each is made once and touches no network: nothing is fetched before a token or a person needs it.
"""

from collections.abc import Mapping
from functools import lru_cache
from threading import Lock

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from tenants.models import Tenant

from . import auth0, descope, frontegg, local, oidc, rownd
from .base import Provider
from .configuration import kind_of, problems
from .directory import Directory

PROFILES = {
    "frontegg": frontegg.provider,
    "auth0": auth0.provider,
    "descope": descope.provider,
    "rownd": rownd.provider,
    "oidc": oidc.provider,
}


_making = Lock()


def providers() -> tuple[Provider, ...]:
    return (local.provider(), *hosted_providers().values())


def hosted_providers() -> Mapping[str, Provider]:
    """By name. One whose settings are not right is not there; nothing is served then (accounts/checks.py)."""
    with _making:  # made twice, each would fetch keys of its own
        return _made()


@lru_cache(maxsize=1)
def _made() -> Mapping[str, Provider]:
    return {
        name: PROFILES[kind_of(name)](name, values) for name, values in settings.PROVIDERS.items() if not problems(name)
    }


def provider_of(tenant: Tenant) -> Provider | None:
    """Whose people this tenant's are; None where the settings no longer name it, and nobody can sign in."""
    return local.provider() if tenant.provider == "local" else hosted_providers().get(tenant.provider)


def directory_of(tenant: Tenant) -> Directory | None:
    """None for a tenant of our own people's, and where the provider has none or lacks the settings for it."""
    provider = provider_of(tenant)
    return provider.directory() if provider and provider.directory else None


def account_url(tenant: Tenant) -> str:
    """The page on which this tenant's people change what their provider keeps of them; empty where none is known."""
    return settings.PROVIDERS.get(tenant.provider, {}).get("ACCOUNT_URL", "")


@receiver(setting_changed)
def forget(setting, **kwargs):
    if setting == "PROVIDERS":
        _made.cache_clear()
