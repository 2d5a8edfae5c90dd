"""The figures that the console shows of each tenant, counted outside of requests and kept in `public`.

Tenants are read one by one, each in a transaction of its own: what is wrong with one is noted on its row
and keeps nobody else's figures from being fresh.
"""

import hashlib
import logging

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone
from django.utils.module_loading import import_string

from .contents import database_size, files_of
from .exceptions import SchemaMissing
from .models import Tenant, Usage
from .schema import in_public, in_schema, in_tenant

logger = logging.getLogger(__name__)


def refresh_all(using: str) -> list[Usage]:
    """Count every tenant anew. Returns the rows of those that could not be counted."""
    template = schema_version(settings.TEMPLATE_SCHEMA, using=using)
    with in_public(using=using):
        tenants = list(Tenant.objects.using(using).order_by("pk"))
    rows = [refresh(tenant, template, using=using) for tenant in tenants]
    return [row for row in rows if row and row.problem]


def refresh(tenant: Tenant, template: str, *, using: str) -> Usage | None:
    """Count one, and keep it: the row, with `problem` set and the older figures left where counting failed.

    `template` is the template's `schema_version`. None when the tenant has gone meanwhile.
    """
    try:
        figures = {**count(tenant, template, using=using), "problem": ""}
    except (DatabaseError, SchemaMissing, OSError) as error:
        logger.error("%s could not be counted.", tenant.schema_name, exc_info=error)
        figures = {"problem": f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:200]}
    with in_public(using=using):
        if not Tenant.objects.using(using).select_for_update(no_key=True, of=("self",)).filter(pk=tenant.pk).exists():
            return None
        row, _made = Usage.objects.using(using).update_or_create(
            tenant_id=tenant.pk, defaults={**figures, "refreshed_at": timezone.now()}
        )
        return row


def count(tenant: Tenant, template: str, *, using: str) -> dict:
    """The figures as fields of Usage; what the apps above count is in `settings.TENANT_FIGURES`."""
    with in_tenant(tenant, using=using):
        figures = {}
        for path in settings.TENANT_FIGURES:
            figures.update(import_string(path)(connections[using]))
    version = schema_version(tenant.schema_name, using=using)
    size = database_size(tenant.schema_name, using=using) + files_of(tenant.schema_name)[1]
    return {**figures, "bytes": size, "schema_version": version, "is_current": version == template}


def schema_version(schema_name: str, *, using: str) -> str:
    """All migrations that the schema has, as one word: equal words, equal schemas."""
    with in_schema(schema_name, using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        applied = sorted({f"{app}.{name}" for app, name in cursor.fetchall()})
    return hashlib.sha256("\n".join(applied).encode()).hexdigest()[:12]
