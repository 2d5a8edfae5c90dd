"""Management calls: who may make them, and those about the project, its tenants and its roles."""

import secrets
from collections.abc import Iterable, Iterator
from functools import partial
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from ..routing import Handler, Part, answer, bearer, body_of, route
from ..world import Person, Role, Tenant, World
from . import hooks
from .errors import INVALID, MISSING, USER_UNKNOWN, unauthorized, wrong
from .people import tenant_entry

if TYPE_CHECKING:
    from ..server import StandIn
    from . import Descope

DAY = 24 * 60 * 60 * 1000  # milliseconds


class Managed(Part):
    """Every call needs `Authorization: Bearer <project id>:<management key>`."""

    def __init__(self, idp: "StandIn", descope: "Descope") -> None:
        super().__init__(idp)
        self.descope = descope

    @property
    def world(self) -> World:
        return self.idp.world

    def rules(self) -> Iterator[Rule]:
        for rule in super().rules():
            rule.endpoint = partial(self.guarded, rule.endpoint)
            yield rule

    def guarded(self, handler: Handler, request: Request, **values: Any) -> Response:
        wanted = f"{self.descope.project_id}:{self.descope.management_key}"
        if not compare_digest(bearer(request).encode(), wanted.encode()):
            raise unauthorized("Management key is wrong")
        return handler(request, **values)

    def tenant(self, name: Any) -> Tenant:
        if not isinstance(name, str) or name not in self.world.tenants:
            raise wrong(404, INVALID, "Tenant not found")
        return self.world.tenants[name]

    def person(self, body: dict[str, Any]) -> Person:
        """Whom `loginId` or `userId` of the body means. Raises Refused."""
        login_id, user_id = body.get("loginId"), body.get("userId")
        if not login_id and not user_id:
            raise wrong(400, MISSING, "loginId or userId is missing")
        for person in list(self.world.people.values()):
            if person.subject in (user_id, login_id) or person.email == login_id:
                return person
        raise wrong(400, USER_UNKNOWN, "Could not find user")

    def role_names(self, names: Any) -> list[str]:
        """Names of roles that there are. Raises Refused."""
        if not isinstance(names, list) or any(name not in self.world.roles for name in names):
            raise wrong(400, INVALID, "Role not found")
        return names

    def note(self, action: str, person: Person | None = None, tenant: Tenant | None = None) -> None:
        self.descope.audits.append(hooks.event(self.descope, action, person, tenant))


def text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise wrong(400, MISSING, f"{name} is missing")
    return value.strip()


def number(body: dict[str, Any], name: str) -> int:
    """A whole number from 0 on; 0 where there is none."""
    value = body.get(name) or 0
    if not isinstance(value, int) or value < 0:
        raise wrong(400, INVALID, f"{name} is no number")
    return value


class Project(Managed):
    @route("/v1/mgmt/license")
    def license(self, request: Request) -> Response:
        return answer({"rateLimitTier": "tier1"})

    @route("/v1/mgmt/audit/search", "POST")
    def audits(self, request: Request) -> Response:
        """What happened, newest first, thirty days back at most. `from` and `to` are milliseconds."""
        body, now = body_of(request), self.idp.now() * 1000
        since, until = max(number(body, "from"), now - 30 * DAY), number(body, "to") or now + 1000
        wanted = {name: body[name] for name in ("actions", "userIds", "tenants", "externalIds") if body.get(name)}
        found = [each for each in self.descope.audits if since <= each["occurred"] <= until and matches(each, wanted)]
        return answer({"audits": found[::-1]})


def matches(event: dict[str, Any], wanted: dict[str, list[str]]) -> bool:
    facts = {"actions": [event["action"]], "userIds": [event["userId"]]}
    facts |= {name: event[name] for name in ("tenants", "externalIds")}
    return all(set(values) & set(facts[name]) for name, values in wanted.items())


class Tenants(Managed):
    @route("/v1/mgmt/tenant/create", "POST")
    def create(self, request: Request) -> Response:
        body = body_of(request)
        id = body.get("id") or f"T2{secrets.token_hex(12)}"
        if not isinstance(id, str) or id in self.world.tenants:
            raise wrong(400, INVALID, "Tenant already exists")
        tenant = self.world.add_tenant(id, name=text(body, "name"))
        self.note("TenantCreated", tenant=tenant)
        return answer({"id": tenant.id})

    @route("/v1/mgmt/tenant/update", "POST")
    def update(self, request: Request) -> Response:
        body = body_of(request)
        tenant = self.tenant(body.get("id"))
        tenant.name = text(body, "name")
        tenant.metadata = body.get("customAttributes") or tenant.metadata
        return answer({})

    @route("/v1/mgmt/tenant")
    def load(self, request: Request) -> Response:
        return answer(tenant_entry(self.tenant(request.args.get("id"))))

    @route("/v1/mgmt/tenant/all")
    def all(self, request: Request) -> Response:
        return answer({"tenants": [tenant_entry(each) for each in list(self.world.tenants.values())]})

    @route("/v1/mgmt/tenant/delete", "POST")
    def delete(self, request: Request) -> Response:
        """With `cascade` those go too who belong to no other tenant."""
        body = body_of(request)
        tenant = self.tenant(body.get("id"))
        members = [each.person for each in self.world.members(tenant)]
        self.world.remove_tenant(tenant)
        if body.get("cascade"):
            for person in members:
                if not self.world.memberships_of(person):
                    self.world.remove_person(person)
        self.note("TenantDeleted", tenant=tenant)
        return answer({})


class Roles(Managed):
    @route("/v1/mgmt/role/all")
    def all(self, request: Request) -> Response:
        return answer({"roles": entries(self.world.roles.values())})

    @route("/v1/mgmt/role/search", "POST")
    def search(self, request: Request) -> Response:
        """Ours are all the project's, so that a search for a tenant's alone finds none."""
        body = body_of(request)
        names, tenants = body.get("roleNames"), body.get("tenantIds")
        if tenants and body.get("includeProjectRoles") is False:
            return answer({"roles": []})
        found = (role for role in self.world.roles.values() if not names or role.key in names)
        return answer({"roles": entries(found)})

    @route("/v1/mgmt/role/create", "POST")
    def create(self, request: Request) -> Response:
        body = body_of(request)
        name = text(body, "name")
        if name in self.world.roles:
            raise wrong(400, INVALID, "Role already exists")
        permissions = body.get("permissionNames") or ()
        self.world.add_role(name, permissions=permissions, description=body.get("description") or "")
        return answer({})

    @route("/v1/mgmt/role/delete/batch", "POST")
    def delete(self, request: Request) -> Response:
        """Descope's trap, played as it is: without names it deletes every role there is."""
        for name in body_of(request).get("roleNames") or list(self.world.roles):
            self.world.roles.pop(name, None)
            for membership in self.world.memberships.values():
                membership.roles = [role for role in membership.roles if role != name]
        return answer({})


def entries(roles: Iterable[Role]) -> list[dict[str, Any]]:
    return [
        {"name": role.key, "description": role.description, "permissionNames": role.permissions, "tenantId": ""}
        for role in list(roles)
    ]
