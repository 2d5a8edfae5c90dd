"""What Frontegg's tokens say, kind by kind."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ..world import Person, Tenant, World

if TYPE_CHECKING:
    from .machines import Machines

DAY = timedelta(days=1)
LIFETIMES: Final[Mapping[str, timedelta]] = {
    "userToken": timedelta(hours=1),
    "idToken": timedelta(hours=1),
    "userApiToken": timedelta(hours=1),
    "tenantApiToken": timedelta(hours=1),
    "userAccessToken": DAY,
    "tenantAccessToken": DAY,
    "vendor": DAY,
}
# Access tokens do not carry their roles; these stand in their place, and are looked up at the gateway.
PLACEHOLDERS: Final = {"roles": ["FETCH-ROLES-BY-API"], "permissions": ["FETCH-PERMISSIONS-BY-API"]}


def claims(
    kind: str, world: World, person: Person | None, tenant: Tenant | None, machines: "Machines"
) -> dict[str, Any]:
    """All but `aud`, `iss`, `iat` and `exp`."""
    if kind == "vendor":
        return {"sub": "vendor", "type": "vendor", "scopes": ["*"], "vendorId": "standin-vendor"}
    if kind in ("userToken", "idToken"):
        return user_claims(world, needed(person, kind), tenant)
    machine = machines.of(kind, person, tenant)
    own = {"sub": machine.id, "type": kind, "metadata": {}, **in_tenant(tenant)}
    if kind.startswith("user"):
        own["userId"] = needed(person, kind).subject
    if kind.endswith("AccessToken"):
        own.pop("metadata")
        return {**own, **PLACEHOLDERS}
    roles = machine.roles_in(world)
    own |= {"roles": roles, "permissions": world.permissions_of(roles), "createdByUserId": machine.creator}
    if kind == "userApiToken":
        own |= {"email": needed(person, kind).email, "userMetadata": {}}
    return own


def user_claims(world: World, person: Person, tenant: Tenant | None) -> dict[str, Any]:
    roles = world.roles_of(person, tenant)
    return {
        "sub": person.subject,
        "name": person.name,
        "email": person.email,
        "email_verified": person.verified,
        "metadata": person.metadata,
        "roles": roles,
        "permissions": world.permissions_of(roles),
        **in_tenant(tenant),
        "tenantIds": [each.tenant.id for each in world.memberships_of(person) if not each.disabled],
        "profilePictureUrl": None,
        "sid": "standin-session",
        "type": "userToken",
    }


def in_tenant(tenant: Tenant | None) -> dict[str, Any]:
    return {"tenantId": tenant.id} if tenant else {}


def needed(person: Person | None, kind: str) -> Person:
    if person is None:
        raise ValueError(f"A {kind} belongs to a person.")
    return person


def moment(when: datetime | int) -> str:
    """As Frontegg writes times: 2026-01-01T08:00:00.000Z."""
    time = datetime.fromtimestamp(when, UTC) if isinstance(when, int) else when
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
