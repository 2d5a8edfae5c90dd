from rest_framework_guardian.filters import ObjectPermissionsFilter


class ProductPermissionsFilter(ObjectPermissionsFilter):
    """Rows granted to the user or to a group, or all with the model permission.

    In the peer's favour: as its page has it, whoever holds the model permission alone would see nothing.
    """

    shortcut_kwargs = {"accept_global_perms": True}
