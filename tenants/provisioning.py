"""Making and ending tenants. The only place that creates, renames or drops a schema.

What lies between the two, suspending and renaming and closing, is in tenants/lifecycle.py.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from itertools import count

from django.conf import settings
from django.db import IntegrityError, connections
from django.db.models import Q
from django.utils import timezone
from psycopg import sql

from . import copies, spares
from .contents import Contents, folder_of, measure
from .exceptions import AddressTaken, SchemaInUse, SchemaMissing, WrongStatus
from .fleet.state import note_new
from .models import DirectoryEntry, Domain, FormerAddress, PurgeReport, Tenant
from .schema import in_public, in_tenant
from .slugs import PLATFORM_SLUG, SCHEMA_PREFIX, clean_slug, schema_name_for

DROPPED_PREFIX = "dropped_"

# Who lives in a schema of that name, and who is on his way out of one, files and all.
SO_CALLED = """
    SELECT schema_name FROM public.tenants_tenant WHERE schema_name = %(name)s OR schema_name LIKE %(numbered)s
     UNION ALL
    SELECT schema_name FROM public.tenants_purgereport
     WHERE finished_at IS NULL AND (schema_name = %(name)s OR schema_name LIKE %(numbered)s)
"""

# One trip for both: the host, and whether the slug is held for somebody who gave it up (FormerAddress.objects.held()).
CLAIM_HOST = """
    WITH host AS (INSERT INTO public.tenants_domain (domain, tenant_id, is_primary)
                  VALUES (%(host)s, %(tenant)s, true))
    SELECT EXISTS (SELECT FROM public.tenants_formeraddress WHERE slug = %(slug)s AND held_until > %(now)s)
"""


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
    """Nobody sees the row before the commit, so it is written once, as that of an open tenant."""
    with in_public(using=using):
        tenant = register(name=name, slug=slug, using=using, **fields)
        schema_name = tenant.schema_name
        fingerprint = spares.hand_out(schema_name, using=using) or copies.make(schema_name, using=using)
        note_new(tenant, fingerprint=fingerprint, using=using)
        with in_tenant(tenant, using=using, savepoint=False):
            yield tenant


def register(*, name: str, slug: str, using: str, **fields) -> Tenant:
    """Claim the address. The unique constraints decide, not a look beforehand."""
    tenant = Tenant(name=name, slug=slug, schema_name=_unused_schema_name(slug, using=using), **fields)
    tenant.status, tenant.schema_ready = Tenant.Status.ACTIVE, True
    tenant.clean_fields()
    try:
        # bulk_create passes by TenantMixin.save(), which looks before it writes and may migrate.
        Tenant.objects.using(using).bulk_create([tenant])
        claim_host(tenant, using=using)
    except IntegrityError as error:
        raise AddressTaken(slug) from error
    return tenant


def claim_host(tenant: Tenant, *, using: str) -> None:
    """Raises as `refuse_held`, by what is held once the tenant's row was written; IntegrityError for a host in use."""
    values = {"host": tenant.host, "tenant": tenant.pk, "slug": tenant.slug, "now": timezone.now()}
    with connections[using].cursor() as cursor:
        cursor.execute(CLAIM_HOST, values)
        (is_held,) = cursor.fetchone()
    if is_held:
        raise AddressTaken(tenant.slug)


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
    with connections[using].cursor() as cursor:
        cursor.execute(SO_CALLED, {"name": name, "numbered": name.replace("_", r"\_") + r"\_\_%"})
        used = {row for (row,) in cursor.fetchall()}
    if name not in used:
        return name
    return next(numbered for n in count(2) if (numbered := f"{name}__{n}") not in used)


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
            dropped_schema=set_aside(row.schema_name, using=using) or "",
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


def set_aside(schema_name: str, *, using: str) -> str | None:
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
        last_name = set_aside(schema_name, using=using)
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
