"""Plain OpenID Connect, as Keycloak and others speak it: discovery, code flow, userinfo, back-channel log-out."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

import requests

from .grants import Grant
from .oauth import CodeFlow, HostedProvider
from .signin import Session
from .tokens import REMOVE
from .world import Person, Tenant

if TYPE_CHECKING:
    from .server import StandIn

LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"


class Oidc(HostedProvider):
    """The realm `main`; so that the issuer has a path, as many have."""

    name, title = "oidc", "OpenID Connect"
    tenant_claim = "tenant"
    names_issuer = True
    lifetimes: ClassVar[Mapping[str, timedelta]] = {
        "idToken": timedelta(minutes=5),
        "accessToken": timedelta(minutes=5),
        "logoutToken": timedelta(minutes=2),
    }

    client_id = "django-app"
    client_secret = "standin-client-secret"
    audience = "tenantry-api"
    roles_claim = "groups"
    backchannel_logout_uri = ""  # of the site; told when somebody signs out here

    def __init__(self, idp: "StandIn") -> None:
        super().__init__(idp)
        realm, endpoints = "/realms/main", "/realms/main/protocol/openid-connect"
        self.flow = CodeFlow(
            idp,
            self,
            authorize=f"{endpoints}/auth",
            token=[f"{endpoints}/token"],
            log_out=[f"{endpoints}/logout"],
            userinfo=f"{endpoints}/userinfo",
            jwks=f"{endpoints}/certs",
            discovery=f"{realm}/.well-known/openid-configuration",
        )
        self.parts.append(self.flow)

    @property
    def issuer(self) -> str:
        return f"{self.idp.url}/realms/main"

    def environment(self) -> dict[str, str]:
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": self.client_id,
            "OIDC_CLIENT_SECRET": self.client_secret,
            "OIDC_AUDIENCE": self.audience,
            "OIDC_TENANT_CLAIM": self.tenant_claim,
            "OIDC_ROLES_CLAIM": self.roles_claim,
        }

    def claims(self, kind: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
        """A token without a person is a client's own."""
        if kind == "logoutToken":
            own: dict[str, Any] = {"aud": self.client_id, "jti": secrets.token_hex(16), "events": {LOGOUT_EVENT: {}}}
            return {**own, "iss": self.issuer, "sub": person.subject if person else REMOVE}
        own = {"iss": self.issuer, "sub": person.subject if person else self.client_id, "azp": self.client_id}
        own |= {"aud": self.client_id if kind == "idToken" else self.audience}
        if kind == "accessToken":
            own |= {"client_id": self.client_id, "jti": secrets.token_hex(16), "scope": "openid profile email"}
        if person:
            own |= {"name": person.name, "email": person.email, "email_verified": person.verified}
        own |= {self.roles_claim: self.world.roles_of(person, tenant)}
        return own | ({self.tenant_claim: tenant.id} if tenant else {})

    def header(self, kind: str) -> dict[str, Any]:
        return {"typ": {"accessToken": "at+jwt", "logoutToken": "logout+jwt"}.get(kind, "JWT")}

    def tokens(self, grant: Grant) -> dict[str, Any]:
        nonce = {"nonce": grant.nonce} if grant.nonce else {}
        facts = {"sid": grant.sid, "auth_time": grant.auth_time}
        return {
            "access_token": self.access_token("accessToken", grant, **facts),
            "id_token": self.idp.issue("idToken", grant.person, grant.tenant, **facts, **nonce),
            "expires_in": int(self.lifetimes["accessToken"].total_seconds()),
        }

    def machine_token(self, body: dict[str, Any]) -> dict[str, Any]:
        """The client's own token; of the tenant that it asks for, as realms with organisations give it."""
        tenant = self.world.tenants.get(str(body.get("tenant", "")))
        token = self.idp.issue("accessToken", None, tenant)
        return {"access_token": token, "token_type": "Bearer", "expires_in": 300}

    def discovery(self) -> dict[str, Any]:
        return {"backchannel_logout_supported": True, "backchannel_logout_session_supported": True}

    def logout_token(self, person: Person, variant: str) -> str:
        sid = next((each.sid for each in self.flow.sign_in.sessions.values() if each.person is person), REMOVE)
        said: dict[str, dict[str, Any]] = {
            "nonce": {"nonce": "n-1"},
            "audience": {"aud": "somebody-else"},
            "no_event": {"events": {}},
            "list": {"events": [LOGOUT_EVENT]},
        }
        signed: dict[str, dict[str, Any]] = {
            "signed": {},
            "wrong": {"key": self.idp.keys.new(), "header": {"kid": self.idp.keys.current.kid}},
            "none": {"algorithm": "none"},
        }
        if variant not in said | signed:
            raise ValueError(variant)
        claims = {"sid": sid, **said.get(variant, {})}
        return self.idp.mint("logoutToken", person=person, claims=claims, **signed.get(variant, {}))

    def signed_out(self, session: Session) -> None:
        """A site that does not answer does not keep anybody from signing out."""
        if not self.backchannel_logout_uri:
            return
        token = self.idp.mint("logoutToken", person=session.person, claims={"sid": session.sid})
        try:
            requests.post(self.backchannel_logout_uri, data={"logout_token": token}, timeout=5)
        except requests.RequestException:
            return
