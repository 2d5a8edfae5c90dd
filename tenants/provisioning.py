"""Making and ending tenants. The only place that creates, renames or drops a schema.

What lies between the two, suspending and renaming and closing, is in tenants/lifecycle.py.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from functools import lru_cache
from itertools import count

from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg import sql
from psycopg.errors import DuplicateSchema

from . import blueprint
from .contents import Contents, folder_of, measure
from .exceptions import AddressTaken, SchemaExists, SchemaInUse, SchemaMissing, TemplateMissing, WrongStatus
from .models import Blueprint, DirectoryEntry, Domain, FormerAddress, PurgeReport, Tenant
from .schema import in_public, in_schema, in_tenant
from .slugs import PLATFORM_SLUG, SCHEMA_PREFIX, clean_slug, schema_name_for

logger = logging.getLogger(__name__)

DROPPED_PREFIX = "dropped_"


def new_tenant(*, name: str, slug: str, using: str | None = None, **fields):
    """Make a tenant, and let the block furnish it before it opens: one transaction for all of it.

    Inside the block the connection is bound to the new schema, so `with new_tenant(...) as tenant:` is
    where the first owner is made. When the block raises, or the process dies, nothing is left: no row,
    no domain, no schema. The work goes over the direct address (`settings.ADMIN_DATABASE`).

    Raises ValidationError (slug, name, currency), AddressTaken, SchemaExists, TemplateMissing.
    """
    return _new_tenant(name=name, slug=clean_slug(slug), using=using or settings.ADMIN_DATABASE, **fields)


def new_platform(*, name: str, using: str | None = None):
    """The same for the operators' own tenant, whose slug nobody else may have."""
    return _new_tenant(name=name, slug=PLATFORM_SLUG, using=using or settings.ADMIN_DATABASE)


@contextmanager
def _new_tenant(*, name: str, slug: str, using: str, **fields) -> Iterator[Tenant]:
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
    tenant = Tenant(name=name, slug=slug, schema_name=_unused_schema_name(slug, using=using), **fields)
    tenant.clean_fields()
    try:
        with transaction.atomic(using=using):
            # bulk_create passes by TenantMixin.save(), which looks before it writes and may migrate.
            Tenant.objects.using(using).bulk_create([tenant])
            Domain.objects.using(using).bulk_create([Domain(tenant=tenant, domain=tenant.host, is_primary=True)])
    except IntegrityError as error:
        raise AddressTaken(slug) from error
    refuse_held(slug, using=using)
    return tenant


def refuse_held(slug: str, *, using: str) -> None:
    """Raise AddressTaken for a slug that was given up lately: mails and bookmarks still lead there.

    Asked once the slug is ours: who gives it up in the same moment has then committed, and is seen.
    """
    if FormerAddress.objects.using(using).held().filter(slug=slug).exists():
        raise AddressTaken(slug)


def _unused_schema_name(slug: str, *, using: str) -> str:
    """`t_acme`; `t_acme__2` if a tenant that was called so once lives there: a schema keeps its name.

    No slug has two hyphens in a row, so such a name is no other slug's.
    """
    name = schema_name_for(slug)
    living = Tenant.objects.using(using).filter(schema_name__startswith=name)
    leaving = PurgeReport.objects.using(using).filter(schema_name__startswith=name, finished_at=None)  # files and all
    used = {row for rows in (living, leaving) for row in rows.values_list("schema_name", flat=True)}
    if name not in used:
        return name
    return next(numbered for n in count(2) if (numbered := f"{name}__{n}") not in used)


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


def delete_tenant(
    tenant: Tenant, *, using: str | None = None, hold: timedelta = timedelta(0), only: Q | None = None
) -> PurgeReport:
    """End a tenant for good: its rows in `public`, its schema, its files. Returns what went.

    Two steps. First, in one transaction, its rows go, its schema is renamed, so that nothing can reach it
    under the old name, the slug is held for `hold`, and the report is begun; then schema and files go. A
    crash between them leaves an unfinished report: `manage.py purge_tenants` and `manage.py doctor --repair`
    go on with it. Raises WrongStatus if the row, once locked, is not one of `only`; nothing is done then.
    """
    using = using or settings.ADMIN_DATABASE
    contents = _contents(tenant.schema_name, using=using)
    with in_public(using=using):
        rows = Tenant.objects.using(using).select_for_update(of=("self",)).filter(pk=tenant.pk)
        row = rows.filter(only or Q()).first()
        if row is None:
            raise WrongStatus
        report = PurgeReport(
            slug=row.slug,
            name=row.name,
            schema_name=row.schema_name,
            dropped_schema=_set_aside(row.schema_name, using=using) or "",
            domains=Domain.objects.using(using).filter(tenant_id=tenant.pk).count(),
            directory_entries=DirectoryEntry.objects.using(using).filter(tenant_id=tenant.pk).count(),
            **asdict(contents),
        )
        report.save(using=using)
        Tenant.objects.using(using).filter(pk=tenant.pk).delete()
        if hold:
            FormerAddress.objects.using(using).hold(row.slug, hold)
    finish_deletion(report, using=using)
    return report


def _contents(schema_name: str, *, using: str) -> Contents:
    try:
        return measure(schema_name, using=using)
    except SchemaMissing:
        return Contents()


def finish_deletion(report: PurgeReport, *, using: str) -> None:
    """The second step, and all that is left to do after a crash. Repeatable."""
    if report.dropped_schema:
        drop_schema(report.dropped_schema, using=using)
    delete_files(report.schema_name, using=using)
    with in_public(using=using):
        report.finished_at = timezone.now()
        report.save(using=using, update_fields=["finished_at"])


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


def delete_files(schema_name: str, *, using: str) -> None:
    """Remove the folder of uploads, unless somebody lives under that name again."""
    with in_public(using=using):
        lived_in = Tenant.objects.using(using).filter(schema_name=schema_name).exists()
    if not lived_in:
        shutil.rmtree(folder_of(schema_name), ignore_errors=True)
