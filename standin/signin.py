"""The browser's side of hosted sign-in: who is asked for, the page where one picks a person, and signing out."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from werkzeug.wrappers import Request, Response

from .grants import Grant, Ledger
from .pages import message_page, sign_in_page
from .routing import redirect
from .world import Person, Tenant, stable_id

if TYPE_CHECKING:
    from .oauth import HostedProvider
    from .server import StandIn

FORGETFUL = {"login", "select_account"}  # prompts that ask although somebody is signed in


@dataclass
class Session:
    """Somebody signed in at the provider, in one browser."""

    sid: str
    person: Person
    tenant: Tenant | None
    since: int


class Wrong(Exception):
    """An error that goes back to the site with the browser: OAuth's name for it, and a sentence."""


@dataclass(frozen=True)
class Asked:
    """A checked authorization request. `tenant` is what the site asked for, if it did."""

    redirect_uri: str
    args: Mapping[str, str]
    tenant: Tenant | None

    @property
    def prompts(self) -> set[str]:
        again = {"login"} if self.args.get("max_age") == "0" else set()
        return set(self.args.get("prompt", "").split()) | again


class SignIn:
    def __init__(self, idp: "StandIn", provider: "HostedProvider", ledger: Ledger) -> None:
        self.idp, self.provider, self.ledger = idp, provider, ledger
        self.sessions: dict[str, Session] = {}
        self.cookie = f"standin_{provider.name}"  # cookies know no ports, so each provider has its own

    def authorize(self, request: Request) -> Response:
        """Send the browser on with a code: at once if somebody is signed in already, else after the page."""
        uri = request.args.get("redirect_uri", "")
        if request.args.get("client_id") != self.provider.client_id:
            return self.said("Unknown application", "No application has this client_id.", 400)
        if not self.idp.addresses.takes_callback(uri):
            return self.said("Address not allowed", f"redirect_uri is not on the list: {uri}", 400)
        try:
            return self.continued(request, self.checked(request, uri))
        except Wrong as wrong:
            code, sentence = wrong.args
            return self.back(uri, request.args, error=code, error_description=sentence)

    def checked(self, request: Request, uri: str) -> Asked:
        args = request.args
        if args.get("response_type") != "code":
            raise Wrong("unsupported_response_type", "Only the code flow is played.")
        if args.get("code_challenge_method", "S256") != "S256":
            raise Wrong("invalid_request", "code_challenge_method has to be S256.")
        if self.provider.needs_pkce and not args.get("code_challenge"):
            raise Wrong("invalid_request", "code_challenge is missing.")
        return Asked(uri, args.to_dict(), self.asked_tenant(request))

    def asked_tenant(self, request: Request) -> Tenant | None:
        name = self.provider.asked_tenant(request)
        if not name:
            return None
        try:
            return self.idp.world.tenant(name)
        except LookupError:
            raise Wrong("invalid_request", f"There is no organisation {name!r}.") from None

    def continued(self, request: Request, asked: Asked) -> Response:
        if request.method == "POST":
            return self.picked(request, asked)
        session = self.sessions.get(request.cookies.get(self.cookie, ""))
        silent = session is not None and not asked.prompts & FORGETFUL and "invitation" not in asked.args
        if session and silent:
            session.tenant = asked.tenant or (session.tenant if self.provider.picks_tenant else None)
            if not self.hindrance(session.person, session.tenant):
                return self.sent_on(session, asked)
        if "none" in asked.prompts:
            raise Wrong("login_required", "Nobody is signed in.")
        return sign_in_page(self.provider, self.idp.world, asked)

    def picked(self, request: Request, asked: Asked) -> Response:
        """The form of the page: somebody was picked, or signs up."""
        world, form = self.idp.world, request.form
        if form.get("email"):
            person, tenant = self.signed_up(
                form["email"].strip().lower(), form.get("name", ""), form.get("organisation", "")
            )
        else:
            try:
                person = world.person(form.get("person", ""))
                tenant = world.tenant(form["tenant"]) if form.get("tenant") else None
            except LookupError:
                raise Wrong("invalid_request", "There is nobody of that name.") from None
        self.take_up_invitation(person, asked)
        session = self.begin(person, asked.tenant or tenant or self.first_tenant(person))
        if why := self.hindrance(person, session.tenant):
            raise Wrong("access_denied", why)
        response = self.sent_on(session, asked)
        response.set_cookie(self.cookie, session.sid, httponly=True, samesite="Lax")
        self.sessions[session.sid] = session
        return response

    def signed_up(self, email: str, name: str, organisation: str) -> tuple[Person, Tenant | None]:
        """A new account, or the one that has this address already."""
        world = self.idp.world
        try:
            return world.person(email), None
        except LookupError:
            person = world.add_person(email, email=email, name=name.strip() or email.partition("@")[0])
        if not (self.provider.founds_tenant and organisation.strip()):
            return person, None
        tenant = world.add_tenant(stable_id(self.provider.name, secrets.token_hex(8)), name=organisation.strip())
        world.join(person, tenant, ["Owner"])
        return person, tenant

    def take_up_invitation(self, person: Person, asked: Asked) -> None:
        ticket = asked.args.get("invitation", "")
        if not ticket:
            return
        try:
            self.provider.accept(person, ticket)
        except LookupError:
            raise Wrong("access_denied", "The invitation is unknown, used, or somebody else's.") from None

    def begin(self, person: Person, tenant: Tenant | None) -> Session:
        return Session(secrets.token_urlsafe(24), person, tenant, self.idp.now())

    def first_tenant(self, person: Person) -> Tenant | None:
        if not self.provider.picks_tenant:
            return None
        active = (each.tenant for each in self.idp.world.memberships_of(person) if not each.disabled)
        return next(active, None)

    def hindrance(self, person: Person, tenant: Tenant | None) -> str:
        """Why this person gets no token for this tenant; empty if nothing is in the way."""
        if person.locked or person.subject not in self.idp.world.people:
            return "The account is locked."
        if tenant is None:
            return ""
        membership = self.idp.world.membership(person, tenant)
        if membership is None:
            return f"{person.name} does not belong to {tenant.name}."
        return f"{person.name} is disabled in {tenant.name}." if membership.disabled else ""

    def sent_on(self, session: Session, asked: Asked) -> Response:
        membership = self.idp.world.membership(session.person, session.tenant) if session.tenant else None
        if membership and membership.invited:  # the link in the invitation's mail proves the address
            membership.invited, membership.person.verified = False, True
        grant = Grant(
            person=session.person,
            tenant=session.tenant,
            sid=session.sid,
            auth_time=session.since,
            redirect_uri=asked.redirect_uri,
            scope=asked.args.get("scope", "openid"),
            nonce=asked.args.get("nonce", ""),
            audience=asked.args.get("audience", ""),
            challenge=asked.args.get("code_challenge", ""),
            issued=self.idp.now(),
        )
        return self.back(asked.redirect_uri, asked.args, code=self.ledger.add(self.ledger.codes, grant))

    def back(self, uri: str, args: Mapping[str, str], **answer: str) -> Response:
        """To the site, with `state` as it came."""
        state = {"state": args["state"]} if "state" in args else {}
        issuer = {"iss": self.idp.faults.issuer or self.provider.issuer} if self.provider.names_issuer else {}
        return redirect(with_query(uri, {**answer, **state, **issuer}))

    def log_out(self, request: Request) -> Response:
        """End the session of this browser and what was issued in it."""
        to = request.args.get("post_logout_redirect_uri") or request.args.get("returnTo") or ""
        if to and not self.idp.addresses.takes_return(to):
            return self.said("Address not allowed", f"The return address is not on the list: {to}", 400)
        if session := self.sessions.pop(request.cookies.get(self.cookie, ""), None):
            self.ledger.end(session.sid)
            self.provider.signed_out(session)
        state = {"state": request.args["state"]} if "state" in request.args else {}
        response = redirect(with_query(to, state)) if to else self.said("Signed out", "You are signed out.", 200)
        response.delete_cookie(self.cookie, httponly=True, samesite="Lax")
        return response

    def said(self, title: str, sentence: str, status: int) -> Response:
        return message_page(self.provider.title, title, sentence, status)


def with_query(url: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query, keep_blank_values=True), *more.items()])))
