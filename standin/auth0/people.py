"""Users and roles of the whole Auth0 tenant. Deleting a user is global."""

from typing import Any

from werkzeug.wrappers import Request, Response

from ..routing import answer, body_of, field, route
from ..world import Person
from .management import ManagementPart, listed, role_object, scope
from .organizations import shape as organization


class People(ManagementPart):
    @route("/api/v2/roles")
    @scope("read:roles")
    def roles_listed(self, request: Request) -> Response:
        return answer(listed(request, "roles", [role_object(role) for role in self.world.roles.values()]))

    @route("/api/v2/users/<user_id>")
    @scope("read:users")
    def one(self, request: Request, user_id: str) -> Response:
        return answer(shape(self.person(user_id)))

    @route("/api/v2/users/<user_id>", "PATCH")
    @scope("update:users")
    def update(self, request: Request, user_id: str) -> Response:
        person, body = self.person(user_id), body_of(request)
        person.locked = field(body, "blocked", person.locked)
        person.name = field(body, "name", person.name)
        return answer(shape(person))

    @route("/api/v2/users/<user_id>", "DELETE")
    @scope("delete:users")
    def delete(self, request: Request, user_id: str) -> Response:
        """As there, it is no error if there is nobody."""
        if user_id in self.world.people:
            self.world.remove_person(self.person(user_id))
        return answer(None, 204)

    @route("/api/v2/users/<user_id>/organizations")
    @scope("read:organizations")
    def organizations(self, request: Request, user_id: str) -> Response:
        memberships = self.world.memberships_of(self.person(user_id))
        return answer(listed(request, "organizations", [organization(each.tenant) for each in memberships]))

    @route("/api/v2/users-by-email")
    @scope("read:users")
    def by_email(self, request: Request) -> Response:
        email = request.args.get("email", "").lower()
        return answer([shape(each) for each in list(self.world.people.values()) if each.email.lower() == email])


def shape(person: Person) -> dict[str, Any]:
    return {
        "user_id": person.subject,
        "name": person.name,
        "nickname": person.handle,
        "email": person.email,
        "email_verified": person.verified,
        "blocked": person.locked,
        "user_metadata": person.metadata,
    }
