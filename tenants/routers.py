"""Which app's tables belong in which schema, and which server a query is sent to."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.apps import apps
from django.conf import settings

from .schema import current_schema

REPLICA = "replica"
_reading_replica: ContextVar[bool] = ContextVar("reading_replica", default=False)


class SchemaRouter:
    """`public` gets the shared apps, every other schema the tenant apps. See config/settings/apps.py.

    django-tenants' own router knows one database alias only; migrations here run over the direct one.
    """

    def allow_migrate(self, db, app_label, **hints):
        is_public = current_schema(db) == settings.PUBLIC_SCHEMA_NAME
        wanted = settings.SHARED_APPS if is_public else settings.TENANT_APPS
        return None if apps.get_app_config(app_label).name in wanted else False


class ReplicaRouter:
    """Sends a tenant's rows that are only read to the standby, while `reading_replica` says so.

    The first write of a request ends that: what is read after it may be what was written. Comes before SchemaRouter.
    """

    def db_for_read(self, model, **hints):
        if _reading_replica.get() and apps.get_app_config(model._meta.app_label).name in settings.TENANT_APPS:
            return REPLICA
        return None

    def db_for_write(self, model, **hints):
        _reading_replica.set(False)

    def allow_relation(self, one, other, **hints):
        """Rows of the same tenant, wherever they were read."""
        return True if REPLICA in (one._state.db, other._state.db) else None

    def allow_migrate(self, db, app_label, **hints):
        return False if db == REPLICA else None


@contextmanager
def reading_replica() -> Iterator[None]:
    """Meanwhile queries on tenant apps go to the standby. Its connection has to be bound to the tenant already."""
    token = _reading_replica.set(True)
    try:
        yield
    finally:
        _reading_replica.reset(token)
