"""The project's API as the SDK uses it: keys, refresh, profile, another tenant, signing out, access keys."""

from dataclasses import replace
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from ..grants import Grant
from ..reading import Unreadable
from ..routing import Part, Refused, answer, bearer, body_of, route
from ..world import Tenant
from . import tokens
from .errors import INVALID, unauthorized, wrong
from .people import user

if TYPE_CHECKING:
    from ..server import StandIn
    from . import Descope

COOKIE = "DSR"


class Sessions(Part):
    def __init__(self, idp: "StandIn", descope: "Descope") -> None:
        super().__init__(idp)
        self.descope = descope

    @route("/v2/keys/<project>")
    def keys(self, request: Request, project: str) -> Response:
        if project != self.descope.project_id:
            raise wrong(404, INVALID, "Project not found")
        return self.descope.flow.jwks(request)

    @route("/v1/auth/refresh", "POST")
    def refresh(self, request: Request) -> Response:
        token, grant = self.session_of(request)
        if self.idp.faults.rotate_refresh_tokens:
            return self.signed_in(grant, self.exchanged(token, grant))
        return self.signed_in(grant, token if self.descope.repeats_refresh_token else "")

    @route("/v1/auth/me")
    def me(self, request: Request) -> Response:
        _, grant = self.session_of(request)
        return answer(user(self.descope, grant.person))

    @route("/v1/auth/tenant/select", "POST")
    def select_tenant(self, request: Request) -> Response:
        token, grant = self.session_of(request)
        tenant = self.idp.world.tenants.get(str(body_of(request).get("tenant", "")))
        if tenant is None or self.descope.flow.sign_in.hindrance(grant.person, tenant):
            raise wrong(403, INVALID, "The user does not belong to this tenant")
        chosen = replace(grant, tenant=tenant)
        return self.signed_in(chosen, self.exchanged(token, chosen))

    @route("/v1/auth/logout", "POST")
    def log_out(self, request: Request) -> Response:
        _, grant = self.session_of(request)
        self.descope.flow.ledger.end(grant.sid)
        return self.signed_out()

    @route("/v1/auth/logoutall", "POST")
    def log_out_everywhere(self, request: Request) -> Response:
        _, grant = self.session_of(request)
        self.descope.flow.ledger.end_all(grant.person.subject)
        return self.signed_out()

    @route("/v1/auth/accesskey/exchange", "POST")
    def exchange(self, request: Request) -> Response:
        """A machine's key, sent as the bearer after the project's id, against a token."""
        secret = self.after_project(request)
        world, options = self.idp.world, body_of(request).get("loginOptions") or {}
        for key in self.descope.access_keys:
            if key.active and compare_digest(key.secret.encode(), secret.encode()):
                if options.get("selectedTenant") not in (None, "", key.tenant.id):
                    raise wrong(403, INVALID, "The key does not belong to this tenant")
                inside = {key.tenant.id: tokens.project_wide(world, key.roles)}
                token = self.idp.issue("accessKey", None, key.tenant, sub=key.id, tenants=inside)
                expiration = self.idp.now() + int(self.descope.lifetimes["accessKey"].total_seconds())
                return answer({"sessionJwt": token, "keyId": key.id, "expiration": expiration})
        raise unauthorized("Unknown access key")

    def after_project(self, request: Request) -> str:
        """What follows `<project id>:` in the bearer. Raises Refused."""
        project, _, value = bearer(request).partition(":")
        if project != self.descope.project_id:
            raise unauthorized("Unknown project")
        return value

    def session_of(self, request: Request) -> tuple[str, Grant]:
        """The refresh token of a request, from the bearer or its cookie, and what it was issued for.

        A tenant that the person has left since is left out, as Descope does, rather than the session ended.
        """
        token = self.after_project(request) or request.cookies.get(COOKIE, "")
        ledger = self.descope.flow.ledger
        try:
            ledger.adopt(token)
            if token not in ledger.refresh_tokens:
                ledger.spend(ledger.refresh_tokens, token)
        except (Unreadable, Refused):
            raise unauthorized() from None
        grant = ledger.refresh_tokens[token]
        hindrance = self.descope.flow.sign_in.hindrance
        if why := hindrance(grant.person, None):
            raise unauthorized(why)
        return token, replace(grant, tenant=None if hindrance(grant.person, grant.tenant) else grant.tenant, nonce="")

    def exchanged(self, token: str, grant: Grant) -> str:
        """Another refresh token for this one, which is worth nothing any more."""
        ledger = self.descope.flow.ledger
        ledger.spend(ledger.refresh_tokens, token)
        return ledger.add(ledger.refresh_tokens, grant)

    def begin(self, subject: str, tenant: Tenant | None, *, first: bool) -> Response:
        """Sign somebody in: what a flow of the web component ends with."""
        ledger = self.descope.flow.ledger
        session = self.descope.flow.sign_in.begin(self.idp.world.people[subject], tenant)
        grant = ledger.grant(subject, tenant.id if tenant else "", sid=session.sid)
        return self.signed_in(grant, ledger.add(ledger.refresh_tokens, grant), first=first, wrapped=True)

    def signed_in(self, grant: Grant, refresh_token: str, *, first: bool = False, wrapped: bool = False) -> Response:
        """The session token, and the refresh token in the body or as a cookie, as the project is set."""
        self.descope.arrived(grant.person)
        seconds = int(self.descope.lifetimes["refresh"].total_seconds())
        cookie = {"cookieExpiration": 0, "cookieMaxAge": seconds, "cookieDomain": "", "cookiePath": "/"}
        body: dict[str, Any] = {"sessionJwt": self.idp.issue("session", grant.person, grant.tenant), **cookie}
        if refresh_token and not self.descope.refresh_in_cookie:
            body["refreshJwt"] = refresh_token
        body |= {"user": user(self.descope, grant.person), "firstSeen": first}
        response = answer({"status": "completed", "action": "none", "authInfo": body} if wrapped else body)
        if refresh_token and self.descope.refresh_in_cookie:
            response.set_cookie(COOKIE, refresh_token, max_age=seconds, path="/", httponly=True, samesite="Lax")
        return response

    def signed_out(self) -> Response:
        response = answer({})
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax")
        return response
