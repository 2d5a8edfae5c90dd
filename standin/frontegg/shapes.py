"""People, roles and tenants as Frontegg's API writes them down."""

import json
from typing import Any

from ..world import Membership, Person, Role, Tenant, World, stable_id
from .tokens import moment


def user(world: World, person: Person, tenant: Tenant | None = None) -> dict[str, Any]:
    """A user, seen from `tenant`, or from the first of theirs. `metadata` is a text that holds JSON, as there."""
    memberships = world.memberships_of(person)
    current = tenant or (memberships[0].tenant if memberships else None)
    membership = world.membership(person, current) if current else None
    roles = [world.roles[key] for key in membership.roles] if membership else []
    return {
        "id": person.subject,
        "sub": person.subject,
        "email": person.email,
        "name": person.name,
        "verified": person.verified,
        "provider": "local",
        "mfaEnrolled": False,
        "tenantId": current and current.id,
        "tenantIds": [each.tenant.id for each in memberships],
        "tenants": [in_tenant(world, each) for each in memberships],
        "roles": [role_object(role) for role in roles],
        "permissions": [permission(key) for key in world.permissions_of(role.key for role in roles)],
        "activatedForTenant": bool(membership and not membership.invited),
        "metadata": json.dumps(person.metadata),
        "vendorMetadata": "{}",
        "superUser": False,
        "isLocked": person.locked,
        "managedBy": "frontegg",
        "createdAt": moment(person.created),
        "lastLogin": None,
    }


def in_tenant(world: World, membership: Membership) -> dict[str, Any]:
    return {
        "tenantId": membership.tenant.id,
        "isDisabled": membership.disabled,
        "temporaryExpirationDate": None,
        "roles": [role_object(world.roles[key]) for key in membership.roles],
    }


def role_object(role: Role) -> dict[str, Any]:
    return {
        "id": role.id,
        "key": role.key,
        "name": role.name,
        "description": role.description,
        "level": 0,
        "isDefault": False,
        "permissions": [permission_id(key) for key in role.permissions],
        "tenantId": None,
    }


def permission(key: str) -> dict[str, Any]:
    return {"id": permission_id(key), "key": key, "name": key}


def permission_id(key: str) -> str:
    return stable_id("frontegg", "permission", key)


def account(tenant: Tenant) -> dict[str, Any]:
    return {
        "tenantId": tenant.id,
        "name": tenant.name,
        "metadata": json.dumps(tenant.metadata),
        "creatorName": None,
        "creatorEmail": None,
        "createdAt": moment(tenant.created),
        "updatedAt": moment(tenant.created),
        "deletedAt": None,
    }
