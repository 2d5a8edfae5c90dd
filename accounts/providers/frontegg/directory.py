"""Frontegg's directory of people. Every call but those that make or list what belongs to no tenant names the tenant.

Source: docs/providers/directory.md, Frontegg's OpenAPI files of its identity and tenants services
"""

from collections.abc import Callable, Mapping
from typing import Any

from accounts.exceptions import ProviderAway
from accounts.providers.directory import Can, Directory, Member, Pending, Refused
from accounts.providers.management import SaidNo, demanded, or_none, pages, part, place_in, rows_of

from .sdk import Gateway, gateway_of

USERS, USERS_OF_TENANTS = "identity/resources/users", "identity/resources/tenants/users/v1"
PLACES = "tenants"  # in a person's row
ROLES, TENANTS = "identity/resources/roles/v1", "tenants/resources/tenants"
PAGE = 50  # people, of which each comes with all of his tenants and their roles
IDS_AT_ONCE = 50  # in the address of one question
WAITING = {"PendingInvitation", "PendingLogin"}


class FronteggDirectory(Directory):
    can = frozenset(Can)

    def __init__(self, values: Mapping[str, str]):
        self.values = values

    @property
    def gateway(self) -> Gateway:
        return gateway_of(self.values)

    # --- Organisations -----------------------------------------------------------------------------

    def create_tenant(self, *, wanted_id: str, name: str, slug: str) -> str:
        """Under the id that we made up: one that is there already was made by this very task."""
        try:
            self.gateway.post(f"{TENANTS}/v1", {"tenantId": wanted_id, "name": name})
        except SaidNo:
            if not self.has_tenant(wanted_id):
                raise
        return wanted_id

    def has_tenant(self, tenant: str) -> bool:
        """An unknown id is answered with an empty list."""
        said = self.gateway.get(f"{TENANTS}/v2/{part(tenant)}")
        listed = said.get("items", [said]) if isinstance(said, Mapping) else said
        return any(isinstance(each, Mapping) and each.get("tenantId") == tenant for each in listed or [])

    def add_member(self, tenant: str, subject: str) -> None:
        asked = {"tenantId": demanded(tenant), "skipInviteEmail": True, "validateTenantExist": True}
        self.gateway.post(f"{USERS}/v1/{part(subject)}/tenant", asked, tenant=tenant)

    # --- Invitations -------------------------------------------------------------------------------

    def invite(self, tenant: str, *, email: str, name: str, roles: tuple[str, ...], inviter: str, back_to: str) -> str:
        ids = self.role_ids(tenant, roles)
        asked = {"email": email, "metadata": "{}", "roleIds": ids, "skipInviteEmail": False}
        try:
            self.gateway.post(f"{USERS}/v2", {**asked, **({"name": name} if name else {})}, tenant=demanded(tenant))
        except SaidNo:
            person = self.found(tenant, email)
            if person is None:
                raise
            self.invite_again(tenant, person, ids)
        return ""

    def invite_again(self, tenant: str, person: Mapping[str, Any], ids: list[str]) -> None:
        if ids:
            self.gateway.post(f"{USERS}/v1/{part(person['id'])}/roles", {"roleIds": ids}, tenant=demanded(tenant))
        if person["id"] in self.waiting(tenant, [person["id"]]):
            self.gateway.post(f"{USERS}/v1/invitation/reset", {"email": person["email"]}, tenant=demanded(tenant))

    def withdraw(self, tenant: str, *, email: str, is_member: Callable[[str], bool]) -> None:
        person = self.found(tenant, email)
        if person and person["id"] in self.waiting(tenant, [person["id"]]):
            self.remove(tenant, person["id"])

    def found(self, tenant: str, email: str) -> Mapping[str, Any] | None:
        """Who has this address and is in this tenant, or was asked into it."""
        person = or_none(lambda: self.gateway.get(f"{USERS}/v1/email", params={"email": email}))
        return person if isinstance(person, Mapping) and tenant in (person.get("tenantIds") or []) else None

    def invitations(self, tenant: str) -> list[Pending]:
        people = {each["id"]: each for each in self.people(tenant)}
        waiting = self.waiting(tenant, list(people))
        return [
            Pending(id=subject, email=text(people[subject], "email"), roles=keys_of(people[subject], tenant))
            for subject in people
            if subject in waiting
        ]

    def waiting(self, tenant: str, subjects: list[str]) -> set[str]:
        """Which of them have not come in yet."""
        found = set()
        for start in range(0, len(subjects), IDS_AT_ONCE):
            asked = {"userIds": ",".join(subjects[start : start + IDS_AT_ONCE])}
            rows = rows_of(self.gateway.get(f"{USERS_OF_TENANTS}/statuses", tenant=demanded(tenant), params=asked))
            here = (each for each in rows if each.get("tenantId") == tenant and each.get("status") in WAITING)
            found |= {each["userId"] for each in here}
        return found

    # --- Members -----------------------------------------------------------------------------------

    def set_roles(self, tenant: str, subject: str, *, roles: tuple[str, ...], held: tuple[str, ...]) -> None:
        path = f"{USERS}/v1/{part(subject)}/roles"
        if given := [role for role in roles if role not in held]:
            self.gateway.post(path, {"roleIds": self.role_ids(tenant, given)}, tenant=demanded(tenant))
        if taken := [role for role in held if role not in roles]:
            self.gateway.delete(path, {"roleIds": self.role_ids(tenant, taken)}, tenant=demanded(tenant))

    def deactivate(self, tenant: str, subject: str) -> None:
        self.gateway.post(f"{USERS_OF_TENANTS}/{part(subject)}/disable", {}, tenant=demanded(tenant))

    def reactivate(self, tenant: str, subject: str) -> None:
        self.gateway.post(f"{USERS_OF_TENANTS}/{part(subject)}/enable", {}, tenant=demanded(tenant))

    def remove(self, tenant: str, subject: str) -> None:
        """From this tenant: the same DELETE without one would remove him everywhere (see Gateway.delete)."""
        or_none(lambda: self.gateway.delete(f"{USERS}/v1/{part(subject)}", tenant=demanded(tenant)))

    def member(self, tenant: str, subject: str) -> Member | None:
        person = or_none(lambda: self.gateway.get(f"{USERS}/v1/{part(subject)}", tenant=demanded(tenant)))
        return member_of(person, tenant) if person else None

    def members(self, tenant: str) -> list[Member]:
        return [member for each in self.people(tenant) if (member := member_of(each, tenant))]

    def people(self, tenant: str) -> list[Mapping[str, Any]]:
        """All of the tenant's, those who were only invited as well. `_offset` is the number of the page."""

        def read(number: int) -> tuple[list[Any], bool]:
            asked = {"_limit": PAGE, "_offset": number}
            said = self.gateway.get(f"{USERS}/v3", tenant=demanded(tenant), params=asked)
            return rows_of(said, "items"), number + 1 < number_of_pages(said)

        return [each for each in pages(read) if text(each, "id")]

    # --- Roles -------------------------------------------------------------------------------------

    def roles(self, tenant: str) -> list[str]:
        return list(self.ids_by_key(tenant))

    def role_ids(self, tenant: str, keys: tuple[str, ...] | list[str]) -> list[str]:
        known = self.ids_by_key(tenant) if keys else {}
        if missing := [key for key in keys if key not in known]:
            raise Refused(f"{Refused.message} {', '.join(missing)[:100]}")
        return [known[key] for key in keys]

    def ids_by_key(self, tenant: str) -> dict[str, str]:
        """Roles of the environment, and those of this tenant alone."""
        rows = rows_of(self.gateway.get(ROLES, tenant=demanded(tenant)))
        own = (each for each in rows if each.get("tenantId") in (None, tenant))
        return {text(each, "key"): text(each, "id") for each in own if text(each, "key") and text(each, "id")}


