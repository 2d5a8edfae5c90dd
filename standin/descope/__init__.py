"""Descope: the project's API, the management API and OpenID Connect on one host, and the script of its web component.

Sources: Descope's SDK for Python 2.16 and its pages on sessions, OIDC endpoints, HMAC and audit events. Status and
error codes are what the SDK and public clients expect where the pages are silent.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from ..grants import Grant
from ..oauth import HostedProvider
from ..provider import Message
from ..world import Person, Tenant, stable_id
from . import hooks, tokens
from .flow import ProjectFlow
from .keys import AccessKey
from .management import Project, Roles, Tenants
from .sessions import Sessions
from .users import Users
from .widget import Widget

if TYPE_CHECKING:
    from ..server import StandIn


class Descope(HostedProvider):
    """`issuer_form` is "url" (ends in the project id) or "project" (the bare id); Descope uses both.

    `refresh_in_cookie`: refresh tokens go out as the cookie DSR alone. `repeats_refresh_token`: a refresh that does
    not rotate gives the old one back. `audience`: what session tokens say, which by default is nothing.
    `carries_profile`: session tokens also say e-mail and name, as a JWT template makes them. `events_in_list`: webhooks
    carry a list of one event.
    """

    name, title = "descope", "Descope"
    tenant_claim = "dct"
    open_to_scripts = True
    lifetimes = tokens.LIFETIMES
    events = ("UserModified", "UserCreated", "UserDeleted", "LoginSucceed", "LoginFailed")

    project_id = "P2standin0000000000000000000"
    management_key = "standin-management-key"
    client_id = "standin-descope-client"
    client_secret = "standin-descope-secret"
    webhook_secret = "standin-webhook-secret-of-more-than-32-bytes"
    issuer_form = "url"
    audience: str | list[str] = ""
    refresh_in_cookie = False
    repeats_refresh_token = True
    carries_profile = False
    events_in_list = False

    def __init__(self, idp: "StandIn") -> None:
        super().__init__(idp)
        self.project_roles: dict[str, list[str]] = {}  # by subject: what counts in no tenant and in every one
        self.newcomers: set[str] = set()  # made by a management call, never signed in
        self.access_keys: list[AccessKey] = []
        self.outbox: list[dict[str, str]] = []  # invitations that would be mailed
        self.audits: list[dict[str, Any]] = []
        self.last_message: Message
        self.flow: ProjectFlow = ProjectFlow(idp, self)
        self.sessions = Sessions(idp, self)
        self.parts += [self.flow, self.sessions, Widget(idp, self)]
        self.parts += [Project(idp, self), Tenants(idp, self), Roles(idp, self), Users(idp, self)]

    def subject_of(self, handle: str) -> str:
        return "U2" + stable_id(self.name, "person", handle).replace("-", "")[:26]

    @property
    def project_url(self) -> str:
        return f"{self.idp.url}/{self.project_id}"

    @property
    def issuer(self) -> str:
        return self.project_url if self.issuer_form == "url" else self.project_id

    def environment(self) -> dict[str, str]:
        audience = {"DESCOPE_AUDIENCE": self.audience} if isinstance(self.audience, str) and self.audience else {}
        return {
            "DESCOPE_PROJECT_ID": self.project_id,
            "DESCOPE_MANAGEMENT_KEY": self.management_key,
            "DESCOPE_BASE_URI": self.idp.url,
            "DESCOPE_CLIENT_ID": self.client_id,
            "DESCOPE_CLIENT_SECRET": self.client_secret,
            "DESCOPE_WEBHOOK_SECRET": self.webhook_secret,
            "DESCOPE_WEB_COMPONENT_SRC": self.idp.url + Widget.SCRIPT,
            **audience,
        }

    def claims(self, kind: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
        return tokens.claims(kind, self, person, tenant)

    def tokens(self, grant: Grant) -> dict[str, Any]:
        self.arrived(grant.person)
        nonce = {"nonce": grant.nonce} if grant.nonce else {}
        return {
            "access_token": self.idp.issue("session", grant.person, grant.tenant),
            "id_token": self.idp.issue("idToken", grant.person, grant.tenant, **nonce),
            "expires_in": int(self.lifetimes["session"].total_seconds()),
        }

    def discovery(self) -> dict[str, Any]:
        # The document belongs to the address form, whatever session tokens say.
        return {} if self.idp.faults.discovery_issuer else {"issuer": self.project_url}

    def asked_tenant(self, request: Request) -> str:
        return request.args.get("tenant") or request.args.get("organization", "")

    def throttled(self, seconds: int) -> tuple[Any, dict[str, str]]:
        body = {"errorCode": "E130429", "errorDescription": "API rate limit exceeded", "errorMessage": ""}
        return body, {"Retry-After": str(seconds)}

    def event(self, name: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
        return hooks.event(self, name, person, tenant)

    def webhook(self, body: Mapping[str, Any], *, variant: str, secret: str | None) -> Message:
        """One more variant: "replayed", the last message once more, byte for byte."""
        if variant != "replayed":
            whole = [body] if self.events_in_list else body
            self.last_message = hooks.message(whole, variant=variant, secret=secret or self.webhook_secret)
        return self.last_message

    def arrived(self, person: Person) -> None:
        """Somebody signed in. Who was invited by mail has shown by that that the address is theirs."""
        memberships = self.idp.world.memberships_of(person)
        if self.status(person) == "invited":
            person.verified = True
        self.newcomers.discard(person.subject)
        for membership in memberships:
            membership.invited = False

    def status(self, person: Person) -> str:
        if person.locked:
            return "disabled"
        awaited = any(each.invited for each in self.idp.world.memberships_of(person))
        return "invited" if awaited or person.subject in self.newcomers else "enabled"

    def add_access_key(self, tenant: Tenant, roles: Iterable[str] = (), *, name: str = "") -> AccessKey:
        """A machine's key in one tenant; its `secret` is what is exchanged for a token."""
        key = AccessKey(f"K2standin{len(self.access_keys) + 1}", name, tenant, list(roles))
        self.access_keys.append(key)
        return key


__all__ = ["Descope"]
