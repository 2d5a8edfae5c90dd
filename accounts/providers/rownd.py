"""Rownd, for those who still have it: Ed25519 tokens without a tenant or roles, which are asked of its groups.

Source: docs/providers/rownd.md
"""

from collections.abc import Mapping
from typing import Any

from accounts.exceptions import CredentialRefused
from tenants.models import Tenant

from .base import BEARER, SESSION, Claims, Kind, Provider, claim, tenant_id_at
from .remote_keys import RemoteKeys

CLAIMS = "https://auth.rownd.io"
USER_TOKEN = Kind("userToken", names_tenant=False, is_complete=False)


def provider(key: str, values: Mapping[str, str]) -> Provider:
    base = values["API_URL"].rstrip("/")
    return Provider(
        key=key,
        name="Rownd",
        issuers=(base,),
        audiences=frozenset({f"app:{values['APP_ID']}"}),
        companions=frozenset({base}),
        algorithms=frozenset({"EdDSA"}),
        keys=RemoteKeys(lambda: f"{base}/hub/auth/keys"),
        kinds={BEARER: (USER_TOKEN,), SESSION: (USER_TOKEN,)},
        tenant_id=tenant_id_at(key),
        complete=complete,
        subject=claim(f"{CLAIMS}/app_user_id"),  # `sub` is one way of signing in, of which a person may have several
        email_verified=is_verified,
        widget="providers/rownd_widget.html",
    )


def is_verified(claims: Mapping[str, Any]) -> bool:
    """Guests and instant accounts are not: they have proven no address."""
    return (
        claims.get(f"{CLAIMS}/is_verified_user") is True
        and claims.get(f"{CLAIMS}/is_anonymous") is not True
        and claims.get(f"{CLAIMS}/auth_level") == "verified"
    )


def complete(claims: Claims, tenant: Tenant) -> Claims:
    raise CredentialRefused("groups are not asked yet")
