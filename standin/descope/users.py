"""Management calls about people: make and invite, roles, tenants, status, search, sign out, delete."""

from typing import Any

from werkzeug.wrappers import Request, Response

from ..routing import Refused, answer, body_of, route
from ..world import Membership, Person
from .errors import INVALID, USER_EXISTS, wrong
from .management import Managed, number, text
from .people import user

STATUSES = {"enabled": False, "disabled": True}  # as they set `locked`
MOST = 100  # people on a page, where no limit is given


class Users(Managed):
    def answered(self, person: Person) -> Response:
        return answer({"user": user(self.descope, person)})

    @route("/v1/mgmt/user/create", "POST")
    def create(self, request: Request) -> Response:
        body = body_of(request)
        return self.answered(self.made(body, invite=bool(body.get("invite")), url=body.get("inviteUrl")))

    @route("/v1/mgmt/user/create/batch", "POST")
    def create_batch(self, request: Request) -> Response:
        """Each for itself: what fails is listed beside what was made."""
        body = body_of(request)
        done: list[Any] = []
        failed: list[Any] = []
        for entry in body.get("users") or ():
            try:
                person = self.made(entry, invite=bool(body.get("invite")), url=body.get("inviteUrl"))
                done.append(user(self.descope, person))
            except Refused as refusal:
                failed.append({"failure": refusal.body["errorDescription"], "user": entry})
        return answer({"createdUsers": done, "failedUsers": failed, "additionalErrors": {}})

    def made(self, body: dict[str, Any], *, invite: bool, url: str | None) -> Person:
        login_id = text(body, "loginId")
        if any(login_id in (each.email, each.subject) for each in self.world.people.values()):
            raise wrong(400, USER_EXISTS, "User already exists")
        places = [
            (self.tenant(each.get("tenantId")), self.role_names(each.get("roleNames") or []))
            for each in body.get("userTenants") or ()
        ]
        project_roles = self.role_names(body.get("roleNames") or [])
        names = body.get("displayName") or body.get("name") or login_id.partition("@")[0]
        email = body.get("email") or login_id
        person = self.world.add_person(login_id, email=email, name=names, verified=bool(body.get("verifiedEmail")))
        self.descope.newcomers.add(person.subject)
        self.descope.project_roles[person.subject] = list(project_roles)
        for tenant, roles in places:
            self.world.join(person, tenant, roles, invited=invite)
        if invite and body.get("sendMail", True):
            self.descope.outbox.append({"to": email, "url": url or ""})
        self.note("UserCreated", person)
        return person

    @route("/v1/mgmt/user")
    def load(self, request: Request) -> Response:
        return self.answered(self.person(request.args.to_dict()))

    @route("/v1/mgmt/user/update/role/add", "POST")
    @route("/v2/mgmt/user/update/role/add", "POST")
    def add_roles(self, request: Request) -> Response:
        return self.with_roles(request, lambda held, named: [*held, *named])

    @route("/v1/mgmt/user/update/role/remove", "POST")
    def remove_roles(self, request: Request) -> Response:
        return self.with_roles(request, lambda held, named: [role for role in held if role not in named])

    @route("/v1/mgmt/user/update/role/set", "POST")
    def set_roles(self, request: Request) -> Response:
        return self.with_roles(request, lambda held, named: named)

    def with_roles(self, request: Request, change: Any) -> Response:
        """In the tenant of the body; without one, Descope's trap: for the whole project."""
        body = body_of(request)
        person, named = self.person(body), self.role_names(body.get("roleNames"))
        if tenant_id := body.get("tenantId"):
            membership = self.membership(person, tenant_id)
            self.world.set_roles(person, membership.tenant, change(membership.roles, named))
            self.note("UserModified", person, membership.tenant)
        else:
            held = self.descope.project_roles.get(person.subject, [])
            self.descope.project_roles[person.subject] = list(dict.fromkeys(change(held, named)))
            self.note("UserModified", person)
        return self.answered(person)

    def membership(self, person: Person, tenant_id: Any) -> Membership:
        membership = self.world.membership(person, self.tenant(tenant_id))
        if membership is None:
            raise wrong(400, INVALID, "The user is not in this tenant")
        return membership

    @route("/v1/mgmt/user/update/tenant/add", "POST")
    def add_tenant(self, request: Request) -> Response:
        body = body_of(request)
        person, tenant = self.person(body), self.tenant(body.get("tenantId"))
        if self.world.membership(person, tenant) is None:
            self.world.join(person, tenant)
        self.note("UserModified", person, tenant)
        return self.answered(person)

    @route("/v1/mgmt/user/update/tenant/remove", "POST")
    def remove_tenant(self, request: Request) -> Response:
        body = body_of(request)
        person, tenant = self.person(body), self.tenant(body.get("tenantId"))
        self.world.leave(person, tenant)
        self.note("UserModified", person, tenant)
        return self.answered(person)

    @route("/v1/mgmt/user/update/status", "POST")
    def set_status(self, request: Request) -> Response:
        """For the whole project: Descope disables nobody in one tenant alone."""
        body = body_of(request)
        person = self.person(body)
        if body.get("status") not in STATUSES:
            raise wrong(400, INVALID, "status has to be enabled or disabled")
        person.locked = STATUSES[body["status"]]
        if person.locked:
            self.descope.flow.ledger.end_all(person.subject)
        self.note("UserModified", person)
        return self.answered(person)

    @route("/v1/mgmt/user/logout", "POST")
    def log_out(self, request: Request) -> Response:
        self.descope.flow.ledger.end_all(self.person(body_of(request)).subject)
        return answer({})

    @route("/v1/mgmt/user/delete", "POST")
    def delete(self, request: Request) -> Response:
        """From the project and so from every tenant."""
        person = self.person(body_of(request))
        self.note("UserDeleted", person)
        self.descope.flow.ledger.end_all(person.subject)
        self.world.remove_person(person)
        return answer({})

    @route("/v2/mgmt/user/search", "POST")
    def search(self, request: Request) -> Response:
        body = body_of(request)
        found = [each for each in self.world.people.values() if self.is_wanted(each, body)]
        size, page = number(body, "limit") or MOST, number(body, "page")
        rows = found[page * size : (page + 1) * size]
        return answer({"users": [user(self.descope, each) for each in rows], "total": len(found)})

    def is_wanted(self, person: Person, body: dict[str, Any]) -> bool:
        """Whether each filter of the search that says something lets this person through."""
        memberships = self.world.memberships_of(person)
        roles = {role for each in memberships for role in each.roles}
        facts = {
            "tenantIds": {each.tenant.id for each in memberships},
            "roleNames": roles | set(self.descope.project_roles.get(person.subject, ())),
            "statuses": {self.descope.status(person)},
            "emails": {person.email},
            "loginIds": {person.email},
            "userIds": {person.subject},
        }
        words = str(body.get("text") or "").lower()
        named = words in f"{person.name} {person.email}".lower()
        return named and all(facts[name] & set(body[name]) for name in facts if body.get(name))
