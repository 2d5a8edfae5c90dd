"""Making and ending tenants. The only place that creates, renames or drops a schema."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from psycopg import sql
from psycopg.errors import DuplicateSchema

from . import blueprint
from .exceptions import AddressTaken, SchemaExists, SchemaInUse, SchemaMissing, TemplateMissing
from .models import Blueprint, Domain, Tenant
from .schema import in_public, in_schema, in_tenant
from .slugs import SCHEMA_PREFIX, clean_slug, schema_name_for

logger = logging.getLogger(__name__)

DROPPED_PREFIX = "dropped_"


@contextmanager
def new_tenant(*, name: str, slug: str, using: str | None = None, **fields) -> Iterator[Tenant]:
    """Make a tenant, and let the block furnish it before it opens: one transaction for all of it.

    Inside the block the connection is bound to the new schema, so `with new_tenant(...) as tenant:` is
    where the first owner is made. When the block raises, or the process dies, nothing is left: no row,
    no domain, no schema. The work goes over the direct address (`settings.ADMIN_DATABASE`).

    Raises ValidationError (slug, name, currency), AddressTaken, SchemaExists, TemplateMissing.
    """
    using = using or settings.ADMIN_DATABASE
    slug = clean_slug(slug)
    with in_public(using=using):
        tenant = _register(name=name, slug=slug, using=using, **fields)
        _create_schema(tenant.schema_name, using=using)
        with in_tenant(tenant, using=using):
            _replay(_newest_blueprint(using), using=using)
            yield tenant
        tenant.status, tenant.schema_ready = Tenant.Status.ACTIVE, True
        Tenant.objects.using(using).filter(pk=tenant.pk).update(status=tenant.status, schema_ready=True)


def _register(*, name: str, slug: str, using: str, **fields) -> Tenant:
    """Claim the address. The unique constraints decide, not a look beforehand."""
    tenant = Tenant(name=name, slug=slug, schema_name=schema_name_for(slug), **fields)
    tenant.clean_fields()
    try:
        with transaction.atomic(using=using):
            # bulk_create passes by TenantMixin.save(), which looks before it writes and may migrate.
            Tenant.objects.using(using).bulk_create([tenant])
            Domain.objects.using(using).bulk_create([Domain(tenant=tenant, domain=tenant.host, is_primary=True)])
    except IntegrityError as error:
        raise AddressTaken(slug) from error
    return tenant


def _create_schema(schema_name: str, *, using: str) -> None:
    with connections[using].cursor() as cursor:
        try:
            with transaction.atomic(using=using):
                cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema_name)))
        except Exception as error:
            if isinstance(error.__cause__, DuplicateSchema):
                logger.error("Sign-up refused: schema %s exists without a tenant; see `manage.py doctor`.", schema_name)
                raise SchemaExists(schema_name) from error
            raise


@lru_cache(maxsize=2)
def _statements(pk: int, using: str) -> tuple[str, ...]:
    """A blueprint never changes once written, so its text may stay in memory."""
    with in_public(using=using):
        return tuple(Blueprint.objects.using(using).values_list("statements", flat=True).get(pk=pk))


def _newest_blueprint(using: str) -> tuple[str, ...]:
    with in_public(using=using):
        pk = Blueprint.objects.using(using).order_by("-pk").values_list("pk", flat=True).first()
    if pk is None:
        raise TemplateMissing("Run `manage.py migrate` first: there is no template schema to copy.")
    return _statements(pk, using)


def _replay(statements: tuple[str, ...], *, using: str) -> None:
    """Send the script in one pipeline: 105 statements cost one round trip, not 105."""
    connection = connections[using]
    with connection.cursor() as cursor:  # binds the schema
        raw = cursor.connection
        with connection.wrap_database_errors, raw.pipeline():
            for statement in statements:
                raw.execute(statement, prepare=False)


def write_blueprint(using: str) -> bool:
    """Keep the template as the newest blueprint. Returns whether it differs from the one before."""
    schema_name = settings.TEMPLATE_SCHEMA
    with in_schema(schema_name, using=using), connections[using].cursor() as cursor:
        statements = blueprint.read_script(cursor, schema_name)
    fingerprint = blueprint.fingerprint(statements)
    with in_public(using=using):
        newest = Blueprint.objects.using(using).order_by("-pk").first()
        if newest and newest.fingerprint == fingerprint:
            return False
        Blueprint.objects.using(using).filter(fingerprint=fingerprint).delete()
        Blueprint.objects.using(using).create(fingerprint=fingerprint, statements=statements)
    return True


def suspend_tenant(tenant: Tenant) -> None:
    """Close the doors, pages and API alike, at the next request. Nothing is lost."""
    _set_status(tenant, Tenant.Status.SUSPENDED)


def resume_tenant(tenant: Tenant) -> None:
    _set_status(tenant, Tenant.Status.ACTIVE)


def _set_status(tenant: Tenant, status: str) -> None:
    with in_public():
        Tenant.objects.filter(pk=tenant.pk).update(status=status)
    tenant.status = status


def delete_tenant(tenant: Tenant, *, using: str | None = None) -> None:
    """End a tenant for good: its rows in `public`, its schema, its files.

    Two steps. First the doors close and the schema is renamed, so that nothing can reach it under the
    old name and a sign-up of the same slug finds nothing of it; then it is dropped. A crash between
    them leaves a `dropped_…` schema, which `manage.py doctor --repair` removes.
    """
    using = using or settings.ADMIN_DATABASE
    with in_public(using=using):
        Tenant.objects.using(using).filter(pk=tenant.pk).update(status=Tenant.Status.CLOSING)
        last_name = _set_aside(tenant.schema_name, using=using)
        Tenant.objects.using(using).filter(pk=tenant.pk).delete()
    if last_name:
        drop_schema(last_name, using=using)
    delete_files(tenant)


def _set_aside(schema_name: str, *, using: str) -> str | None:
    """Rename a schema for dropping. Returns its last name, or None if there was no such schema."""
    last_name = f"{DROPPED_PREFIX}{timezone.now():%Y%m%d%H%M%S}_{schema_name}"[:63]
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL", [schema_name])
        if not cursor.fetchone()[0]:
            return None
        rename = sql.SQL("ALTER SCHEMA {} RENAME TO {}")
        cursor.execute(rename.format(sql.Identifier(schema_name), sql.Identifier(last_name)))
    return last_name


def drop_orphan(schema_name: str, *, using: str) -> None:
    """Drop a tenant schema that has no tenant, in the same two steps. Raises SchemaInUse, SchemaMissing."""
    with in_public(using=using):
        if not schema_name.startswith(SCHEMA_PREFIX):
            raise SchemaInUse(f"{schema_name} is not a tenant's schema.")
        if Tenant.objects.using(using).filter(schema_name=schema_name).exists():
            raise SchemaInUse(f"{schema_name} belongs to a tenant: use delete_tenant.")
        last_name = _set_aside(schema_name, using=using)
    if last_name is None:
        raise SchemaMissing(f"There is no schema {schema_name!r}.")
    drop_schema(last_name, using=using)


def drop_schema(schema_name: str, *, using: str) -> None:
    """Drop a schema that was renamed for it, or left by nobody. Refuses any other name."""
    if not schema_name.startswith(DROPPED_PREFIX):
        raise ValueError(f"{schema_name} was not renamed for deletion.")
    with in_public(using=using), connections[using].cursor() as cursor:
        cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema_name)))


def delete_files(tenant: Tenant) -> None:
    """Remove the tenant's folder of uploads (see STORAGES: one folder a schema)."""
    shutil.rmtree(Path(settings.MEDIA_ROOT) / tenant.schema_name, ignore_errors=True)
