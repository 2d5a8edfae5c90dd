"""Auth0 with Organizations. Source: Auth0's documentation and its clients for Python."""

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from ..grants import Grant
from ..keys import KeyRing
from ..oauth import CodeFlow, HostedProvider
from ..provider import Message
from ..routing import Refused
from ..world import Person, Tenant, stable_id
from . import events
from .members import Members
from .organizations import Organizations
from .people import People

if TYPE_CHECKING:
    from ..server import StandIn


class Auth0(HostedProvider):
    """Kinds: accessToken, idToken, machineToken (client credentials), managementToken.

    Nobody signs in to an organisation that the site did not name, and tokens say nothing of one then.
    """

    name, title = "auth0", "Auth0"
    tenant_claim = "org_id"
    picks_tenant = False
    events = events.EVENTS
    lifetimes: ClassVar[Mapping[str, timedelta]] = {
        "accessToken": timedelta(hours=24),
        "idToken": timedelta(hours=10),
        "machineToken": timedelta(hours=24),
        "managementToken": timedelta(hours=24),
    }

    client_id = "cLiEnTiDoFtHeStAnDiN"
    client_secret = "standin-client-secret"
    audience = "https://api.example.test"
    roles_claim = "https://example.test/roles"
    webhook_token = "standin-webhook-token"
    login_url = "http://localhost:8000/auth/login/"  # of the application: where invitations lead
    management_scopes = "read:* create:* update:* delete:*"

    def __init__(self, idp: "StandIn") -> None:
        super().__init__(idp)
        self.flow = CodeFlow(
            idp,
            self,
            authorize="/authorize",
            token=["/oauth/token"],
            log_out=["/oidc/logout", "/v2/logout"],
            userinfo="/userinfo",
        )
        self.management_tokens: dict[str, set[str]] = {}  # token -> scopes
        self.organizations = Organizations(idp, self)
        self.parts += [self.flow, self.organizations, Members(idp, self), People(idp, self)]

    @property
    def issuer(self) -> str:
        return f"{self.idp.url}/"

    def subject_of(self, handle: str) -> str:
        return f"auth0|{stable_id(self.name, 'person', handle).replace('-', '')[:24]}"

    def new_keys(self) -> KeyRing:
        return KeyRing(ahead=True, prefix=self.name)

    def environment(self) -> dict[str, str]:
        return {
            "AUTH0_DOMAIN": self.idp.url,
            "AUTH0_CLIENT_ID": self.client_id,
            "AUTH0_CLIENT_SECRET": self.client_secret,
            "AUTH0_AUDIENCE": self.audience,
            "AUTH0_ROLES_CLAIM": self.roles_claim,
            "AUTH0_WEBHOOK_TOKEN": self.webhook_token,
        }

    def claims(self, kind: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
        organization = {"org_id": tenant.id} if tenant else {}
        if kind in ("machineToken", "managementToken"):
            audience = self.audience if kind == "machineToken" else f"{self.issuer}api/v2/"
            client = {"sub": f"{self.client_id}@clients", "azp": self.client_id, "gty": "client-credentials"}
            return {"iss": self.issuer, "aud": audience, **client, **organization}
        if person is None:
            raise ValueError(f"A {kind} belongs to a person.")
        roles = self.world.roles_of(person, tenant)
        own = {"iss": self.issuer, "sub": person.subject, self.roles_claim: roles, **organization}
        if kind == "idToken":
            return {**own, "aud": self.client_id, "nickname": person.handle, **profile(person)}
        rights = {"scope": "openid profile email", "permissions": self.world.permissions_of(roles)}
        return {**own, "aud": [self.audience, f"{self.issuer}userinfo"], "azp": self.client_id, **rights}

    def tokens(self, grant: Grant) -> dict[str, Any]:
        """Without an audience in the request the access token is opaque."""
        nonce = {"nonce": grant.nonce} if grant.nonce else {}
        if grant.audience not in ("", self.audience):
            raise Refused(403, {"error": "access_denied", "error_description": "Service not found"})
        named = self.access_token("accessToken", grant, scope=grant.scope) if grant.audience else None
        return {
            "access_token": named or secrets.token_urlsafe(32),
            "id_token": self.idp.issue("idToken", grant.person, grant.tenant, sid=grant.sid, **nonce),
            "expires_in": int(self.lifetimes["accessToken"].total_seconds()),
        }

    def gives_refresh_token(self, grant: Grant) -> bool:
        return "offline_access" in grant.scope.split()

    def machine_token(self, body: dict[str, Any]) -> dict[str, Any]:
        tenant = self.world.tenants.get(str(body.get("organization", "")))
        if body.get("audience") == f"{self.issuer}api/v2/":
            token = self.idp.issue("managementToken", None, None, scope=self.management_scopes)
            self.management_tokens[token] = set(self.management_scopes.split())
        elif body.get("audience") == self.audience:
            token = self.idp.issue("machineToken", None, tenant)
        else:
            raise Refused(403, {"error": "access_denied", "error_description": "Service not found"})
        seconds = int(self.lifetimes["machineToken"].total_seconds())
        return {"access_token": token, "token_type": "Bearer", "expires_in": seconds}

    def profile(self, grant: Grant) -> dict[str, Any]:
        return {"sub": grant.person.subject, "nickname": grant.person.handle, **profile(grant.person)}

    def accept(self, person: Person, ticket: str) -> None:
        self.organizations.accept(person, ticket)

    def event(self, name: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
        return events.event(self.world, name, person, tenant)

    def webhook(self, body: Mapping[str, Any], *, variant: str, secret: str | None) -> Message:
        """A stream sends a token that was agreed on; the body is not signed."""
        token = secret or self.webhook_token
        authorization = {
            "signed": f"Bearer {token}",
            "wrong": f"Bearer {token[::-1]}",
            "none": "Bearer ",
            "plain": token,
            "absent": "",
        }[variant]
        headers = {"Content-Type": "application/json", "Authorization": authorization}
        return Message({name: value for name, value in headers.items() if value}, json.dumps(body).encode())


def profile(person: Person) -> dict[str, Any]:
    return {"name": person.name, "email": person.email, "email_verified": person.verified, "picture": None}
