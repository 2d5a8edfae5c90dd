"""What must be true of rights, and of whose word is taken for whom, before anything is served."""

from itertools import pairwise

from django.apps import apps
from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.utils.module_loading import import_string

from . import access
from .guards import unguarded
from .providers import configuration
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
    """A model with object rights has its own two grant tables, each with an index by holder.

    guardian's generic table casts keys to text, which no index serves. A `Meta` that does not derive from the base's
    loses its constraint, and with it the index that every list and page asks.
    """
    return [
        Error(f"{model.__name__} {problem} (see catalog/models.py).", id="accounts.E003")
        for model in shareable_models()
        if (problem := problem_of_grants(model))
    ]


def problem_of_grants(model) -> str:
    """Empty where all is well."""
    try:
        tables = {"user": access.user_grants(model), "group": access.group_grants(model)}
    except LookupError:
        return "lacks direct grant models"
    for holder, table in tables.items():
        if (holder, "permission", "content_object") not in table._meta.unique_together:
            return f"has grants without an index by {holder}: let the Meta of {table.__name__} derive from its base's"
    return ""


@register(Tags.security)
def every_provider_is_set_up(app_configs, **kwargs):
    """The same as wsgi.py and asgi.py refuse to start with."""
    return [
        Error(problem, hint="docs/providers/ has a page on each provider.", id="accounts.E004")
        for problem in configuration.all_problems()
    ]


# Each needs what the ones before it have set on the request.
MIDDLEWARE_ORDER = [
    "tenants.middleware.TenantMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.CredentialMiddleware",
    "accounts.middleware.MemberMiddleware",
    "accounts.middleware.SignInRequiredMiddleware",
    "accounts.middleware.GuardMiddleware",
]


@register(Tags.security)
def middleware_is_in_order(app_configs, **kwargs):
    """Tenant before session, session before Django's user, and that before the credentials that may take its place."""
    installed = [import_string(path) for path in settings.MIDDLEWARE]
    places = {path: places_of(import_string(path), installed) for path in MIDDLEWARE_ORDER}
    if absent := [path for path, found in places.items() if not found]:
        return [Error(f"MIDDLEWARE lacks {path}.", id="accounts.E005") for path in absent]
    return [
        Error(f"MIDDLEWARE has {later} before {earlier}: it must stand after it.", id="accounts.E005")
        for earlier, later in pairwise(MIDDLEWARE_ORDER)
        if places[later][0] < places[earlier][0]
    ]


def places_of(wanted: type, installed: list[type]) -> list[int]:
    """Of it, or of classes made from it."""
    return [place for place, each in enumerate(installed) if isinstance(each, type) and issubclass(each, wanted)]


@register(Tags.security)
def no_role_makes_a_superuser(app_configs, **kwargs):
    """The setting is known from elsewhere, and whoever sets it should not wait for what it did there."""
    return [
        Warning(
            f"{configuration.variable(name, 'IS_SUPERUSER_ROLE')} is never obeyed: no token makes anybody a superuser.",
            hint="Link the provider's role to a role here (docs/permissions.md).",
            id="accounts.W001",
        )
        for name, values in settings.PROVIDERS.items()
        if values.get("IS_SUPERUSER_ROLE", "is_superuser") != "is_superuser"
    ]
