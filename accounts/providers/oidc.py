"""Any OpenID Connect provider with discovery. Where tenant and roles stand in its tokens is a setting.

Source: docs/providers/oidc.md, OpenID Connect Core 1.0, Discovery 1.0
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from accounts.exceptions import ProviderAway

from . import http
from .base import BEARER, ID_TOKEN, LOGOUT, SESSION, Kind, Provider, claim_path, tenant_id_at
from .configuration import is_sound
from .hosted import Hosted, Leaving, address_to_leave
from .kept import Kept, NotHad
from .remote_keys import COLD_DOWN, RemoteKeys

logger = logging.getLogger(__name__)

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
FRESH_FOR = timedelta(hours=1)
PATIENCE = timedelta(seconds=http.SECONDS)  # of those who have no document to go on with


class Discovery:
    """What the provider publishes about itself, read when it is first needed and again each hour."""

    def __init__(self, issuer: str, **timing: Any):
        self.issuer = issuer
        usual: dict[str, Any] = {
            "fresh_for": FRESH_FOR,
            "cool_down": COLD_DOWN,
            "patience": PATIENCE,
            "background": True,
        }
        self._found: Kept[Mapping[str, Any]] = Kept(self._read, **(usual | timing))

    def address(self, name: str) -> str:
        """Raises ProviderAway, also for another issuer's document. An older one is good while none is to be had."""
        found = (self._found.current() or {}).get(name)
        if not isinstance(found, str) or not is_sound(found):
            raise ProviderAway(f"no {name} in discovery")
        return found

    def offers(self, name: str) -> bool:
        """Raises ProviderAway where there is no document to look into."""
        found = self._found.current()
        if found is None:
            raise ProviderAway("no discovery")
        return name in found

    def _read(self) -> Mapping[str, Any]:
        try:
            found = http.get_json(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if not isinstance(found, Mapping) or found.get("issuer") != self.issuer:
                raise ProviderAway("discovery of another issuer")
        except ProviderAway as error:
            logger.warning("Discovery could not be read: %s.", error)
            raise NotHad from error
        return found


def provider(key: str, values: Mapping[str, str]) -> Provider:
    discovery = Discovery(values["ISSUER"])
    client = frozenset({values["CLIENT_ID"]})
    id_token = Kind("idToken", audiences=client, absent=("events",))
    kinds: dict[str, tuple[Kind, ...]] = {
        SESSION: (id_token,),
        # Of whoever signs up it may name no tenant yet; of whoever signs in, SESSION demands it.
        ID_TOKEN: (replace(id_token, names_tenant=False),),
        LOGOUT: (
            Kind(
                "logoutToken",
                types=frozenset({"logout+jwt", "jwt", ""}),
                texts=("jti",),
                absent=("nonce",),
                fits=is_log_out,
                audiences=client,
                subject=lambda claims: claims.get("sub", claims.get("sid")),
                names_tenant=False,
            ),
        ),
    }
    if values["AUDIENCE"]:  # without one of its own, an ID token could not be told from an access token
        kinds[BEARER] = (
            Kind(
                "accessToken", types=frozenset({"jwt", "at+jwt", ""}), absent=("nonce", "events"), fits=is_of_a_person
            ),
        )
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


def is_of_a_person(claims: Mapping[str, Any]) -> bool:
    """A program's token is nobody's: it names its client as subject (RFC 9068, 2.2), or is marked by the provider.

    `gty` marks Auth0's, `idtyp` Entra's, `clientHost` those of Keycloak's service accounts.
    """
    clients = {claims.get(name) for name in ("azp", "client_id", "cid") if isinstance(claims.get(name), str)}
    marked = "clientHost" in claims or claims.get("idtyp") == "app" or claims.get("gty") == "client-credentials"
    return claims.get("sub") not in clients and not marked


def is_log_out(claims: Mapping[str, Any]) -> bool:
    """Back-Channel Logout 1.0, section 2.4: the event is a member of an object, whose own value is an object."""
    events = claims.get("events")
    return isinstance(events, Mapping) and isinstance(events.get(LOGOUT_EVENT), Mapping)


def hosted(discovery: Discovery, values: Mapping[str, str]) -> Hosted:
    return Hosted(
        client_id=values["CLIENT_ID"],
        client_secret=values["CLIENT_SECRET"],
        authorize=lambda: discovery.address("authorization_endpoint"),
        token=lambda: discovery.address("token_endpoint"),
        leave=lambda leaving: address_of_leaving(discovery, values["CLIENT_ID"], leaving),
        scope=values["SCOPE"],
    )


def address_of_leaving(discovery: Discovery, client: str, leaving: Leaving) -> str:
    if not discovery.offers("end_session_endpoint"):
        return ""
    return address_to_leave(discovery.address("end_session_endpoint"), {"client_id": client}, leaving)
