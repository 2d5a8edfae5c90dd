"""Descope: the tenant in `dct`, its roles under `tenants`. Roles of the whole project are nobody's here.

Source: docs/providers/descope.md
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from . import descope_sessions
from .base import BEARER, ID_TOKEN, REFRESH, SESSION, Claims, Holder, Kind, Profile, Provider, tenant_id_at
from .descope_directory import DescopeDirectory
from .descope_events import DescopeEvents
from .hosted import Hosted, address_to_leave
from .remote_keys import RemoteKeys
from .userinfo import answered, profile_of

MACHINE = "K"  # how the ids of access keys begin; people's begin with U


def subject_of(claims: Mapping[str, Any]) -> Any:
    return claims.get("dsub", claims.get("sub"))


def is_of_machine(claims: Mapping[str, Any]) -> bool:
    return str(subject_of(claims)).startswith(MACHINE)


def is_of_person(claims: Mapping[str, Any]) -> bool:
    return not is_of_machine(claims)


SESSION_TOKEN = Kind("sessionToken", marks={"drn": "DS"}, fits=is_of_person)
MACHINE_TOKEN = Kind("machineToken", marks={"drn": "DS"}, fits=is_of_machine, holder=Holder.ORGANISATION)
REFRESH_TOKEN = Kind("refreshToken", marks={"drn": "DSR"}, names_tenant=False, longest_life=timedelta(days=400))


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
            BEARER: (SESSION_TOKEN, MACHINE_TOKEN),
            SESSION: (SESSION_TOKEN,),
            REFRESH: (REFRESH_TOKEN,),
            ID_TOKEN: (
                Kind("idToken", texts=("nonce",), audiences=frozenset({values["CLIENT_ID"]}), names_tenant=False),
            )
            if values["CLIENT_ID"]
            else (),
        },
        tenant_id=tenant_id_at(key),
        subject=subject_of,
        tenant=current_tenant_of,
        roles=lambda claims: of_tenant(claims, "roles"),
        permissions=lambda claims: of_tenant(claims, "permissions"),
        profile=profile(base, values) if values["MANAGEMENT_KEY"] else None,
        hosted=hosted(base, values) if values["CLIENT_ID"] else None,
        directory=(lambda: DescopeDirectory(values)) if values["MANAGEMENT_KEY"] else None,
        events=DescopeEvents(key, values),
        widget=descope_sessions.widget(base, values),
        renew=descope_sessions.renew(base, project),
        sign_out=descope_sessions.sign_out(base, project),
    )


def current_tenant_of(claims: Mapping[str, Any]) -> Any:
    """The tenant that was chosen, if its person is in it."""
    chosen, tenants = claims.get("dct"), claims.get("tenants")
    return chosen if isinstance(tenants, Mapping) and isinstance(chosen, str) and chosen in tenants else None


def of_tenant(claims: Mapping[str, Any], what: str) -> Any:
    chosen = current_tenant_of(claims)
    theirs = claims["tenants"][chosen] if chosen else None
    return theirs.get(what) if isinstance(theirs, Mapping) else None


def profile(base: str, values: Mapping[str, str]) -> Callable[[Claims, str], Profile]:
    """Who a session token speaks for: it says nothing of the address itself."""

    def asked(claims: Claims, token: str) -> Profile:
        key = f"{values['PROJECT_ID']}:{values['MANAGEMENT_KEY']}"
        said = answered(
            f"{base}/v1/mgmt/user",
            claims,
            params={"userId": claims.subject},
            headers={"Authorization": f"Bearer {key}"},
        )
        return profile_of(said.get("user"), subject="userId", verified="verifiedEmail", claims=claims)

    return asked


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
