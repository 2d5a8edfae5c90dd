"""Tenants ("accounts") and the links that invite people into them."""

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from ..routing import Refused, answer, body_of, field, route
from ..world import Tenant
from .gateway import Gateway, VendorPart
from .paging import paged
from .shapes import account
from .tokens import moment

if TYPE_CHECKING:
    from ..server import StandIn

MOST_MINUTES = 365 * 24 * 60


class Tenants(VendorPart):
    def __init__(self, idp: "StandIn", gateway: Gateway) -> None:
        super().__init__(idp, gateway)
        self.deleted: dict[str, Tenant] = {}
        self.invites: dict[str, dict[str, Any]] = {}

    @route("/tenants/resources/tenants/v1", "POST")
    def create(self, request: Request) -> Response:
        """A new one, or one that was deleted earlier, revived."""
        body = body_of(request)
        tenant_id, name = field(body, "tenantId", ""), field(body, "name", "")
        if not (tenant_id and name):
            raise Refused(400, {"errors": ["tenantId and name are required"]})
        if tenant_id in self.world.tenants:
            raise Refused(400, {"errors": ["Tenant already exists"]})
        self.deleted.pop(tenant_id, None)
        return answer(account(self.world.add_tenant(tenant_id, name=name)), 201)

    @route("/tenants/resources/tenants/v2")
    def listed(self, request: Request) -> Response:
        wanted = [each for each in request.args.get("_tenantIds", "").split(",") if each]
        text = request.args.get("_filter", "").lower()
        tenants = [each for each in self.world.tenants.values() if not wanted or each.id in wanted]
        return answer(paged(request, [account(each) for each in tenants if text in each.name.lower()]))

    @route("/tenants/resources/tenants/v2/<tenant_id>")
    def one(self, request: Request, tenant_id: str) -> Response:
        """A list of one; an unknown id gives an empty list, and no 404."""
        tenant = self.world.tenants.get(tenant_id)
        return answer([account(tenant)] if tenant else [])

    @route("/tenants/resources/tenants/v2/<tenant_id>", "PUT")
    def update(self, request: Request, tenant_id: str) -> Response:
        tenant = self.tenant(tenant_id)
        tenant.name = field(body_of(request), "name", tenant.name)
        return answer(account(tenant))

    @route("/tenants/resources/tenants/v1/<tenant_id>/metadata", "POST")
    def add_metadata(self, request: Request, tenant_id: str) -> Response:
        tenant = self.tenant(tenant_id)
        tenant.metadata |= field(body_of(request), "metadata", tenant.metadata)
        return answer(account(tenant))

    @route("/tenants/resources/tenants/v1/<tenant_id>", "DELETE")
    def delete(self, request: Request, tenant_id: str) -> Response:
        """Its users go with it, unless they are elsewhere too."""
        tenant = self.tenant(tenant_id)
        people = [membership.person for membership in self.world.members(tenant)]
        self.world.remove_tenant(tenant)
        self.deleted[tenant_id] = tenant
        for person in people:
            if not self.world.memberships_of(person):
                self.world.remove_person(person)
        return answer(None, 200)

    @route("/identity/resources/tenants/invites/v1", "POST")
    @route("/identity/resources/tenants/invites/v2/user", "POST")
    def invite(self, request: Request) -> Response:
        body = body_of(request)
        tenant = self.tenant(field(body, "tenantId", "") or self.tenant_of(request).id)
        lifetime = timedelta(minutes=min(field(body, "expiresInMinutes", 7 * 24 * 60), MOST_MINUTES))
        invite: dict[str, Any] = {
            "id": secrets.token_hex(8),
            "tenantId": tenant.id,
            "token": secrets.token_urlsafe(24),
            "expires": moment(self.idp.now() + int(lifetime.total_seconds())),
            "shouldSendEmail": bool(body.get("shouldSendEmail", False)),
            "roleIds": [role.id for role in self.roles(body.get("roleIds", []))],
        }
        self.invites[invite["id"]] = invite
        return answer(invite, 201)

    @route("/identity/resources/tenants/invites/v1/all")
    def invites_listed(self, request: Request) -> Response:
        tenant = self.tenant_named(request)
        return answer([each for each in self.invites.values() if tenant is None or each["tenantId"] == tenant.id])

    @route("/identity/resources/tenants/invites/v1/token/<invite_id>", "DELETE")
    def withdraw(self, request: Request, invite_id: str) -> Response:
        if self.invites.pop(invite_id, None) is None:
            raise Refused(404, {"errors": ["Invite not found"]})
        return answer(None, 200)
