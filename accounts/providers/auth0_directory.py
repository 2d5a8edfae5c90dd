"""Auth0's organizations, by its Management API v2. Blocking somebody would block him in every organization: it cannot
be done here.

Source: docs/providers/directory.md, Auth0's Management API
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from accounts.exceptions import ProviderAway

from . import http
from .directory import Can, Directory, Member, Pending, Refused
from .http import Answer
from .management import ManagementApi, SaidNo, kept, or_none, pages, part, read, rows_of

PAGE = 100
OURS = "tenantry_id"  # in an organization's metadata: who made it
EARLY = 60  # seconds before its end a token is no longer used


class Auth0Api(ManagementApi):
    def __init__(self, values: Mapping[str, str]):
        super().__init__(values)
        self.base = values["BASE"]
        self._token, self._ends = "", 0.0

    def send(self, method: str, path: str, *, anew: bool, **kwargs) -> Answer:
        headers = {"Authorization": f"Bearer {self.token(anew)}"}
        return http.ask(method, f"{self.base}/api/v2/{path}", headers=headers, **kwargs)

    def token(self, anew: bool) -> str:
        """Of the client itself. Raises ProviderAway."""
        if anew or not self._token or time.monotonic() > self._ends:
            asked = {
                "grant_type": "client_credentials",
                "client_id": self.values["CLIENT_ID"],
                "client_secret": self.values["CLIENT_SECRET"],
                "audience": self.values["MANAGEMENT_AUDIENCE"] or f"{self.base}/api/v2/",
            }
            try:
                said = read(http.ask("POST", f"{self.base}/oauth/token", json=asked))
            except SaidNo as refusal:
                raise ProviderAway(f"no management token: status {refusal.code}") from None
            if not isinstance(said, Mapping) or not isinstance(said.get("access_token"), str):
                raise ProviderAway("no management token")
            lasts = said.get("expires_in")
            self._token = said["access_token"]
            self._ends = time.monotonic() + (lasts if isinstance(lasts, int) else 2 * EARLY) - EARLY
        return self._token


@kept
def api_of(values: Mapping[str, str]) -> Auth0Api:
    return Auth0Api(values)


class Auth0Directory(Directory):
    can = frozenset(Can) - {Can.DEACTIVATE}

    def __init__(self, values: Mapping[str, str]):
        self.values = values

    @property
    def api(self) -> Auth0Api:
        return api_of(self.values)

    # --- Organisations -----------------------------------------------------------------------------

    def create_tenant(self, *, wanted_id: str, name: str, slug: str) -> str:
        """Auth0 makes its ids itself. One of this name is ours if it says so; somebody else's is refused."""
        asked = {"name": slug, "display_name": name, "metadata": {OURS: wanted_id}}
        try:
            made = self.api.ask("POST", "organizations", json=asked)
        except SaidNo as refusal:
            if refusal.code != 409:
                raise
            made = self.api.ask("GET", f"organizations/name/{part(slug)}")
            if not isinstance(made, Mapping) or (made.get("metadata") or {}).get(OURS) != wanted_id:
                raise
        return identity(made, "id")

    def add_member(self, tenant: str, subject: str) -> None:
        self.api.ask("POST", f"organizations/{part(tenant)}/members", json={"members": [subject]})

    # --- Invitations -------------------------------------------------------------------------------

    def invite(self, tenant: str, *, email: str, name: str, roles: tuple[str, ...], inviter: str, back_to: str) -> str:
        """One invitation an address: an older one is withdrawn, and with it its link."""
        self.end_invitations(tenant, email)
        asked: dict[str, Any] = {
            "inviter": {"name": inviter},
            "invitee": {"email": email},
            "client_id": self.values["CLIENT_ID"],
            "send_invitation_email": True,
        }
        if roles:
            asked["roles"] = self.role_ids(roles)
        self.api.ask("POST", f"organizations/{part(tenant)}/invitations", json=asked)
        return ""

    def withdraw(self, tenant: str, *, email: str, is_member: Callable[[str], bool]) -> None:
        self.end_invitations(tenant, email)

    def end_invitations(self, tenant: str, email: str) -> None:
        for each in self.open_invitations(tenant):
            if address_of(each) == email.lower():
                path = f"organizations/{part(tenant)}/invitations/{part(each['id'])}"
                or_none(partial(self.api.ask, "DELETE", path))

    def invitations(self, tenant: str) -> list[Pending]:
        names = {each: name for name, each in self.ids_by_name().items()}
        return [
            Pending(
                id=each["id"],
                email=address_of(each),
                roles=tuple(names[role] for role in each.get("roles") or [] if role in names),
            )
            for each in self.open_invitations(tenant)
        ]

    def open_invitations(self, tenant: str) -> list[Mapping[str, Any]]:
        path = f"organizations/{part(tenant)}/invitations"
        return [each for each in self.by_page(path, "invitations") if isinstance(each.get("id"), str)]

    # --- Members -----------------------------------------------------------------------------------

    def set_roles(self, tenant: str, subject: str, *, roles: tuple[str, ...], held: tuple[str, ...]) -> None:
        path = f"organizations/{part(tenant)}/members/{part(subject)}/roles"
        if given := [role for role in roles if role not in held]:
            self.api.ask("POST", path, json={"roles": self.role_ids(given)})
        if taken := [role for role in held if role not in roles]:
            self.api.ask("DELETE", path, json={"roles": self.role_ids(taken)})

    def remove(self, tenant: str, subject: str) -> None:
        """From the organization. `DELETE /users/{id}`, which would end the account itself, is not used at all."""
        path = f"organizations/{part(tenant)}/members"
        or_none(lambda: self.api.ask("DELETE", path, json={"members": [subject]}))

    def member(self, tenant: str, subject: str) -> Member | None:
        """There is no question for one member: his roles in the organization are refused to who is none."""
        try:
            rows = list(self.by_page(f"organizations/{part(tenant)}/members/{part(subject)}/roles", "roles"))
        except SaidNo as refusal:
            if refusal.code not in (400, 404):
                raise
            return None
        person = self.api.ask("GET", f"users/{part(subject)}")
        return member_of({**(person if isinstance(person, Mapping) else {}), "user_id": subject, "roles": rows})

    def members(self, tenant: str) -> list[Member]:
        """By checkpoint pages: the other ones end at a thousand."""
        asked: dict[str, Any] = {"take": PAGE, "fields": "user_id,email,name,roles", "include_fields": "true"}

        def read_page(number: int) -> tuple[list[Any], bool]:
            said = self.api.ask("GET", f"organizations/{part(tenant)}/members", params=asked)
            asked["from"] = said.get("next") if isinstance(said, Mapping) else None
            return rows_of(said, "members"), bool(asked["from"])

        return [member_of(each) for each in pages(read_page)]

    # --- Roles -------------------------------------------------------------------------------------

    def roles(self, tenant: str) -> list[str]:
        return list(self.ids_by_name())

    def role_ids(self, names: tuple[str, ...] | list[str]) -> list[str]:
        known = self.ids_by_name()
        if missing := [name for name in names if name not in known]:
            raise Refused(f"{Refused.message} {', '.join(missing)[:100]}")
        return [known[name] for name in names]

    def ids_by_name(self) -> dict[str, str]:
        rows = self.by_page("roles", "roles")
        return {each["name"]: each["id"] for each in rows if isinstance(each.get("name"), str)}

    def by_page(self, path: str, what: str) -> Any:
        def read_page(number: int) -> tuple[list[Any], bool]:
            said = self.api.ask("GET", path, params={"per_page": PAGE, "page": number})
            rows = rows_of(said, what) if isinstance(said, Mapping) else rows_of(said)
            return rows, len(rows) == PAGE

        return pages(read_page)


def identity(row: Any, name: str) -> str:
    value = row.get(name) if isinstance(row, Mapping) else None
    if not isinstance(value, str) or not value:
        raise ProviderAway("an answer of another shape")
    return value


def address_of(invitation: Mapping[str, Any]) -> str:
    invitee = invitation.get("invitee")
    return str(invitee.get("email", "")).lower() if isinstance(invitee, Mapping) else ""


def member_of(row: Mapping[str, Any]) -> Member:
    roles = row.get("roles")
    if not isinstance(roles, list):
        raise ProviderAway("a member without his roles")
    verified = row.get("email_verified")
    return Member(
        subject=identity(row, "user_id"),
        email=str(row.get("email") or ""),
        name=str(row.get("name") or ""),
        roles=tuple(str(each["name"]) for each in roles if isinstance(each, Mapping) and each.get("name")),
        email_verified=verified if isinstance(verified, bool) else None,
    )
