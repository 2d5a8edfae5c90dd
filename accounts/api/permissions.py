"""The API's side of the one door: no endpoint without a declared permission."""

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission

from accounts import access


class DoorPermission(BasePermission):
    """Asks `accounts.access`, as the pages do. An action that declares nothing is refused.

    The start-up check (accounts.E001) finds such an action before anybody asks for it.
    """

    def has_permission(self, request, view) -> bool:
        if not request.user.is_authenticated:
            return False
        permission = getattr(view, "permission", None)
        if permission:
            return access.may_try(request.user, permission)
        if getattr(view, "action", "") is None:
            raise MethodNotAllowed(request.method)
        return getattr(view, "guard", "").startswith("members:")

    def has_object_permission(self, request, view, obj) -> bool:
        return not view.permission or access.allows(request.user, view.permission, obj)


class TokenPermission(BasePermission):
    """Beside DoorPermission, never in its place: what the caller's own token must say at his identity provider.

    The view names `token_roles`, `token_permissions` or both: any of the roles, and any of the permissions, of which
    wildcards of the provider count (`fe.secure.*`). Whoever came without a provider's token is refused.
    """

    def has_permission(self, request, view) -> bool:
        token = getattr(request.auth, "token", None)
        if token is None:
            return False
        return token.holds(roles=getattr(view, "token_roles", ()), permissions=getattr(view, "token_permissions", ()))
