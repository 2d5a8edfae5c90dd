"""The management API: users, groups, members. A tenant of the world is a group here."""

import secrets
from collections.abc import Iterator
from functools import partial
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from ..routing import Handler, Part, answer, body_of, route
from ..world import Membership, Person, Tenant, World, stable_id
from .errors import wrong

if TYPE_CHECKING:
    from ..server import StandIn
    from . import Rownd

MEMBER_STATES = {"active": False, "invite_pending": True}  # as they set `invited`
USER_STATES = {"enabled": False, "disabled": True}  # as they set `locked`
PAGE = 100


class AppPart(Part):
    """What lies below /applications/<app>. Each call needs the app's key and its secret in headers."""

    def __init__(self, idp: "StandIn", rownd: "Rownd") -> None:
        super().__init__(idp)
        self.rownd = rownd

    @property
    def world(self) -> World:
        return self.idp.world

    def rules(self) -> Iterator[Rule]:
        for rule in super().rules():
            guarded = partial(self.guarded, rule.endpoint)
            yield Rule("/applications/<app>" + rule.rule, methods=rule.methods, endpoint=guarded)

    def guarded(self, handler: Handler, request: Request, app: str, **values: Any) -> Response:
        given = (request.headers.get("x-rownd-app-key", ""), request.headers.get("x-rownd-app-secret", ""))
        own = (self.rownd.app_key, self.rownd.app_secret)
        if not all(compare_digest(one.encode(), other.encode()) for one, other in zip(given, own, strict=True)):
            raise wrong(401, "App key or secret is wrong")
        if app != self.rownd.app_id:
            raise wrong(404, "App not found")
        return handler(request, **values)

    def person(self, subject: Any) -> Person:
        if not isinstance(subject, str) or subject not in self.world.people:
            raise wrong(404, "User not found")
        return self.world.people[subject]

    def group(self, id: str) -> Tenant:
        if id not in self.world.tenants:
            raise wrong(404, "Group not found")
        return self.world.tenants[id]

    def members_of(self, group: Tenant) -> list[Membership]:
        """Rownd disables nobody in one group alone: who is disabled there is not in it."""
        return [each for each in self.world.members(group) if not each.disabled]

    def entry(self, group: Tenant) -> dict[str, Any]:
        """Group in Rownd's words."""
        policy = group.metadata.get("admission_policy", "invite_only")
        own = {"id": group.id, "name": group.name, "app_id": self.rownd.app_id, "admission_policy": policy}
        return {**own, "member_count": len(self.members_of(group))}


def member_entry(membership: Membership) -> dict[str, Any]:
    return {
        "id": member_id(membership),
        "user_id": membership.person.subject,
        "roles": list(membership.roles),
        "state": "invite_pending" if membership.invited else "active",
        "group_id": membership.tenant.id,
    }


def member_id(membership: Membership) -> str:
    """Never the user's id."""
    return "member_" + stable_id("rownd", "member", membership.person.subject, membership.tenant.id)[:13]


def roles_in(body: dict[str, Any]) -> list[str]:
    """Roles are free texts; there is no list of those that exist. Raises Refused for what is no list of texts."""
    roles = body.get("roles") or []
    if not isinstance(roles, list) or not all(isinstance(role, str) and role for role in roles):
        raise wrong(400, "roles has to be a list of texts")
    return roles


def listed(rows: list[dict[str, Any]], total: int | None = None) -> Response:
    return answer({"total_results": len(rows) if total is None else total, "results": rows})


