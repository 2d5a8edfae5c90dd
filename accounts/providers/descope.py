"""Descope: the tenant in `dct`, its roles under `tenants`. Roles of the whole project are nobody's here.

Source: docs/providers/descope.md
"""

from collections.abc import Mapping
from typing import Any

from .base import BEARER, ID_TOKEN, REFRESH, SESSION, Kind, Provider, tenant_id_at
from .hosted import Hosted, address_to_leave
from .remote_keys import RemoteKeys

SESSION_TOKEN = Kind("sessionToken", marks={"drn": "DS"})
REFRESH_TOKEN = Kind("refreshToken", marks={"drn": "DSR"}, names_tenant=False)


def provider(key: str, values: Mapping[str, str]) -> Provider:
    base, project = values["BASE_URI"].rstrip("/"), values["PROJECT_ID"]
    return Provider(
        key=key,
        name="Descope",
        issuers=(f"{base}/{project}", project, f"{base}/v1/apps/{project}"),
        audiences=frozenset(filter(None, [values["AUDIENCE"], project])),
        audience_may_lack=not values["AUDIENCE"],  # by default its tokens name none
        algorithms=frozenset({"RS256"}),
        keys=RemoteKeys(lambda: f"{base}/v2/keys/{project}"),
        kinds={
            BEARER: (SESSION_TOKEN,),
            SESSION: (SESSION_TOKEN,),
            REFRESH: (REFRESH_TOKEN,),
            ID_TOKEN: (
                Kind("idToken", texts=("nonce",), audiences=frozenset({values["CLIENT_ID"]}), names_tenant=False),
            ),
        },
        tenant_id=tenant_id_at(key),
        subject=lambda claims: claims.get("dsub", claims.get("sub")),
        tenant=current_tenant_of,
        roles=lambda claims: of_tenant(claims, "roles"),
        permissions=lambda claims: of_tenant(claims, "permissions"),
        hosted=hosted(base, values) if values["CLIENT_ID"] else None,
        widget="providers/descope_widget.html",
    )


def current_tenant_of(claims: Mapping[str, Any]) -> Any:
    """The tenant that was chosen, if its person is in it."""
    chosen, tenants = claims.get("dct"), claims.get("tenants")
    return chosen if isinstance(tenants, Mapping) and isinstance(chosen, str) and chosen in tenants else None


def of_tenant(claims: Mapping[str, Any], what: str) -> Any:
    tenants = claims.get("tenants")
    theirs = tenants.get(claims.get("dct")) if isinstance(tenants, Mapping) else None
    return theirs.get(what) if isinstance(theirs, Mapping) else None


def hosted(base: str, values: Mapping[str, str]) -> Hosted:
    return Hosted(
        client_id=values["CLIENT_ID"],
        client_secret=values["CLIENT_SECRET"],
        authorize=lambda: f"{base}/oauth2/v1/authorize",
        token=lambda: f"{base}/oauth2/v1/token",
        leave=lambda leaving: address_to_leave(f"{base}/oauth2/v1/logout", {}, leaving),
        session_token="access_token",
        authentication="client_secret_post",
        for_tenant=lambda tenant: {"tenant": tenant.provider_tenant_id} if tenant.provider_tenant_id else {},
    )
