"""Descope's tenants, by its management API. Its "disabled" is of the whole project: it cannot be done here.

Every change of roles names the tenant: without one Descope would change those of the whole project.
Source: docs/providers/directory.md, Descope's SDK for Python
"""

from collections.abc import Callable, Mapping
from typing import Any

from accounts.exceptions import ProviderAway

from . import http
from .directory import Can, Directory, Member, Pending
from .http import Answer
from .management import ManagementApi, SaidNo, demanded, kept, pages, place_in, rows_of

PAGE = 100
INVITED, DISABLED = "invited", "disabled"
PLACES = "userTenants"


class DescopeApi(ManagementApi):
    def send(self, method: str, path: str, *, anew: bool, **kwargs) -> Answer:
        """The key of the settings is its only credential: there is none to fetch anew."""
        project = self.values["PROJECT_ID"]
        headers = {
            "Authorization": f"Bearer {project}:{self.values['MANAGEMENT_KEY']}",
            "x-descope-project-id": project,
        }
        return http.ask(method, f"{self.values['BASE_URI'].rstrip('/')}/{path}", headers=headers, **kwargs)


@kept
def api_of(values: Mapping[str, str]) -> DescopeApi:
    return DescopeApi(values)


class DescopeDirectory(Directory):
    can = frozenset(Can) - {Can.DEACTIVATE}

    def __init__(self, values: Mapping[str, str]):
        self.values = values

    def post(self, path: str, **data: Any) -> Any:
        return api_of(self.values).ask("POST", path, json=data)

    # --- Organisations -----------------------------------------------------------------------------

    def create_tenant(self, *, wanted_id: str, name: str, slug: str) -> str:
        """Under the id that we made up: one that is there already was made by this very task."""
        try:
            self.post("v1/mgmt/tenant/create", name=name, id=wanted_id)
        except SaidNo:
            if not self.has_tenant(wanted_id):
                raise
        return wanted_id

    def has_tenant(self, tenant: str) -> bool:
        try:
            api_of(self.values).ask("GET", "v1/mgmt/tenant", params={"id": tenant})
        except SaidNo:
            return False
        return True

    def add_member(self, tenant: str, subject: str) -> None:
        found = self.search(userIds=[subject])
        if not found:
            raise SaidNo(404)
        self.add(tenant, found[0], ())

    # --- Invitations -------------------------------------------------------------------------------

    def invite(self, tenant: str, *, email: str, name: str, roles: tuple[str, ...], inviter: str, back_to: str) -> str:
        """Who has an account in the project gets no mail from Descope: he is added, and we mail him where to come."""
        asked = {
            "loginId": email,
            "email": email,
            "invite": True,
            "inviteUrl": back_to,
            "sendMail": True,
            "userTenants": [{"tenantId": demanded(tenant), "roleNames": list(roles)}],
        }
        try:
            self.post("v1/mgmt/user/create", **asked, **({"displayName": name} if name else {}))
        except SaidNo:
            known = self.search(emails=[email])
            if not known:
                raise
            self.add(tenant, known[0], roles)
            return back_to
        return ""

    def add(self, tenant: str, person: Mapping[str, Any], roles: tuple[str, ...]) -> None:
        whom = {"loginId": login_id(person), "tenantId": demanded(tenant)}
        self.post("v1/mgmt/user/update/tenant/add", **whom)
        if roles:
            self.post("v2/mgmt/user/update/role/add", **whom, roleNames=list(roles))

    def withdraw(self, tenant: str, *, email: str, is_member: Callable[[str], bool]) -> None:
        """Who has an account was added when he was invited, and does not stand among the invited: he is taken out."""
        found = self.search(emails=[email], tenantIds=[demanded(tenant)])
        for person in (each for each in found if not is_member(each["userId"])):
            self.post("v1/mgmt/user/update/tenant/remove", loginId=login_id(person), tenantId=tenant)

    def invitations(self, tenant: str) -> list[Pending]:
        found = self.search(tenantIds=[demanded(tenant)], statuses=[INVITED])
        return [
            Pending(id=str(each["userId"]), email=str(each.get("email") or ""), roles=roles_in(each, tenant))
            for each in found
        ]

    # --- Members -----------------------------------------------------------------------------------

    def set_roles(self, tenant: str, subject: str, *, roles: tuple[str, ...], held: tuple[str, ...]) -> None:
        """All at once."""
        whom = {"loginId": self.login_of(tenant, subject), "tenantId": demanded(tenant)}
        self.post("v1/mgmt/user/update/role/set", **whom, roleNames=list(roles))

    def remove(self, tenant: str, subject: str) -> None:
        """From the tenant. `user/delete`, which would end the account itself, is not used at all."""
        found = self.search(userIds=[subject], tenantIds=[demanded(tenant)])
        if found:
            self.post("v1/mgmt/user/update/tenant/remove", loginId=login_id(found[0]), tenantId=tenant)

    def login_of(self, tenant: str, subject: str) -> str:
        found = self.search(userIds=[subject], tenantIds=[demanded(tenant)])
        if not found:
            raise SaidNo(404)
        return login_id(found[0])

    def member(self, tenant: str, subject: str) -> Member | None:
        found = self.search(userIds=[subject], tenantIds=[demanded(tenant)])
        return member_of(found[0], tenant) if found else None

    def members(self, tenant: str) -> list[Member]:
        found = (member_of(each, tenant) for each in self.search(tenantIds=[demanded(tenant)]))
        return [member for member in found if member]

    def search(self, **wanted: list[str]) -> list[Mapping[str, Any]]:
        """People who fit all of it. No filter that is asked for is empty: an empty one lets everybody through."""
        if not all(value and all(value) for value in wanted.values()):
            raise ValueError("a search without a filter")

        is_of_one = "userIds" in wanted or "emails" in wanted

        def read_page(number: int) -> tuple[list[Any], bool]:
            said = self.post("v2/mgmt/user/search", **wanted, limit=PAGE, page=number)
            rows = rows_of(said, "users")
            return rows, bool(rows) and not is_of_one

        return [each for each in pages(read_page) if isinstance(each.get("userId"), str) and fits(each, wanted)]

    # --- Roles -------------------------------------------------------------------------------------

    def roles(self, tenant: str) -> list[str]:
        """Of the project, and of this tenant alone."""
        rows = rows_of(api_of(self.values).ask("GET", "v1/mgmt/role/all"), "roles")
        own = (each for each in rows if each.get("tenantId") in (None, "", tenant))
        return [each["name"] for each in own if isinstance(each.get("name"), str)]


