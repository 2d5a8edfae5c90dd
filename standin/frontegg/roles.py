"""Roles and permissions of the environment."""

from typing import Any

from werkzeug.wrappers import Request, Response

from ..routing import Refused, answer, body_of, field, json_of, route
from ..world import Person, Tenant
from .gateway import VendorPart
from .paging import paged
from .shapes import permission, permission_id, role_object


class Roles(VendorPart):
    @route("/identity/resources/roles/v1")
    def listed(self, request: Request) -> Response:
        self.tenant_named(request)
        return answer([role_object(role) for role in self.world.roles.values()])

    @route("/identity/resources/roles/v2")
    def by_page(self, request: Request) -> Response:
        field = {"key": "key", "name": "name"}.get(request.args.get("_sortBy", ""))
        if field is None:
            raise Refused(400, {"errors": ["_sortBy must be one of key, name"]})
        roles = [role_object(role) for role in self.world.roles.values()]
        return answer(paged(request, sorted(roles, key=lambda role: role[field])))

    @route("/identity/resources/permissions/v1")
    def permissions(self, request: Request) -> Response:
        return answer([permission(key) for key in self.world.permissions_of(self.world.roles)])

    @route("/identity/resources/roles/v1/<role_id>/permissions", "PUT")
    def replace_permissions(self, request: Request, role_id: str) -> Response:
        """The permissions of a role, all at once. Each has to be known by some role already."""
        [role] = self.roles([role_id])
        keys = {permission_id(key): key for key in self.world.permissions_of(self.world.roles)}
        wanted: list[Any] = field(body_of(request), "permissionIds", [])
        if any(not isinstance(each, str) or each not in keys for each in wanted):
            raise Refused(400, {"errors": ["Permission not found"]})
        role.permissions = [keys[each] for each in wanted]
        return answer(role_object(role))

    @route("/identity/resources/users/v1/<subject>/roles", "POST")
    def add(self, request: Request, subject: str) -> Response:
        person, tenant, asked = self.asked(request, subject)
        return self.changed(person, tenant, [*self.world.roles_of(person, tenant), *asked])

    @route("/identity/resources/users/v1/<subject>/roles", "DELETE")
    def remove(self, request: Request, subject: str) -> Response:
        """The roles to take away are in the body, although it is a DELETE."""
        person, tenant, asked = self.asked(request, subject)
        return self.changed(person, tenant, [key for key in self.world.roles_of(person, tenant) if key not in asked])

    def asked(self, request: Request, subject: str) -> tuple[Person, Tenant, list[str]]:
        person, tenant, body = self.person(subject), self.tenant_of(request), json_of(request)
        if self.world.membership(person, tenant) is None:
            raise Refused(404, {"errors": ["User not found"]})
        ids: Any = body.get("roleIds") if isinstance(body, dict) else None
        return person, tenant, [role.key for role in self.roles(ids)]

    def changed(self, person: Person, tenant: Tenant, keys: list[str]) -> Response:
        self.world.set_roles(person, tenant, keys)
        roles = [role_object(self.world.roles[key]) for key in self.world.roles_of(person, tenant)]
        return answer({"tenantId": tenant.id, "userId": person.subject, "roles": roles})
