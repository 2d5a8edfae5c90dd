"""What must be true of rights before anything is served."""

from django.apps import apps
from django.core.checks import Error, Tags, register

from . import access
from .guards import unguarded
from .roles import PLATFORM_ROLES, SYSTEM_ROLES
from .shares import shareable_models


@register(Tags.security)
def every_view_is_guarded(app_configs, **kwargs):
    return [
        Error(
            f"{route} declares no guard.",
            hint="Give it permission_required, @members_only or @open_to_all: see accounts/guards.py.",
            id="accounts.E001",
        )
        for route in unguarded()
    ]


@register(Tags.security)
def every_role_permission_exists(app_configs, **kwargs):
    """Roles name permissions as text; here each is held against the models that declare them."""
    known = {
        f"{model._meta.app_label}.{codename}" for model in apps.get_models() for codename in codenames(model._meta)
    }
    return [
        Error(f"Role {key!r} names {permission!r}, which no model declares.", id="accounts.E002")
        for key, role in [*SYSTEM_ROLES.items(), *PLATFORM_ROLES.items()]
        for permission in sorted(role.permissions - known)
    ]


def codenames(meta) -> list[str]:
    default = [f"{action}_{meta.model_name}" for action in meta.default_permissions]
    return default + [codename for codename, _name in meta.permissions]


@register(Tags.security)
def grants_are_direct(app_configs, **kwargs):
    """A model with object rights has its own two grant tables; guardian's generic one casts keys to text."""
    return [
        Error(f"{model.__name__} lacks direct grant models (see catalog/models.py).", id="accounts.E003")
        for model in shareable_models()
        if not has_direct_grants(model)
    ]


def has_direct_grants(model) -> bool:
    try:
        access.user_grants(model), access.group_grants(model)
    except LookupError:
        return False
    return True
