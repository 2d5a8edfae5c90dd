"""Who there is at the provider: people, tenants, who belongs where and with which roles. Plain data.

Subjects are made from the handle and the provider's name, so that a restarted demo knows the same people.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

NAMESPACE = uuid.UUID("5d3a6c6e-7f0e-4f39-9d5c-3f8b1f6d2a10")
Row = TypeVar("Row")
COMMON_ROLES = ("Owner", "Admin", "Editor", "Viewer", "Guest")


def stable_id(*parts: str) -> str:
    """The same id for the same parts, run after run."""
    return str(uuid.uuid5(NAMESPACE, ":".join(parts)))


@dataclass(eq=False)
class Tenant:
    """An organisation: account at Frontegg, organization at Auth0, tenant at Descope, group at Rownd."""

    id: str
    name: str
    alias: str = ""  # of its own sign-in page, where the provider has one
    metadata: dict[str, Any] = field(default_factory=dict)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(eq=False)
class Person:
    """Somebody with an account at the provider. `subject` is what tokens call them."""

    subject: str
    handle: str
    email: str
    name: str
    verified: bool = True
    locked: bool = False  # everywhere; Membership.disabled is in one tenant
    metadata: dict[str, Any] = field(default_factory=dict)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(eq=False)
class Membership:
    person: Person
    tenant: Tenant
    roles: list[str] = field(default_factory=list)  # role keys
    disabled: bool = False
    invited: bool = False  # asked to come, has not signed in yet


@dataclass(eq=False)
class Role:
    id: str
    key: str
    name: str
    permissions: list[str] = field(default_factory=list)
    description: str = ""


class World:
    """`tenants` by id, `people` by subject, `roles` by key, `memberships` by (subject, tenant id)."""

    def __init__(self, provider: str, subject_of: Callable[[str], str] | None = None) -> None:
        self.provider = provider
        self.subject_of = subject_of or (lambda handle: stable_id(provider, "person", handle))
        self.tenants: dict[str, Tenant] = {}
        self.people: dict[str, Person] = {}
        self.roles: dict[str, Role] = {}
        self.memberships: dict[tuple[str, str], Membership] = {}
        for key in COMMON_ROLES:
            self.add_role(key)

    def add_tenant(self, id: str, *, name: str = "", alias: str = "") -> Tenant:
        self.tenants[id] = Tenant(id=id, name=name or id, alias=alias)
        return self.tenants[id]

    def remove_tenant(self, tenant: Tenant) -> None:
        self.tenants.pop(tenant.id, None)
        for membership in self.members(tenant):
            self.leave(membership.person, tenant)

    def add_person(
        self, handle: str, *, email: str = "", name: str = "", verified: bool = True, subject: str = ""
    ) -> Person:
        person = Person(
            subject=subject or self.subject_of(handle),
            handle=handle,
            email=email or f"{handle}@example.test",
            name=name or handle.title(),
            verified=verified,
        )
        self.people[person.subject] = person
        return person

    def remove_person(self, person: Person) -> None:
        for membership in self.memberships_of(person):
            self.leave(person, membership.tenant)
        self.people.pop(person.subject, None)

    def add_role(self, key: str, *, name: str = "", permissions: Iterable[str] = (), description: str = "") -> Role:
        """Declare a role; again, to change it. One that is handed out undeclared is declared by that."""
        self.roles[key] = Role(
            id=stable_id(self.provider, "role", key),
            key=key,
            name=name or key,
            permissions=list(permissions),
            description=description,
        )
        return self.roles[key]

    def join(self, person: Person, tenant: Tenant, roles: Iterable[str] = (), *, invited: bool = False) -> Membership:
        membership = Membership(person, tenant, invited=invited)
        self.memberships[person.subject, tenant.id] = membership
        self.set_roles(person, tenant, roles)
        return membership

    def set_roles(self, person: Person, tenant: Tenant, roles: Iterable[str]) -> None:
        keys = list(dict.fromkeys(roles))
        for key in keys:
            if key not in self.roles:
                self.add_role(key)
        self.memberships[person.subject, tenant.id].roles = keys

    def leave(self, person: Person, tenant: Tenant) -> None:
        self.memberships.pop((person.subject, tenant.id), None)

    def disable(self, person: Person, tenant: Tenant, disabled: bool = True) -> None:
        self.memberships[person.subject, tenant.id].disabled = disabled

    def membership(self, person: Person, tenant: Tenant) -> Membership | None:
        return self.memberships.get((person.subject, tenant.id))

    def memberships_of(self, person: Person) -> list[Membership]:
        return [each for each in list(self.memberships.values()) if each.person is person]

    def members(self, tenant: Tenant) -> list[Membership]:
        return [each for each in list(self.memberships.values()) if each.tenant is tenant]

    def roles_of(self, person: Person | None, tenant: Tenant | None) -> list[str]:
        membership = self.membership(person, tenant) if person and tenant else None
        return list(membership.roles) if membership else []

    def permissions_of(self, roles: Iterable[str]) -> list[str]:
        """What the roles open together, each once, in the order of the roles."""
        found = (permission for key in roles if key in self.roles for permission in self.roles[key].permissions)
        return list(dict.fromkeys(found))

    def person(self, name: str) -> Person:
        """By subject, handle or address. Raises LookupError."""
        return _found(self.people.values(), name, lambda each: (each.subject, each.handle, each.email))

    def tenant(self, name: str) -> Tenant:
        """By id, alias or name. Raises LookupError."""
        return _found(self.tenants.values(), name, lambda each: (each.id, each.alias, each.name))

    def role(self, name: str) -> Role:
        """By id or key. Raises LookupError."""
        return _found(self.roles.values(), name, lambda each: (each.id, each.key))

    def read(self, seed: Mapping[str, Any]) -> None:
        """Fill from a seed: {"roles": {key: [permission]}, "tenants": [{id, name, alias}], "people": [{handle, email,
        name, verified, subject, "memberships": {tenant id: [role key]}}]}."""
        for key, permissions in seed.get("roles", {}).items():
            self.add_role(key, permissions=permissions)
        for tenant in seed.get("tenants", ()):
            self.add_tenant(**tenant)
        for entry in seed.get("people", ()):
            person = self.add_person(**{key: value for key, value in entry.items() if key != "memberships"})
            for tenant_id, roles in entry.get("memberships", {}).items():
                self.join(person, self.tenants[tenant_id], roles)


def _found(rows: Iterable[Row], name: str, names: Callable[[Row], tuple[str, ...]]) -> Row:
    for row in list(rows):
        if name and name in names(row):
            return row
    raise LookupError(name)
