"""Members of organizations and their roles there. Removing them is a DELETE with a body."""

from typing import Any

from werkzeug.wrappers import Request, Response

from ..routing import answer, route
from ..world import Membership
from .management import ManagementPart, ids_in, listed, role_object, scope


class Members(ManagementPart):
    @route("/api/v2/organizations/<tenant_id>/members")
    @scope("read:organization_members")
    def all(self, request: Request, tenant_id: str) -> Response:
        """Roles come only where `fields` asks for them."""
        fields = {each for each in request.args.get("fields", "").split(",") if each}
        rows = [self.shape(each, fields) for each in self.world.members(self.tenant(tenant_id))]
        return answer(listed(request, "members", rows))

    @route("/api/v2/organizations/<tenant_id>/members", "POST")
    @scope("create:organization_members")
    def add(self, request: Request, tenant_id: str) -> Response:
        tenant = self.tenant(tenant_id)
        for person in [self.person(each) for each in ids_in(request, "members")]:
            if self.world.membership(person, tenant) is None:
                self.world.join(person, tenant)
        return answer(None, 204)

    @route("/api/v2/organizations/<tenant_id>/members", "DELETE")
    @scope("delete:organization_members")
    def remove(self, request: Request, tenant_id: str) -> Response:
        tenant = self.tenant(tenant_id)
        for person in [self.person(each) for each in ids_in(request, "members")]:
            self.world.leave(person, tenant)
        return answer(None, 204)

    @route("/api/v2/organizations/<tenant_id>/members/<user_id>/roles")
    @scope("read:organization_member_roles")
    def roles_listed(self, request: Request, tenant_id: str, user_id: str) -> Response:
        keys = self.member(tenant_id, user_id).roles
        return answer(listed(request, "roles", [role_object(self.world.roles[key]) for key in keys]))

    @route("/api/v2/organizations/<tenant_id>/members/<user_id>/roles", "POST")
    @scope("create:organization_member_roles")
    def add_roles(self, request: Request, tenant_id: str, user_id: str) -> Response:
        member = self.member(tenant_id, user_id)
        added = [role.key for role in self.roles(ids_in(request, "roles"))]
        self.world.set_roles(member.person, member.tenant, [*member.roles, *added])
        return answer(None, 204)

    @route("/api/v2/organizations/<tenant_id>/members/<user_id>/roles", "DELETE")
    @scope("delete:organization_member_roles")
    def remove_roles(self, request: Request, tenant_id: str, user_id: str) -> Response:
        member = self.member(tenant_id, user_id)
        removed = [role.key for role in self.roles(ids_in(request, "roles"))]
        self.world.set_roles(member.person, member.tenant, [key for key in member.roles if key not in removed])
        return answer(None, 204)

    def shape(self, membership: Membership, fields: set[str]) -> dict[str, Any]:
        person = membership.person
        row = {"user_id": person.subject, "name": person.name, "email": person.email, "picture": None}
        roles = [role_object(self.world.roles[key]) for key in membership.roles]
        every = {**row, "roles": [{"id": role["id"], "name": role["name"]} for role in roles]}
        return {name: every[name] for name in every if name in (fields or row)}
