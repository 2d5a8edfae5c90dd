"""Which schemas there are, and which of them are open."""

from django.conf import settings
from django.db.models import Q

from tenants.exceptions import SchemaMissing
from tenants.models import SchemaState, Tenant
from tenants.schema import in_public


def schema_names(using: str, **only) -> list[str]:
    """Every tenant schema, ready or not; the template is not among them. `only` narrows, as in `filter()`."""
    with in_public(using=using):
        return list(Tenant.objects.using(using).filter(**only).order_by("pk").values_list("schema_name", flat=True))


def is_open(schema_name: str, *, using: str) -> bool:
    """Is it a tenant's, and served?"""
    return bool(schema_names(using, schema_name=schema_name, schema_ready=True))


def is_shared(schema_name: str) -> bool:
    """Is it `public` or the template, hence nobody's?"""
    return schema_name in (settings.PUBLIC_SCHEMA_NAME, settings.TEMPLATE_SCHEMA)


def refuse_unknown(schema_name: str, *, using: str) -> None:
    """Raise SchemaMissing for a name that is no tenant's."""
    if schema_name not in schema_names(using):
        raise SchemaMissing(f"There is no tenant schema {schema_name!r}. See `manage.py list_tenants`.")


def set_ready(schema_name: str, ready: bool, *, using: str) -> None:
    """Open or close a tenant. One that is closed is not trusted to be what its state says: the next run looks.

    Whoever says that it is closed, the doctor above all, means more than a run that closed it for its own time.
    """
    with in_public(using=using):
        states = SchemaState.objects.using(using).filter(pk=schema_name)
        states.update(closed_for_now=False)
        changed = Q(schema_name=schema_name) & ~Q(schema_ready=ready)
        if Tenant.objects.using(using).filter(changed).update(schema_ready=ready) and not ready:
            states.update(version="")


def close_for_now(schema_name: str, *, using: str) -> None:
    """Close a tenant until the run has migrated it; if that is killed, the next one opens it."""
    with in_public(using=using):
        set_ready(schema_name, False, using=using)
        SchemaState.objects.using(using).filter(pk=schema_name).update(closed_for_now=True)


def half_way(using: str) -> list[str]:
    """Those that a run has closed and not opened: it was killed, or they failed in it."""
    return schema_names(using, schema_ready=False, schema_state__closed_for_now=True)
