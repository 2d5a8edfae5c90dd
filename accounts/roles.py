"""The system roles: who may do what, on one screen.

Permissions are text, since their rows appear only after migrating; a system check proves that each
exists. `manage.py migrate` brings every tenant's rows to what stands here.
"""

from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission

from .models import Role

READ = {"catalog.view_product", "catalog.view_category", "accounts.view_user", "accounts.view_role"}
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
}


@dataclass(frozen=True)
class SystemRole:
    name: str
    description: str
    permissions: frozenset[str]
    opens_admin: bool = False


SYSTEM_ROLES = {
    "owner": SystemRole(
        "Owner", "Everything, including who else is an owner.", frozenset(MANAGE | {"accounts.own_organisation"}), True
    ),
    "admin": SystemRole("Admin", "People, settings and the whole catalogue.", frozenset(MANAGE), True),
    "editor": SystemRole("Editor", "Adds and changes products and categories.", frozenset(WRITE), True),
    "viewer": SystemRole("Viewer", "Sees the whole catalogue and the team.", frozenset(READ)),
    "guest": SystemRole("Guest", "Sees only what is shared with them.", frozenset()),
}

OWNER, GUEST = "owner", "guest"


def sync_system_roles(connection) -> None:
    """Make the system roles' rows equal to the declaration above. Writes only what differs.

    Called by `manage.py migrate` in each schema; `connection` is bound to it.
    """
    using = connection.alias
    permissions = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.using(using).select_related("content_type")
    }
    for rank, (key, declared) in enumerate(SYSTEM_ROLES.items()):
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
