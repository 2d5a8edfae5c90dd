"""Auth0 with Organizations: the tenant in `org_id`, roles in a namespaced claim that an Action of yours adds.

Source: docs/providers/auth0.md
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .auth0_directory import Auth0Directory
from .auth0_events import Auth0Events
from .base import BEARER, ID_TOKEN, SESSION, Claims, Holder, Kind, Profile, Provider, claim, tenant_id_at
from .hosted import Hosted, address_to_leave
from .remote_keys import RemoteKeys
from .userinfo import answered, profile_of

MACHINE = "client-credentials"


def provider(key: str, values: Mapping[str, str]) -> Provider:
    base = address_of(values["DOMAIN"])
    client, api = values["CLIENT_ID"], values["AUDIENCE"]
    id_token = Kind("idToken", audiences=frozenset({client}), absent=("gty",))
    return Provider(
        key=key,
        name="Auth0",
        issuers=(f"{base}/",),
        audiences=frozenset({api}),
        algorithms=frozenset({"RS256"}),
        keys=RemoteKeys(lambda: f"{base}/.well-known/jwks.json"),
        kinds={
            # An ID token is for the client, an access token for the API: their audiences are what tells them apart.
            BEARER: (
                Kind("accessToken", types=frozenset({"jwt", "at+jwt", ""}), absent=("nonce",), fits=is_of_person),
                Kind(
                    "machineToken",
                    types=frozenset({"jwt", "at+jwt", ""}),
                    marks={"gty": MACHINE},
                    holder=Holder.ORGANISATION,
                ),
            ),
            SESSION: (id_token,),
            # Of whoever signs up it may name no tenant yet; of whoever signs in, SESSION demands it.
            ID_TOKEN: (replace(id_token, names_tenant=False),),
        },
        tenant_id=tenant_id_at(key),
        parties=frozenset({client, *values["MACHINE_CLIENTS"].split()}),
        companions=frozenset({f"{base}/userinfo"}),
        tenant=claim("org_id"),
        roles=claim(values["ROLES_CLAIM"] or f"{base}/roles"),
        profile=profile(base),
        hosted=hosted(base, values),
        directory=lambda: Auth0Directory({**values, "BASE": base}),
        events=Auth0Events(key, values),
    )


def profile(base: str) -> Callable[[Claims, str], Profile]:
    """Who an access token speaks for: it says nothing of the address itself. It opens the userinfo endpoint."""

    def asked(claims: Claims, token: str) -> Profile:
        said = answered(f"{base}/userinfo", claims, headers={"Authorization": f"Bearer {token}"})
        return profile_of(said, subject="sub", verified="email_verified", claims=claims)

    return asked


def is_of_person(claims: Mapping[str, Any]) -> bool:
    """Clients that act for themselves say so in `gty`, and by how their subject ends. A refresh may say `gty`, too."""
    return claims.get("gty") != MACHINE and not str(claims.get("sub")).endswith("@clients")


def address_of(domain: str) -> str:
    """`acme.eu.auth0.com` is meant with https; a whole address is taken as it is."""
    return (domain if "://" in domain else f"https://{domain}").rstrip("/")


def hosted(base: str, values: Mapping[str, str]) -> Hosted:
    return Hosted(
        client_id=values["CLIENT_ID"],
        client_secret=values["CLIENT_SECRET"],
        authorize=lambda: f"{base}/authorize",
        token=lambda: f"{base}/oauth/token",
        leave=lambda leaving: address_to_leave(f"{base}/oidc/logout", {"client_id": values["CLIENT_ID"]}, leaving),
        scope="openid email profile offline_access",
        authentication="client_secret_post",
        for_tenant=lambda tenant: {"organization": tenant.provider_tenant_id} if tenant.provider_tenant_id else {},
        for_invitation=("invitation", "organization"),
        for_sign_up={"screen_hint": "signup"},
        extra={"audience": values["AUDIENCE"]},
    )
