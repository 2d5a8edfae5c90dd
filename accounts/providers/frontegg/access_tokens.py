"""The roles of Frontegg's access tokens, which hold only placeholders: asked for, and kept for ten seconds."""

from collections.abc import Callable, Mapping

from accounts.exceptions import CredentialRefused
from accounts.providers.base import Claims
from tenants.models import Tenant


def complete(values: Mapping[str, str]) -> Callable[[Claims, Tenant], Claims]:
    def ask(claims: Claims, tenant: Tenant) -> Claims:
        raise CredentialRefused("access tokens are not taken yet")

    return ask
