"""Events of Auth0's event streams: CloudEvents. They come twice and out of order; `id` and `time` tell."""

import secrets
from datetime import UTC, datetime
from typing import Any

from ..world import Person, Tenant, World
from .management import role_id

EVENTS = (
    *(f"organization.member.{what}" for what in ("role.assigned", "role.deleted", "added", "deleted")),
    *(f"user.{what}" for what in ("updated", "created", "deleted")),
    *(f"organization.{what}" for what in ("updated", "created", "deleted")),
)


def event(world: World, name: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
    """`name` is the whole type, such as "organization.member.role.deleted"."""
    return {
        "specversion": "1.0",
        "type": name,
        "source": "urn:auth0:standin.users" if name.startswith("user.") else "urn:auth0:standin.organizations",
        "id": f"evt_{secrets.token_hex(8)}",
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {"object": subject(world, name, person, tenant)},
        "a0tenant": "standin",
        "a0stream": "est_standin",
    }


def subject(world: World, name: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
    if name.startswith("user.") and person:
        return {"user_id": person.subject, "email": person.email, "email_verified": person.verified}
    if name.startswith("organization.member.") and person and tenant:
        parts: dict[str, Any] = {"organization": {"id": tenant.id}, "user": {"user_id": person.subject}}
        if ".role." in name:
            key = next(iter(world.roles_of(person, tenant)), "Viewer")
            parts["role"] = {"id": role_id(world.roles[key]), "name": key}
        return parts
    if name.startswith("organization.") and tenant:
        return {"id": tenant.id, "name": tenant.alias, "display_name": tenant.name}
    raise ValueError(f"{name} needs whom or what it is about.")
