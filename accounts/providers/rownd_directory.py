"""Rownd's groups. It sends no mail for an invitation: its link is mailed by us. Roles are free words; there is no
list of them, and "disabled" is of the whole application: that cannot be done here.

Source: docs/providers/directory.md, Rownd's OpenAPI file
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from accounts.exceptions import ProviderAway

from . import http
from .directory import Can, Directory, Member, Pending
from .http import Answer
from .management import ManagementApi, SaidNo, kept, or_none, part, rows_of

OPEN = "pending"


class RowndApi(ManagementApi):
    def send(self, method: str, path: str, *, anew: bool, **kwargs) -> Answer:
        """Key and secret of the settings are its only credential: there is none to fetch anew."""
        headers = {"x-rownd-app-key": self.values["APP_KEY"], "x-rownd-app-secret": self.values["APP_SECRET"]}
        base = f"{self.values['API_URL'].rstrip('/')}/applications/{part(self.values['APP_ID'])}"
        return http.ask(method, f"{base}/{path}", headers=headers, **kwargs)


@kept
def api_of(values: Mapping[str, str]) -> RowndApi:
    return RowndApi(values)


class RowndDirectory(Directory):
    can = frozenset(Can) - {Can.DEACTIVATE, Can.LIST_ROLES}

    def __init__(self, values: Mapping[str, str]):
        self.values = values

    @property
    def api(self) -> RowndApi:
        return api_of(self.values)

    def create_tenant(self, *, wanted_id: str, name: str, slug: str) -> str:
        """Rownd makes its ids itself, and takes a name twice: an answer that was lost leaves an empty group behind.
        A group is never taken over by its name, which may be anybody's.
        """
        made = self.api.ask("POST", "groups", json={"name": name, "admission_policy": "invite_only"})
        if not isinstance(made, Mapping) or not isinstance(made.get("id"), str):
            raise ProviderAway("an answer of another shape")
        return made["id"]

    def add_member(self, tenant: str, subject: str) -> None:
        asked = {"user_id": subject, "roles": [], "state": "active"}
        self.api.ask("POST", f"groups/{part(tenant)}/members", json=asked)

    def invite(self, tenant: str, *, email: str, name: str, roles: tuple[str, ...], inviter: str, back_to: str) -> str:
        """Returns the link."""
        self.end_invitations(tenant, email)
        asked = {"email": email, "roles": list(roles), "redirect_url": back_to}
        said = self.api.ask("POST", f"groups/{part(tenant)}/invites", json=asked)
        link = said.get("link") if isinstance(said, Mapping) else None
        if not isinstance(link, str):
            raise ProviderAway("an invitation without its link")
        return link

    def withdraw(self, tenant: str, *, email: str, is_member: Callable[[str], bool]) -> None:
        self.end_invitations(tenant, email)

    def end_invitations(self, tenant: str, email: str) -> None:
        for each in self.invitations(tenant):
            if each.email == email.lower():
                path = f"groups/{part(tenant)}/invites/{part(each.id)}"
                or_none(partial(self.api.ask, "DELETE", path))

    def invitations(self, tenant: str) -> list[Pending]:
        rows = self.listed(f"groups/{part(tenant)}/invites")
        return [
            Pending(id=str(each["id"]), email=str(each.get("email") or "").lower(), roles=roles_in(each))
            for each in rows
            if each.get("state") == OPEN and each.get("id")
        ]

    def set_roles(self, tenant: str, subject: str, *, roles: tuple[str, ...], held: tuple[str, ...]) -> None:
        path = f"groups/{part(tenant)}/members/{part(self.row_of(tenant, subject)['id'])}"
        self.api.ask("PUT", path, json={"user_id": subject, "roles": list(roles), "state": "active"})

    def remove(self, tenant: str, subject: str) -> None:
        """From the group. A member's id is not his own."""
        rows = [each for each in self.listed(f"groups/{part(tenant)}/members") if each.get("user_id") == subject]
        for each in rows:
            path = f"groups/{part(tenant)}/members/{part(str(each['id']))}"
            or_none(partial(self.api.ask, "DELETE", path))

    def member(self, tenant: str, subject: str) -> Member | None:
        return next((each for each in self.members(tenant) if each.subject == subject), None)

    def members(self, tenant: str) -> list[Member]:
        rows = self.listed(f"groups/{part(tenant)}/members")
        return [
            Member(subject=str(each["user_id"]), email="", name="", roles=roles_in(each))
            for each in rows
            if each.get("user_id") and each.get("state") == "active"
        ]

    def row_of(self, tenant: str, subject: str) -> Mapping[str, Any]:
        for each in self.listed(f"groups/{part(tenant)}/members"):
            if each.get("user_id") == subject and isinstance(each.get("id"), str):
                return each
        raise SaidNo(404)

    def listed(self, path: str) -> list[Mapping[str, Any]]:
        """Raises ProviderAway for a list that is shorter than it says of itself."""
        said = self.api.ask("GET", path)
        rows = rows_of(said, "results")
        total = said.get("total_results")
        if isinstance(total, int) and total != len(rows):
            raise ProviderAway("a list that is not whole")
        return rows


def roles_in(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Raises ProviderAway where nothing is said of them: that is not to have none."""
    roles = row.get("roles")
    if not isinstance(roles, list):
        raise ProviderAway("somebody without his roles")
    return tuple(str(each) for each in roles)