def text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def number_of_pages(said: Mapping[str, Any]) -> int:
    """Raises ProviderAway where it is not said: whoever stands on a page that is left out would seem to be gone."""
    told = said.get("_metadata")
    pages = told.get("totalPages") if isinstance(told, Mapping) else None
    if not isinstance(pages, int):
        raise ProviderAway("a list without its length")
    return pages


def keys_of(person: Mapping[str, Any], tenant: str) -> tuple[str, ...]:
    """Raises ProviderAway where nothing is said of his roles, or one has no name: that is not to have none."""
    roles = rows_of(place_in(person, PLACES, tenant), "roles")
    if not all(text(role, "key") for role in roles):
        raise ProviderAway("a role without its key")
    return tuple(text(role, "key") for role in roles)


def member_of(person: Mapping[str, Any], tenant: str) -> Member | None:
    """None for somebody of another tenant, whatever list he stands in. Raises ProviderAway where it is not said."""
    if not isinstance(person.get(PLACES), list):
        raise ProviderAway("a person without his tenants")
    place = place_in(person, PLACES, tenant)
    if place is None:
        return None
    verified = person.get("verified")
    return Member(
        subject=text(person, "id"),
        email=text(person, "email"),
        name=text(person, "name"),
        roles=keys_of(person, tenant),
        is_active=not place.get("isDisabled") and not person.get("isLocked"),
        email_verified=verified if isinstance(verified, bool) else None,
    )
