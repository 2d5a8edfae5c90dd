"""How people are recognised, and how Django's `has_perm` reaches the one door."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import BaseBackend

from . import access
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
    """E-mail and password, kept in the tenant's own schema. Inactive people are nobody."""

    # Rights are RoleBackend's to tell; the parent would read tables that we do not have.

    def has_perm(self, user_obj, perm, obj=None):
        return False

    def get_all_permissions(self, user_obj, obj=None):
        return set()

    get_user_permissions = get_group_permissions = get_all_permissions


class ProviderBackend(BaseBackend):
    """People of an identity provider. Recognises nobody by itself: a verified token does (accounts/flows/recognise.py).

    Finds them again for their session, in the schema of the tenant alone.
    """

    def get_user(self, user_id):
        return User.objects.members().active().exclude(issuer=LOCAL_ISSUER).filter(pk=user_id).first()
