"""What Descope's tokens say, by kind.

session: what the site lets in. refresh: the same claims with `drn` DSR, which must never open anything. dsub: `sub` is
another name, `dsub` the person. projectRoles: roles at the top alone, none in the tenant. accessKey: a machine's.
idToken: of the code flow.
"""

import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..world import Membership, Person, Tenant, World

if TYPE_CHECKING:
    from . import Descope

SESSION = timedelta(minutes=10)
REFRESH = timedelta(days=30)
LIFETIMES: Mapping[str, timedelta] = {
    "session": SESSION,
    "refresh": REFRESH,
    "dsub": SESSION,
    "projectRoles": SESSION,
    "accessKey": SESSION,
    "idToken": timedelta(hours=1),
}


def claims(kind: str, descope: "Descope", person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
    if kind == "accessKey":
        return of_machine(descope, tenant)
    subject = person.subject if person else ""
    own: dict[str, Any] = {"sub": subject, "iss": descope.issuer, "drn": "DS", "amr": ["email"]}
    own |= rights(descope, person, tenant)
    if descope.audience:
        own["aud"] = descope.audience
    if descope.carries_profile:
        own |= about(person)
    match kind:
        case "refresh":
            own |= {"drn": "DSR", "jti": secrets.token_hex(8)}
        case "dsub":
            own |= {"sub": f"external|{subject}", "dsub": subject}
        case "projectRoles":
            own |= project_wide(descope.idp.world, descope.idp.world.roles_of(person, tenant))
            own["tenants"] = {tenant.id: {}} if tenant else {}
        case "idToken":
            own |= {"iss": descope.project_url, "aud": descope.client_id, **about(person)}
            del own["drn"]
    return own


def rights(descope: "Descope", person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
    """`dct` is the tenant that was chosen, even one that the person does not belong to: tests want that too."""
    world = descope.idp.world
    memberships = world.memberships_of(person) if person else []
    found: dict[str, Any] = {"tenants": by_tenant(world, (each for each in memberships if not each.disabled))}
    if tenant:
        found["dct"] = tenant.id
    if person and (roles := descope.project_roles.get(person.subject)):
        found |= project_wide(world, roles)
    return found


def by_tenant(world: World, memberships: Iterable[Membership]) -> dict[str, Any]:
    return {each.tenant.id: project_wide(world, each.roles) for each in memberships}


def project_wide(world: World, roles: Iterable[str]) -> dict[str, Any]:
    names = list(roles)
    return {"roles": names, "permissions": world.permissions_of(names)}


def of_machine(descope: "Descope", tenant: Tenant | None) -> dict[str, Any]:
    """Of the tenant's first key, made at first sight."""
    if tenant is None:
        raise ValueError("An access key belongs to a tenant.")
    key = next((each for each in descope.access_keys if each.tenant is tenant), None)
    key = key or descope.add_access_key(tenant)
    inside = {tenant.id: project_wide(descope.idp.world, key.roles)}
    return {"sub": key.id, "iss": descope.issuer, "drn": "DS", "dct": tenant.id, "tenants": inside}


def about(person: Person | None) -> dict[str, Any]:
    return {"email": person.email, "email_verified": person.verified, "name": person.name} if person else {}
