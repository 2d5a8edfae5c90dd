"""Organizations, and invitations into them."""

import re
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from ..routing import answer, body_of, field, route
from ..world import Person, Tenant
from .management import ManagementPart, listed, refused, role_id, scope

if TYPE_CHECKING:
    from ..server import StandIn
    from . import Auth0

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
LIFETIME, LONGEST = 7 * 24 * 3600, 30 * 24 * 3600  # seconds


class Organizations(ManagementPart):
    def __init__(self, idp: "StandIn", provider: "Auth0") -> None:
        super().__init__(idp, provider)
        self.invitations: dict[str, dict[str, Any]] = {}

    @route("/api/v2/organizations")
    @scope("read:organizations")
    def all(self, request: Request) -> Response:
        return answer(listed(request, "organizations", [shape(each) for each in self.world.tenants.values()]))

    @route("/api/v2/organizations", "POST")
    @scope("create:organizations")
    def create(self, request: Request) -> Response:
        body = body_of(request)
        name = field(body, "name", "")
        if not NAME.fullmatch(name):
            raise refused(400, "Payload validation error: 'name' has an invalid format", "invalid_body")
        if any(each.alias == name for each in self.world.tenants.values()):
            raise refused(409, "An organization with this name already exists.", "organization_conflict")
        display_name = field(body, "display_name", name)
        metadata: dict[str, Any] = field(body, "metadata", {})
        tenant = self.world.add_tenant(f"org_{secrets.token_hex(8)}", name=display_name, alias=name)
        tenant.metadata = metadata
        return answer(shape(tenant), 201)

    @route("/api/v2/organizations/<tenant_id>")
    @scope("read:organizations")
    def one(self, request: Request, tenant_id: str) -> Response:
        return answer(shape(self.tenant(tenant_id)))

    @route("/api/v2/organizations/name/<name>")
    @scope("read:organizations")
    def by_name(self, request: Request, name: str) -> Response:
        ids = [each.id for each in self.world.tenants.values() if name in (each.alias, each.name)]
        return answer(shape(self.tenant(ids[0] if ids else "")))

    @route("/api/v2/organizations/<tenant_id>", "PATCH")
    @scope("update:organizations")
    def update(self, request: Request, tenant_id: str) -> Response:
        tenant, body = self.tenant(tenant_id), body_of(request)
        tenant.name = field(body, "display_name", tenant.name)
        tenant.metadata = field(body, "metadata", tenant.metadata)
        return answer(shape(tenant))

    @route("/api/v2/organizations/<tenant_id>", "DELETE")
    @scope("delete:organizations")
    def delete(self, request: Request, tenant_id: str) -> Response:
        self.world.remove_tenant(self.tenant(tenant_id))
        return answer(None, 204)

    @route("/api/v2/organizations/<tenant_id>/enabled_connections", "POST")
    @scope("create:organization_connections")
    def enable_connection(self, request: Request, tenant_id: str) -> Response:
        self.tenant(tenant_id)
        return answer(body_of(request), 201)

    @route("/api/v2/organizations/<tenant_id>/invitations")
    @scope("read:organization_invitations")
    def invitations_listed(self, request: Request, tenant_id: str) -> Response:
        return answer(listed(request, "invitations", self.pending(self.tenant(tenant_id))))

    @route("/api/v2/organizations/<tenant_id>/invitations", "POST")
    @scope("create:organization_invitations")
    def invite(self, request: Request, tenant_id: str) -> Response:
        """As there, nobody checks here whether the inviter may invite."""
        tenant, body = self.tenant(tenant_id), body_of(request)
        email = field(field(body, "invitee", {}), "email", "").lower()
        lifetime = field(body, "ttl_sec", LIFETIME)
        if "@" not in email or not field(body, "inviter", {}) or body.get("client_id") != self.provider.client_id:
            raise refused(400, "Payload validation error: inviter, invitee and client_id are needed", "invalid_body")
        if lifetime > LONGEST:
            raise refused(400, "Payload validation error: 'ttl_sec' exceeds 30 days", "invalid_body")
        ticket = secrets.token_urlsafe(24)
        link = {"invitation": ticket, "organization": tenant.id, "organization_name": tenant.alias}
        invitation: dict[str, Any] = {
            "id": f"uinv_{secrets.token_hex(8)}",
            "organization_id": tenant.id,
            "inviter": body["inviter"],
            "invitee": {"email": email},
            "client_id": body["client_id"],
            "roles": [role_id(role) for role in self.roles(field(body, "roles", []))],
            "ticket_id": ticket,
            "invitation_url": f"{self.provider.login_url}?{urlencode(link)}",
            "created_at": moment(self.idp.now()),
            "expires_at": moment(self.idp.now() + lifetime),
        }
        self.invitations[invitation["id"]] = invitation
        return answer(invitation, 201)

    @route("/api/v2/organizations/<tenant_id>/invitations/<invitation_id>")
    @scope("read:organization_invitations")
    def invitation(self, request: Request, tenant_id: str, invitation_id: str) -> Response:
        return answer(self.found(tenant_id, invitation_id))

    @route("/api/v2/organizations/<tenant_id>/invitations/<invitation_id>", "DELETE")
    @scope("delete:organization_invitations")
    def withdraw(self, request: Request, tenant_id: str, invitation_id: str) -> Response:
        self.invitations.pop(self.found(tenant_id, invitation_id)["id"])
        return answer(None, 204)

    def pending(self, tenant: Tenant) -> list[dict[str, Any]]:
        now = moment(self.idp.now())
        invitations = [each for each in self.invitations.values() if each["organization_id"] == tenant.id]
        return [each for each in invitations if each["expires_at"] > now]

    def found(self, tenant_id: str, invitation_id: str) -> dict[str, Any]:
        for invitation in self.pending(self.tenant(tenant_id)):
            if invitation["id"] == invitation_id:
                return invitation
        raise refused(404, "The invitation does not exist.", "inexistent_invitation")

    def accept(self, person: Person, ticket: str) -> None:
        """Make the person a member, with the roles of the invitation. Raises LookupError."""
        for invitation in list(self.invitations.values()):
            tenant = self.world.tenants.get(invitation["organization_id"])
            theirs = invitation["ticket_id"] == ticket and invitation["invitee"]["email"] == person.email.lower()
            if tenant and theirs and invitation in self.pending(tenant):
                self.world.join(person, tenant, [role.key for role in self.roles(invitation["roles"])])
                self.invitations.pop(invitation["id"])
                return
        raise LookupError(ticket)


def shape(tenant: Tenant) -> dict[str, Any]:
    return {"id": tenant.id, "name": tenant.alias, "display_name": tenant.name, "metadata": tenant.metadata}


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
