"""Any OpenID Connect provider with discovery. Where tenant and roles stand in its tokens is a setting.

Source: docs/providers/oidc.md, OpenID Connect Core 1.0, Discovery 1.0
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from threading import Lock
from typing import Any

from accounts.exceptions import ProviderAway

from . import http
from .base import BEARER, ID_TOKEN, LOGOUT, SESSION, Kind, Provider, claim_path, tenant_id_at
from .hosted import Hosted, address_to_leave
from .remote_keys import RemoteKeys

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
FRESH_FOR = timedelta(hours=1)


class Discovery:
    """What the provider publishes about itself, read when it is first needed and again each hour."""

    def __init__(self, issuer: str):
        self.issuer = issuer
        self._found: Mapping[str, Any] = {}
        self._read_at = float("-inf")
        self._reading = Lock()

    def address(self, name: str) -> str:
        """Raises ProviderAway, also for another issuer's document. An older one is good while none is to be had."""
        if time.monotonic() - self._read_at > FRESH_FOR.total_seconds():
            self._read()
        found = self._found.get(name)
        if not isinstance(found, str):
            raise ProviderAway(f"no {name} in discovery")
        return found

    def _read(self) -> None:
        try:
            found = http.get_json(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if not isinstance(found, Mapping) or found.get("issuer") != self.issuer:
                raise ProviderAway("discovery of another issuer")
        except ProviderAway:
            if not self._found:
                raise
        else:
            self._found, self._read_at = found, time.monotonic()


def provider(key: str, values: Mapping[str, str]) -> Provider:
    discovery = Discovery(values["ISSUER"])
    client = frozenset({values["CLIENT_ID"]})
    id_token = Kind("idToken", audiences=client)
    kinds: dict[str, tuple[Kind, ...]] = {
        SESSION: (id_token,),
        ID_TOKEN: (id_token,),
        LOGOUT: (
            Kind(
                "logoutToken",
                types=frozenset({"logout+jwt", "jwt", ""}),
                texts=("jti",),
                absent=("nonce",),
                audiences=client,
                subject=lambda claims: claims.get("sub", claims.get("sid")),
                names_tenant=False,
            ),
        ),
    }
    if values["AUDIENCE"]:  # without one of its own, an ID token could not be told from an access token
        kinds[BEARER] = (Kind("accessToken", types=frozenset({"jwt", "at+jwt", ""}), absent=("nonce",)),)
    return Provider(
        key=key,
        name=values["NAME"] or "OpenID Connect",
        issuers=(values["ISSUER"],),
        audiences=frozenset({values["AUDIENCE"] or values["CLIENT_ID"]}),
        algorithms=frozenset(values["ALGORITHMS"].split()),
        keys=RemoteKeys(lambda: discovery.address("jwks_uri")),
        kinds=kinds,
        tenant_id=tenant_id_at(key),
        parties=client,
        tenant=claim_path(values["TENANT_CLAIM"]),
        roles=claim_path(values["ROLES_CLAIM"]),
        permissions=claim_path(values["PERMISSIONS_CLAIM"]),
        hosted=hosted(discovery, values),
    )


def hosted(discovery: Discovery, values: Mapping[str, str]) -> Hosted:
    return Hosted(
        client_id=values["CLIENT_ID"],
        client_secret=values["CLIENT_SECRET"],
        authorize=lambda: discovery.address("authorization_endpoint"),
        token=lambda: discovery.address("token_endpoint"),
        leave=lambda leaving: address_to_leave(
            discovery.address("end_session_endpoint"), {"client_id": values["CLIENT_ID"]}, leaving
        ),
        scope=values["SCOPE"],
    )
