"""Which app's tables belong in which schema."""

from django.apps import apps
from django.conf import settings

from .schema import current_schema


class SchemaRouter:
    """`public` gets the shared apps, every other schema the tenant apps. See config/settings/apps.py.

    django-tenants' own router knows one database alias only; migrations here run over the direct one.
    """

    def allow_migrate(self, db, app_label, **hints):
        is_public = current_schema(db) == settings.PUBLIC_SCHEMA_NAME
        wanted = settings.SHARED_APPS if is_public else settings.TENANT_APPS
        return None if apps.get_app_config(app_label).name in wanted else False
