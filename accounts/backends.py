"""How people are recognised, and how Django's `has_perm` reaches the one door.

Django asks the backends in the order of the settings, skips those whose arguments do not fit, and notes on the user
which one answered: the session keeps that, and asks the same one for him again at each request.
Source: docs/decisions/0015-roles-by-the-provider.md
"""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied

from . import access, persons
from .flows import people
from .models import LOCAL_ISSUER, User


class RoleBackend(BaseBackend):
    """Answers `user.has_perm(permission, obj)` and `{{ perms }}` by asking `accounts.access`.

    Recognises nobody: each way of signing in has a backend of its own.
    """

    def has_perm(self, user_obj, perm, obj=None):
        return access.allows(user_obj, perm, obj)

    def get_all_permissions(self, user_obj, obj=None):
        return set() if obj is not None else set(access.role_permissions(user_obj))

    def get_group_permissions(self, user_obj, obj=None):
        return self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj, app_label):
        return any(name.startswith(f"{app_label}.") for name in access.role_permissions(user_obj))


class LocalBackend(AuthenticationBackend):
    """E-mail and password, kept in the tenant's own schema, of people who have no identity provider.

    Inactive people are nobody, and so is everybody where people come by a provider. Support on a visit is kept here
    as well: it came by a ticket, and has no password.
    """

    def authenticate(self, request, **credentials):
        """Where people come by a provider a password stops the chain: no other backend is asked about it either."""
        if credentials.get("password") and people.issuer_here() != LOCAL_ISSUER:
            raise PermissionDenied("people of this organisation sign in at its provider")
        return super().authenticate(request, **credentials)

    def _check_password(self, user, password):
        return super()._check_password(user if user and user.is_local else None, password)

    def get_user(self, user_id):
        user = persons.by_number(user_id)
        if user is None or not self.user_can_authenticate(user):
            return None
        if user.kind == User.Kind.SUPPORT:
            return user
        return user if user.is_local and people.issuer_here() == LOCAL_ISSUER else None

    # Rights are RoleBackend's to tell; the parent would read tables that we do not have.

    def has_perm(self, user_obj, perm, obj=None):
        return False

    def get_all_permissions(self, user_obj, obj=None):
        return set()

    get_user_permissions = get_group_permissions = get_all_permissions


class ProviderBackend(BaseBackend):
    """People of the tenant's identity provider. Recognises nobody by itself: a verified token does
    (accounts/flows/recognise.py).

    Finds them again for their session, in the schema of the tenant alone, while it is connected to that provider.
    """

    def get_user(self, user_id):
        issuer = people.issuer_here()
        if issuer == LOCAL_ISSUER:
            return None
        user = persons.by_number(user_id)
        return user if user and user.issuer == issuer and may_act(user) else None


def may_act(user: User) -> bool:
    """A person of the organisation, neither deactivated nor removed."""
    return user.kind == User.Kind.PERSON and user.is_active and user.removed_at is None
