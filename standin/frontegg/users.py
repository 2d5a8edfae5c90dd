"""Users: inviting, joining, leaving, switching off, lists.

Which tenant is meant is in the header `frontegg-tenant-id`. DELETE is the trap: without the header it removes the
person everywhere, and says 200 all the same.
"""

import json
import secrets
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from ..routing import Refused, answer, body_of, field, route
from ..world import Membership, Person, Tenant
from .gateway import Gateway, VendorPart
from .paging import MOST_ROWS, paged
from .shapes import user

if TYPE_CHECKING:
    from ..server import StandIn


class Users(VendorPart):
    def __init__(self, idp: "StandIn", gateway: Gateway) -> None:
        super().__init__(idp, gateway)
        self.bulks: dict[str, dict[str, Any]] = {}

    @route("/identity/resources/users/v2", "POST")
    def invite(self, request: Request) -> Response:
        tenant = self.tenant_of(request)
        person = self.invited(tenant, body_of(request))
        return answer(user(self.world, person, tenant), 201)

    @route("/identity/resources/users/bulk/v1/invite", "POST")
    def invite_many(self, request: Request) -> Response:
        """All is done when this answers, though the answer is that of something begun."""
        tenant = self.tenant_of(request)
        entries: list[Any] = field(body_of(request), "users", [])
        if not all(isinstance(entry, dict) for entry in entries):
            raise Refused(400, {"errors": ["users must be a list of objects"]})
        for entry in entries:
            self.invited(tenant, entry)
        bulk = {"id": secrets.token_hex(8), "status": "succeeded", "tenantId": tenant.id}
        self.bulks[bulk["id"]] = bulk
        return answer(bulk, 202)

    @route("/identity/resources/users/bulk/v1/status/<bulk_id>")
    def bulk_status(self, request: Request, bulk_id: str) -> Response:
        if bulk_id not in self.bulks:
            raise Refused(404, {"errors": ["Not found"]})
        return answer(self.bulks[bulk_id])

    def invited(self, tenant: Tenant, entry: dict[str, Any]) -> Person:
        """The person of this address, asked into the tenant. Raises Refused."""
        email, name = field(entry, "email", "").strip().lower(), field(entry, "name", "")
        metadata = parsed(field(entry, "metadata", "{}"))
        if "@" not in email:
            raise Refused(400, {"errors": ["email must be an email"]})
        roles = [role.key for role in self.roles(entry.get("roleIds", []))]
        try:
            person = self.world.person(email)
        except LookupError:
            person = self.world.add_person(email, email=email, name=name, verified=False)
            person.metadata = metadata
        if self.world.membership(person, tenant):
            raise Refused(409, {"errors": ["User already exists in this tenant"]})
        self.world.join(person, tenant, roles, invited=True)
        return person

    @route("/identity/resources/users/v1/<subject>/tenant", "POST")
    def join(self, request: Request, subject: str) -> Response:
        person, body = self.person(subject), body_of(request)
        tenant = self.tenant(field(body, "tenantId", ""))
        if self.world.membership(person, tenant) is None:
            self.world.join(person, tenant, invited=not body.get("skipInviteEmail", False))
        return answer(user(self.world, person, tenant), 201)

    @route("/identity/resources/users/v1/<subject>", "DELETE")
    def remove(self, request: Request, subject: str) -> Response:
        person, tenant = self.person(subject), self.tenant_named(request)
        if tenant is None:
            self.world.remove_person(person)
        else:
            self.member(person, tenant)
            self.world.leave(person, tenant)
        return answer(None, 200)

    @route("/identity/resources/tenants/users/v1/<subject>/<any(enable, disable):what>", "POST")
    def switch(self, request: Request, subject: str, what: str) -> Response:
        person, tenant = self.person(subject), self.tenant_of(request)
        self.member(person, tenant).disabled = what == "disable"
        return answer(None, 200)

    @route("/identity/resources/users/v3")
    def listed(self, request: Request) -> Response:
        tenant = self.tenant_named(request)
        people = [each.person for each in self.world.members(tenant)] if tenant else list(self.world.people.values())
        return answer(paged(request, [user(self.world, person, tenant) for person in people]))

    @route("/identity/resources/users/v1/<subject>")
    def one(self, request: Request, subject: str) -> Response:
        person, tenant = self.person(subject), self.tenant_of(request)
        self.member(person, tenant)
        return answer(user(self.world, person, tenant))

    @route("/identity/resources/vendor-only/users/v1/<subject>")
    def one_anywhere(self, request: Request, subject: str) -> Response:
        return answer(user(self.world, self.person(subject)))

    @route("/identity/resources/users/v1/email")
    def by_email(self, request: Request) -> Response:
        email = request.args.get("email", "").lower()
        for person in list(self.world.people.values()):
            if person.email.lower() == email:
                return answer(user(self.world, person, self.tenant_named(request)))
        raise Refused(404, {"errors": ["User not found"]})

    @route("/identity/resources/tenants/users/v1/statuses")
    def statuses(self, request: Request) -> Response:
        """Where each of the people stands in each tenant. At most 200 ids."""
        ids = [each for each in request.args.get("userIds", "").split(",") if each]
        if not 1 <= len(ids) <= MOST_ROWS:
            raise Refused(400, {"errors": [f"userIds must have 1 to {MOST_ROWS} elements"]})
        people = [self.world.people[each] for each in ids if each in self.world.people]
        return answer(
            [
                {"userId": person.subject, "tenantId": each.tenant.id, "status": status(each)}
                for person in people
                for each in self.world.memberships_of(person)
            ]
        )

    @route("/identity/resources/users/v1/invitation/reset", "POST")
    def invite_again(self, request: Request) -> Response:
        email = str(body_of(request).get("email", ""))
        if not any(person.email == email for person in list(self.world.people.values())):
            raise Refused(404, {"errors": ["User not found"]})
        return answer(None, 200)

    def member(self, person: Person, tenant: Tenant) -> Membership:
        membership = self.world.membership(person, tenant)
        if membership is None:
            raise Refused(404, {"errors": ["User not found"]})
        return membership


def parsed(metadata: str) -> dict[str, Any]:
    """Metadata, which is a text that holds JSON. Raises Refused."""
    try:
        value = json.loads(metadata)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Refused(400, {"errors": ["metadata must be a stringified JSON object"]})
    return value


def status(membership: Membership) -> str:
    if membership.invited:
        return "PendingInvitation"
    return "NotActivated" if membership.disabled else "Activated"
