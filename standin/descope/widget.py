"""The web component: its script, and the two calls of a flow that it makes.

A flow has one screen here, on which one picks a person or, in a flow that allows it, signs up.
"""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from ..routing import Part, answer, bearer, body_of, route
from ..scripts import script
from ..world import Membership, Person, Tenant
from .errors import INVALID, unauthorized, wrong
from .management import text

if TYPE_CHECKING:
    from ..server import StandIn
    from . import Descope

SOURCE = Path(__file__).parent.parent / "static" / "descope-wc.js"


class Widget(Part):
    SCRIPT = "/npm/@descope/web-component/dist/index.js"  # also with @<version>, as the public package host has it

    def __init__(self, idp: "StandIn", descope: "Descope") -> None:
        super().__init__(idp)
        self.descope = descope
        self.executions: dict[str, Tenant | None] = {}  # flows begun, and the tenant that each is bound to

    @route("/npm/@descope/<package>/dist/index.js")
    def source(self, request: Request, package: str) -> Response:
        if package.partition("@")[0] != "web-component":
            raise wrong(404, INVALID, "There is no such package")
        return script(SOURCE)

    @route("/v1/flow/start", "POST")
    def start(self, request: Request) -> Response:
        """The screen of the flow: who there is, and whether one may sign up."""
        body = self.body_of_project(request)
        flow, tenant = text(body, "flowId"), self.tenant_asked(body)
        execution = secrets.token_urlsafe(16)
        self.executions[execution] = tenant
        people = [self.choice(person, tenant) for person in list(self.idp.world.people.values())]
        state = {"people": people, "tenant": tenant.name if tenant else "", "signUp": "up" in flow, "flowId": flow}
        screen = {"id": "pick", "state": state}
        return answer({"executionId": execution, "status": "waiting", "action": "screen", "screen": screen})

    @route("/v1/flow/next", "POST")
    def next(self, request: Request) -> Response:
        """Take what was picked; the flow ends with tokens, once."""
        body = self.body_of_project(request)
        execution = body.get("executionId")
        if execution not in self.executions:
            raise wrong(400, INVALID, "The flow has ended or never began")
        given: dict[str, Any] = body.get("input") or {}
        tenant = self.executions[execution]
        known = len(self.idp.world.people)
        person = self.signed_up(given) if given.get("email") else self.picked(given)
        tenant = tenant or self.tenant_picked(given) or self.only_tenant(person)
        if why := self.descope.flow.sign_in.hindrance(person, tenant):
            self.note("LoginFailed", person, tenant)
            raise wrong(403, INVALID, why)
        del self.executions[execution]
        self.note("LoginSucceed", person, tenant)
        return self.descope.sessions.begin(person.subject, tenant, first=len(self.idp.world.people) > known)

    def body_of_project(self, request: Request) -> dict[str, Any]:
        if bearer(request) != self.descope.project_id:
            raise unauthorized("Unknown project")
        return body_of(request)

    def tenant_asked(self, body: dict[str, Any]) -> Tenant | None:
        """The tenant that the page's element names; None without one."""
        name = str((body.get("options") or {}).get("tenant") or "")
        return self.found(name) if name else None

    def tenant_picked(self, given: dict[str, Any]) -> Tenant | None:
        name = str(given.get("tenant") or "")
        return self.found(name) if name else None

    def found(self, name: str) -> Tenant:
        try:
            return self.idp.world.tenant(name)
        except LookupError:
            raise wrong(400, INVALID, "Tenant not found") from None

    def only_tenant(self, person: Person) -> Tenant | None:
        """Descope chooses by itself where there is no choice."""
        memberships = self.idp.world.memberships_of(person)
        return memberships[0].tenant if len(memberships) == 1 else None

    def picked(self, given: dict[str, Any]) -> Person:
        try:
            return self.idp.world.person(str(given.get("person", "")))
        except LookupError:
            raise wrong(400, INVALID, "There is nobody of that name") from None

    def signed_up(self, given: dict[str, Any]) -> Person:
        person, _ = self.descope.flow.sign_in.signed_up(text(given, "email"), str(given.get("name") or ""), "")
        return person

    def choice(self, person: Person, tenant: Tenant | None) -> dict[str, Any]:
        memberships = self.idp.world.memberships_of(person)
        places = [self.place(each) for each in memberships if tenant in (None, each.tenant)]
        state = self.descope.status(person)
        return {
            "person": person.subject,
            "name": person.name,
            "email": person.email,
            "status": state,
            "tenants": places,
        }

    def place(self, membership: Membership) -> dict[str, Any]:
        return {"tenant": membership.tenant.id, "name": membership.tenant.name, "roles": membership.roles}

    def note(self, action: str, person: Person, tenant: Tenant | None) -> None:
        self.descope.audits.append(self.descope.event(action, person, tenant))
