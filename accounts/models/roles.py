"""Roles: Django's groups with a face."""

from django.contrib.auth.models import Group
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import access


class RoleQuerySet(models.QuerySet):
    def with_permissions(self):
        return self.select_related("group").prefetch_related("group__permissions__content_type")

    def may_be_given_by(self, actor) -> list["Role"]:
        """The roles all of whose rights the actor holds himself."""
        return [role for role in self.with_permissions() if role.permission_names <= access.role_permissions(actor)]


class Role(models.Model):
    """A Django group with a face. System roles are declared in `accounts.roles`; their rows follow the code."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, primary_key=True, related_name="role")
    key = models.SlugField(max_length=40, unique=True)
    description = models.CharField(max_length=200, blank=True)
    is_system = models.BooleanField(default=False, editable=False)
    opens_admin = models.BooleanField(_("opens the admin site"), default=False)
    rank = models.PositiveSmallIntegerField(default=100, help_text=_("Order in lists."))

    objects = RoleQuerySet.as_manager()

    class Meta:
        ordering = ["rank", "key"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.group.name

    @cached_property
    def permission_names(self) -> frozenset[str]:
        """The rights of this role, as `app.codename`."""
        return frozenset(f"{p.content_type.app_label}.{p.codename}" for p in self.group.permissions.all())
