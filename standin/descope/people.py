"""People and tenants in Descope's words."""

from typing import TYPE_CHECKING, Any

from ..world import Person, Tenant

if TYPE_CHECKING:
    from . import Descope


def user(descope: "Descope", person: Person) -> dict[str, Any]:
    given, _, family = person.name.partition(" ")
    memberships = descope.idp.world.memberships_of(person)
    return {
        "userId": person.subject,
        "loginIds": [person.email],
        "email": person.email,
        "verifiedEmail": person.verified,
        "name": person.name,
        "givenName": given,
        "familyName": family,
        "phone": "",
        "verifiedPhone": False,
        "picture": "",
        "status": descope.status(person),
        "roleNames": list(descope.project_roles.get(person.subject, ())),
        "userTenants": [
            {"tenantId": each.tenant.id, "tenantName": each.tenant.name, "roleNames": list(each.roles)}
            for each in memberships
        ],
        "customAttributes": person.metadata,
        "createdTime": int(person.created.timestamp()),
        "test": False,
    }


def tenant_entry(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "selfProvisioningDomains": [],
        "customAttributes": tenant.metadata,
        "createdTime": int(tenant.created.timestamp()),
    }
