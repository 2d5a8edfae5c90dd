"""Invitations into a group. Rownd sends no mail: the link is in the answer, and whoever asked delivers it."""

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from werkzeug.wrappers import Request, Response

from ..routing import Part, answer, body_of, redirect, route
from ..world import Person, Tenant
from .directory import AppPart, listed, roles_in
from .errors import wrong

if TYPE_CHECKING:
    from . import Rownd


@dataclass(eq=False)
class Invitation:
    group: Tenant
    email: str
    roles: list[str]
    redirect_url: str
    state: str = "pending"  # accepted, rejected
    id: str = field(default_factory=lambda: f"invite_{secrets.token_hex(10)}")

    def entry(self, app_id: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "group_id": self.group.id,
            "email": self.email,
            "roles": self.roles,
            "state": self.state,
            "redirect_url": self.redirect_url,
            "app_id": app_id,
        }


class Invitations(AppPart):
    @route("/groups/<id>/invites")
    def all(self, request: Request, id: str) -> Response:
        group = self.group(id)
        found = [each for each in self.rownd.invitations.values() if each.group is group]
        return listed([each.entry(self.rownd.app_id) for each in found])

    @route("/groups/<id>/invites", "POST")
    def create(self, request: Request, id: str) -> Response:
        group, body = self.group(id), body_of(request)
        email, roles = body.get("email"), roles_in(body)
        if not isinstance(email, str) or "@" not in email:
            raise wrong(400, "An invitation needs an e-mail address")
        invitation = Invitation(group, email.strip(), roles, str(body.get("redirect_url") or "/"))
        self.rownd.invitations[invitation.id] = invitation
        link = f"{self.idp.url}/invites/{invitation.id}"
        return answer({"link": link, "invitation": invitation.entry(self.rownd.app_id)})

    @route("/groups/<id>/invites/<invite>")
    def one(self, request: Request, id: str, invite: str) -> Response:
        return answer(self.found(id, invite).entry(self.rownd.app_id))

    @route("/groups/<id>/invites/<invite>", "DELETE")
    def delete(self, request: Request, id: str, invite: str) -> Response:
        del self.rownd.invitations[self.found(id, invite).id]
        return Response(status=204)

    def found(self, group_id: str, id: str) -> Invitation:
        invitation = self.rownd.invitations.get(id)
        if invitation is None or invitation.group is not self.group(group_id):
            raise wrong(404, "Invitation not found")
        return invitation


class Links(Part):
    """Where an invitation's link leads: to the site, on whose page the Hub then asks to sign in."""

    def __init__(self, rownd: "Rownd") -> None:
        super().__init__(rownd.idp)
        self.rownd = rownd

    @route("/invites/<id>")
    def follow(self, request: Request, id: str) -> Response:
        invitation = self.rownd.invitations.get(id)
        if invitation is None or invitation.state != "pending":
            raise wrong(404, "The invitation is used or unknown")
        to = urljoin(request.headers.get("Referer", ""), invitation.redirect_url)
        if not self.idp.addresses.takes_return(to):
            raise wrong(400, "redirect_url is not an address of the app")
        return redirect(to)


def take_up(rownd: "Rownd", person: Person) -> None:
    """Make members of those who sign in with a verified address that was invited."""
    for invitation in list(rownd.invitations.values()):
        if invitation.state == "pending" and person.verified and invitation.email.lower() == person.email.lower():
            invitation.state = "accepted"
            rownd.idp.world.join(person, invitation.group, invitation.roles)
