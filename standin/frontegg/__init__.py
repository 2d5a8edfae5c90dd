"""Frontegg: environment domain and API gateway on one host.

Sources: Frontegg's public OpenAPI files, its SDK for Python (tests/standin/test_frontegg_sdk.py runs that against
this), and its pages on tokens and webhooks.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from ..grants import Grant
from ..oauth import CodeFlow, HostedProvider
from ..provider import Message
from ..world import Person, Tenant
from . import hooks, tokens
from .gateway import Gateway
from .machines import ApiTokens, Machines
from .roles import Roles
from .sessions import Sessions
from .tenants import Tenants
from .users import Users

if TYPE_CHECKING:
    from ..server import StandIn


class Frontegg(HostedProvider):
    name, title = "frontegg", "Frontegg"
    tenant_claim = "tenantId"
    founds_tenant = True
    lifetimes = tokens.LIFETIMES
    events = hooks.EVENTS

    client_id = "c11e4700-0000-4000-8000-000000000000"
    api_key = "standin-api-key"
    audience = ""  # the client id where empty
    jwt_algorithm = "RS256"
    jwt_secret = "standin-jwt-secret-of-more-than-32-bytes"
    webhook_secret = "standin-webhook-secret-of-more-than-32-bytes"

    def __init__(self, idp: "StandIn") -> None:
        super().__init__(idp)
        self.flow = CodeFlow(
            idp,
            self,
            authorize="/oauth/authorize",
            token=["/oauth/token", "/frontegg/oauth/token"],
            log_out=["/oauth/logout"],
            userinfo="/oauth/userinfo",
        )
        self.machines = Machines(idp)
        self.gateway = Gateway(idp, self)
        self.parts += [self.flow, self.gateway, ApiTokens(idp, self), Sessions(idp, self)]
        self.parts += [Tenants(idp, self.gateway), Users(idp, self.gateway), Roles(idp, self.gateway)]

    @property
    def client_secret(self) -> str:  # type: ignore[override]
        return self.api_key

    def environment(self) -> dict[str, str]:
        return {
            "FRONTEGG_BASE_URL": self.issuer,
            "FRONTEGG_CLIENT_ID": self.client_id,
            "FRONTEGG_API_KEY": self.api_key,
            "FRONTEGG_API_GATEWAY_URL": self.idp.url,
            "FRONTEGG_AUDIENCE": self.audience or self.client_id,
            "FRONTEGG_WEBHOOK_SECRET": self.webhook_secret,
            "FRONTEGG_JWT_ALGORITHM": self.jwt_algorithm,
            "FRONTEGG_JWT_SECRET": self.jwt_secret,
        }

    def claims(self, kind: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
        own = tokens.claims(kind, self.idp.world, person, tenant, self.machines)
        return {**own, "aud": self.audience or self.client_id, "iss": self.issuer}

    def signing(self, kind: str) -> tuple[str, Any]:
        return ("HS256", self.jwt_secret) if self.jwt_algorithm == "HS256" else super().signing(kind)

    def tokens(self, grant: Grant) -> dict[str, Any]:
        facts = {"sid": grant.sid, "auth_time": grant.auth_time}
        nonce = {"nonce": grant.nonce} if grant.nonce else {}
        return {
            "access_token": self.access_token("userToken", grant, **facts),
            "id_token": self.idp.issue("idToken", grant.person, grant.tenant, **facts, **nonce),
            "expires_in": int(self.lifetimes["userToken"].total_seconds()),
        }

    def asked_tenant(self, request: Request) -> str:
        asked = request.args.get("organization") or request.args.get("tenantId")
        return asked or request.headers.get("frontegg-login-alias", "")

    def throttled(self, seconds: int) -> tuple[Any, dict[str, str]]:
        reset = tokens.moment(self.idp.now() + seconds)
        return {"errors": ["Too many requests"]}, {"X-Rate-Limit-Reset": reset}

    def event(self, name: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
        return hooks.event(self.idp.world, self.client_id, name, person, tenant)

    def webhook(self, body: Mapping[str, Any], *, variant: str, secret: str | None) -> Message:
        return hooks.message(body, variant=variant, secret=secret or self.webhook_secret, now=self.idp.now())