def fits(person: Mapping[str, Any], wanted: Mapping[str, list[str]]) -> bool:
    """A filter that is not obeyed there changes nobody else's account here."""
    if wanted.get("userIds", [person["userId"]]) != [person["userId"]]:
        return False
    if "emails" in wanted and str(person.get("email", "")).lower() != wanted["emails"][0].lower():
        return False
    return all(place_in(person, PLACES, tenant) is not None for tenant in wanted.get("tenantIds", []))


def login_id(person: Mapping[str, Any]) -> str:
    names = person.get("loginIds")
    if not isinstance(names, list) or not names or not isinstance(names[0], str):
        raise ProviderAway("a person without a login id")
    return names[0]


def roles_in(person: Mapping[str, Any], tenant: str) -> tuple[str, ...]:
    """Never those of the whole project. Raises ProviderAway where nothing is said of them: that is not to have none."""
    roles = (place_in(person, PLACES, tenant) or {}).get("roleNames")
    if not isinstance(roles, list):
        raise ProviderAway("somebody without his roles")
    return tuple(str(name) for name in roles)


def member_of(person: Mapping[str, Any], tenant: str) -> Member | None:
    if place_in(person, PLACES, tenant) is None:
        return None
    verified = person.get("verifiedEmail")
    return Member(
        subject=person["userId"],
        email=str(person.get("email") or ""),
        name=str(person.get("name") or ""),
        roles=roles_in(person, tenant),
        is_active=person.get("status") != DISABLED,
        email_verified=verified if isinstance(verified, bool) else None,
    )