class Users(AppPart):
    def user(self, person: Person) -> dict[str, Any]:
        first, _, last = person.name.partition(" ")
        data = {"user_id": person.subject, "email": person.email, "first_name": first, "last_name": last}
        memberships = (each for each in self.world.memberships_of(person) if not each.disabled)
        return {
            "rownd_user": person.subject,
            "state": "disabled" if person.locked else "enabled",
            "auth_level": self.rownd.level(person),
            "data": {name: value for name, value in data.items() if value},
            "verified_data": {"email": person.email} if person.verified and person.email else {},
            "groups": [{"group": self.entry(each.tenant), "member": member_entry(each)} for each in memberships],
        }

    @route("/users/data")
    def all(self, request: Request) -> Response:
        """A page of `page_size` after the user `after`."""
        subjects, after = list(self.world.people), request.args.get("after", "")
        start = subjects.index(after) + 1 if after in subjects else 0
        size = request.args.get("page_size", PAGE, type=int)
        rows = [self.user(self.world.people[each]) for each in subjects[start : start + size]]
        return listed(rows, len(subjects))

    @route("/users/<subject>/data")
    def one(self, request: Request, subject: str) -> Response:
        return answer(self.user(self.person(subject)))

    @route("/users/<subject>/state", "POST")
    def set_state(self, request: Request, subject: str) -> Response:
        person, state = self.person(subject), body_of(request).get("state")
        if state not in USER_STATES:
            raise wrong(400, "state has to be enabled or disabled")
        person.locked = USER_STATES[state]
        return answer({"state": state})

    @route("/users/<subject>/signout", "POST")
    def sign_out(self, request: Request, subject: str) -> Response:
        self.rownd.sign_out(self.person(subject))
        return Response(status=204)


class Groups(AppPart):
    @route("/groups")
    def all(self, request: Request) -> Response:
        return listed([self.entry(each) for each in list(self.world.tenants.values())])

    @route("/groups", "POST")
    def create(self, request: Request) -> Response:
        body = body_of(request)
        name, policy = body.get("name"), body.get("admission_policy", "invite_only")
        if not isinstance(name, str) or not name.strip() or policy not in ("invite_only", "open"):
            raise wrong(400, "A group needs a name and an admission_policy")
        group = self.world.add_tenant(f"group_{secrets.token_hex(10)}", name=name.strip())
        group.metadata["admission_policy"] = policy
        return answer(self.entry(group))

    @route("/groups/<id>")
    def one(self, request: Request, id: str) -> Response:
        return answer(self.entry(self.group(id)))

    @route("/groups/<id>", "DELETE")
    def delete(self, request: Request, id: str) -> Response:
        self.world.remove_tenant(self.group(id))
        return Response(status=204)


class Members(AppPart):
    @route("/groups/<id>/members")
    def all(self, request: Request, id: str) -> Response:
        return listed([member_entry(each) for each in self.members_of(self.group(id))])

    @route("/groups/<id>/members", "POST")
    def add(self, request: Request, id: str) -> Response:
        """The first one becomes owner, whatever was asked for."""
        group, body = self.group(id), body_of(request)
        person, roles, invited = self.person(body.get("user_id")), roles_in(body), self.invited(body)
        if self.world.membership(person, group):
            raise wrong(400, "The user is a member already")
        if not self.members_of(group):
            roles = [*roles, "owner"]
        return answer(member_entry(self.world.join(person, group, roles, invited=invited)))

    @route("/groups/<id>/members/<member>")
    def one(self, request: Request, id: str, member: str) -> Response:
        return answer(member_entry(self.member(id, member)))

    @route("/groups/<id>/members/<member>", "PUT")
    def update(self, request: Request, id: str, member: str) -> Response:
        membership, body = self.member(id, member), body_of(request)
        roles, invited = roles_in(body), self.invited(body)
        self.world.set_roles(membership.person, membership.tenant, roles)
        membership.invited = invited
        return answer(member_entry(membership))

    @route("/groups/<id>/members/<member>", "DELETE")
    def remove(self, request: Request, id: str, member: str) -> Response:
        membership = self.member(id, member)
        self.world.leave(membership.person, membership.tenant)
        return Response(status=204)

    def member(self, group_id: str, id: str) -> Membership:
        for membership in self.members_of(self.group(group_id)):
            if member_id(membership) == id:
                return membership
        raise wrong(404, "Member not found")

    def invited(self, body: dict[str, Any]) -> bool:
        state = body.get("state", "active")
        if state not in MEMBER_STATES:
            raise wrong(400, "state has to be active or invite_pending")
        return MEMBER_STATES[state]
