"""The system roles: who may do what, on one screen.

Permissions are text, since their rows appear only after migrating; a system check proves that each
exists. `manage.py migrate` brings every tenant's rows to what stands here.
"""

from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission

from tenants.slugs import PLATFORM_SCHEMA

from .models import Role

READ = {
    "catalog.view_product",
    "catalog.view_category",
    "accounts.view_user",
    "accounts.view_role",
    "accounts.add_apikey",  # keys of one's own, which open no more than oneself
}
WRITE = READ | {
    "catalog.add_product",
    "catalog.change_product",
    "catalog.add_category",
    "catalog.change_category",
    "catalog.add_product_to_category",  # what adding everywhere means for one category: so it can be shared
}
MANAGE = WRITE | {
    "catalog.delete_product",
    "catalog.delete_category",
    "catalog.share_product",
    "catalog.share_category",
    "accounts.change_user",
    "accounts.delete_user",
    "accounts.view_invitation",
    "accounts.add_invitation",
    "accounts.change_organisation",
    "accounts.view_apikey",
    "accounts.delete_apikey",
    "accounts.add_service_apikey",
    "accounts.view_supportvisit",
    "accounts.change_supportvisit",
    "audit.view_entry",
    "audit.export_entry",
}
OWN = MANAGE | {"accounts.own_organisation", "accounts.add_supportpass"}
# Rights on the platform itself: only in its own tenant does any role hold them.
OPERATE = {"accounts.view_organisations", "accounts.operate_organisations", "accounts.enter_organisations"}


def _verbs(permission: str, *verbs: str) -> bool:
    return permission.partition(".")[2].startswith(tuple(f"{verb}_" for verb in verbs))


# What a support visit may do at most, of what the admin role holds: see everything, export nothing. With an owner's
# pass it also changes the organisation's goods, but neither people and their rights nor keys, settings and passes.
VISIT_READS = frozenset(name for name in MANAGE if _verbs(name, "view"))
VISIT_WRITES = VISIT_READS | {
    name for name in MANAGE if not name.startswith(("accounts.", "audit.")) and _verbs(name, "add", "change", "delete")
}


@dataclass(frozen=True)
class SystemRole:
    name: str
    description: str
    permissions: frozenset[str]
    opens_admin: bool = False


SYSTEM_ROLES = {
    "owner": SystemRole("Owner", "Everything, including who else is an owner.", frozenset(OWN), True),
    "admin": SystemRole("Admin", "People, settings and the whole catalogue.", frozenset(MANAGE), True),
    "editor": SystemRole("Editor", "Adds and changes products and categories.", frozenset(WRITE), True),
    "viewer": SystemRole("Viewer", "Sees the whole catalogue and the team.", frozenset(READ)),
    "guest": SystemRole("Guest", "Sees only what is shared with them.", frozenset()),
}

OWNER, ADMIN, GUEST = "owner", "admin", "guest"

# In the platform's tenant. Its owner holds every right on organisations, since nobody gives what he does not hold.
PLATFORM_ROLES = {
    "owner": SystemRole("Owner", "Everything, including who operates the platform.", frozenset(OWN | OPERATE), True),
    "operator": SystemRole(
        "Operator",
        "Runs the platform: creates, suspends and closes organisations.",
        frozenset(OPERATE | {"audit.view_entry"}),
    ),
    "support": SystemRole(
        "Support",
        "Sees all organisations and enters them on request.",
        frozenset(OPERATE - {"accounts.operate_organisations"}),
    ),
    "auditor": SystemRole(
        "Auditor",
        "Sees all organisations and the platform's log.",
        frozenset({"accounts.view_organisations", "audit.view_entry"}),
    ),
}


def declared_roles(schema_name: str) -> dict[str, SystemRole]:
    """The system roles of one schema: everybody's, and the operators' in the platform's."""
    return {**SYSTEM_ROLES, **PLATFORM_ROLES} if schema_name == PLATFORM_SCHEMA else SYSTEM_ROLES


def sync_system_roles(connection) -> None:
    """Make the system roles' rows equal to the declaration above. Writes only what differs.

    Called by `manage.py migrate` in each schema; `connection` is bound to it.
    """
    using = connection.alias
    permissions = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.using(using).select_related("content_type")
    }
    for rank, (key, declared) in enumerate(declared_roles(connection.schema_name).items()):
        role = Role.objects.using(using).filter(key=key).select_related("group").first() or Role(key=key)
        if role.group_id is None:
            role.group, _made = Group.objects.using(using).get_or_create(name=declared.name)
        face = (declared.description, True, declared.opens_admin, rank)
        if (role.description, role.is_system, role.opens_admin, role.rank) != face or role._state.adding:
            role.description, role.is_system, role.opens_admin, role.rank = face
            role.save(using=using)
        wanted = {permissions[name] for name in declared.permissions}
        if set(role.group.permissions.all()) != wanted:
            role.group.permissions.set(wanted)
