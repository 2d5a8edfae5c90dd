"""Models whose rows can be granted one by one, and the names of rights on them.

Source: docs/permissions.md, docs/decisions/0004-one-door.md
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.db.models import Q
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase


@dataclass(frozen=True)
class Container:
    """How grants on a container reach the rows inside it.

    `via` is the row's foreign key to it; `rights` maps a permission on the row to the permission that
    must be granted on the container; `add` is the container's permission to make rows in it.
    """

    via: str
    add: str
    rights: dict[str, str] = field(default_factory=dict)


class Shareable(models.Model):
    """A model with object rights: its queryset derives from AccessQuerySet, and it has two grant models
    (UserGrant, GroupGrant, or guardian's own direct bases).
    """

    container: Container | None = None

    class Meta:
        abstract = True

    @classmethod
    def container_model(cls) -> "type[Shareable]":
        assert cls.container, f"{cls.__name__} lies in no container"  # noqa: S101
        return cls._meta.get_field(cls.container.via).related_model  # type: ignore[return-value]

    @classmethod
    def reach(cls, granted: models.QuerySet) -> Q:
        """Which rows a set of granted keys opens. A tree overrides it to reach what lies below."""
        return Q(pk__in=granted)

    def enclosing(self) -> list["Shareable"]:
        """The containers whose grants reach this row, the nearest first."""
        return []

    @classmethod
    def open_to_visitors(cls) -> Q | None:
        """Rows that anyone may view while the tenant's catalogue is public; None for none."""
        return None


# --- Grants ---------------------------------------------------------------------------------------

# guardian's bases with one index by holder where Django would make three: that of the constraint, (holder, permission,
# row). No request asks by permission alone; deleting a permission reads the tables. Each new row brings its maker three
# grants. A `Meta` of your own derives from theirs, or the index is gone (a start-up error, accounts.E003).


class UserGrant(UserObjectPermissionBase):
    """What a person may do with a row. Derive from it, with a foreign key `content_object` to what is shared."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False)
    permission = models.ForeignKey(Permission, on_delete=models.CASCADE, db_index=False)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True


class GroupGrant(GroupObjectPermissionBase):
    """What a role may do with a row. Derive from it, with a foreign key `content_object` to what is shared."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, db_index=False)
    permission = models.ForeignKey(Permission, on_delete=models.CASCADE, db_index=False)

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = True


@cache
def _grant_model(model: type[Shareable], base: type[models.Model]) -> type[Any]:
    """The direct grant model of `model`. Raises LookupError where there is none (a start-up error, E003).

    guardian's own look-up asks the database for content types, which a system check cannot.
    """
    for relation in model._meta.related_objects:
        if issubclass(relation.related_model, base) and relation.field.name == "content_object":
            return relation.related_model
    raise LookupError(f"{model.__name__} has no {base.__name__} with a foreign key `content_object`")


def user_grants(model: type[Shareable]) -> type[Any]:
    return _grant_model(model, UserObjectPermissionBase)


def group_grants(model: type[Shareable]) -> type[Any]:
    return _grant_model(model, GroupObjectPermissionBase)


# --- Names ----------------------------------------------------------------------------------------


def permission_for(model: type[models.Model], action: str) -> str:
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def view_permission(model: type[models.Model]) -> str:
    return permission_for(model, "view")


def add_permission(model: type[models.Model]) -> str:
    return permission_for(model, "add")


def model_of(permission: str) -> type[models.Model]:
    """`catalog.change_product` -> Product. Raises LookupError where a name has no such model."""
    app_label, _dot, codename = permission.partition(".")
    names = codename.split("_")
    for start in range(1, len(names)):
        try:
            return apps.get_model(app_label, "".join(names[start:]))
        except LookupError:
            continue
    raise LookupError(f"{permission} names no model")
