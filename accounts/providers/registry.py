"""The providers whose tokens are accepted here: our own, and those that the settings name.

Each is made once and touches no network: nothing is fetched before a token or a person needs it.
"""

from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from tenants.models import Tenant

from . import auth0, descope, frontegg, local, oidc, rownd
from .base import Provider

PROFILES = {
    "frontegg": frontegg.provider,
    "auth0": auth0.provider,
    "descope": descope.provider,
    "rownd": rownd.provider,
    "oidc": oidc.provider,
}


def providers() -> list[Provider]:
    return [local.provider(), *hosted_providers().values()]


@lru_cache(maxsize=1)
def hosted_providers() -> Mapping[str, Provider]:
    """By name. One that is not fully set up is not there; nothing is served then (accounts/checks.py)."""
    return {
        name: PROFILES[kind_of(name)](name, values)
        for name, values in settings.PROVIDERS.items()
        if kind_of(name) in PROFILES and not missing(name)
    }


def kind_of(name: str) -> str:
    """A name with a dash is a further provider of the kind before it: `oidc-okta`."""
    return name.partition("-")[0]


def missing(name: str) -> list[str]:
    """The variables that this provider needs and has not."""
    required, _optional = settings.PROVIDER_VARIABLES[kind_of(name)]
    return [f"{name.upper().replace('-', '_')}_{each}" for each in required if not settings.PROVIDERS[name][each]]


def provider_of(tenant: Tenant) -> Provider | None:
    """Whose people this tenant's are; None where the settings no longer name it, and nobody can sign in."""
    return local.provider() if tenant.provider == "local" else hosted_providers().get(tenant.provider)


@receiver(setting_changed)
def forget(setting, **kwargs):
    if setting == "PROVIDERS":
        hosted_providers.cache_clear()
