"""What half or dropped tenants left behind. Part of the doctor (tenants/doctor.py)."""

from collections.abc import Iterator
from functools import partial

from django.conf import settings
from django.db import connections

from . import blueprint, citus, copies, lifecycle, provisioning, spares
from .findings import Finding
from .fleet.turn import alone
from .models import Blueprint, Domain, PurgeReport, Tenant
from .schema import in_public, in_schema
from .slugs import SCHEMA_PREFIX


def leftovers(using: str) -> list[Finding]:
    """Schemas without a tenant, tenants that never opened or lost their address, a blueprint out of date."""
    with in_public(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace ORDER BY nspname")
        schemas = [name for (name,) in cursor.fetchall()]
        tenants = list(Tenant.objects.using(using).prefetch_related("domains"))
    known = {tenant.schema_name for tenant in tenants}
    return [
        *(dropped_schema(name, using) for name in schemas if name.startswith(provisioning.DROPPED_PREFIX)),
        *(unfinished_deletion(report, using) for report in lifecycle.unfinished(using)),
        *(orphan_schema(name) for name in schemas if name.startswith(SCHEMA_PREFIX) and name not in known),
        *(problem for tenant in tenants for problem in tenant_problems(tenant, using)),
        *stale_blueprint(using),
        *spares.unpaired(using),
        *citus.findings(using),
    ]


def dropped_schema(name: str, using: str) -> Finding:
    return Finding(
        settings.PUBLIC_SCHEMA_NAME,
        f"schema {name}",
        "its tenant was deleted, the schema was not",
        partial(provisioning.drop_schema, name, using=using),
    )


def unfinished_deletion(report: PurgeReport, using: str) -> Finding:
    return Finding(
        settings.PUBLIC_SCHEMA_NAME,
        f"deletion of {report.slug}",
        "did not finish: its schema or its files may be left",
        partial(provisioning.finish_deletion, report, using=using),
    )


def orphan_schema(name: str) -> Finding:
    """It may hold the only copy of somebody's data, so nothing is done without being told (`--drop`)."""
    return Finding(
        settings.PUBLIC_SCHEMA_NAME,
        f"schema {name}",
        f"belongs to no tenant; look into it, then `doctor --drop {name}`",
    )


def tenant_problems(tenant: Tenant, using: str) -> Iterator[Finding]:
    what = f"tenant {tenant.slug}"
    if tenant.status == Tenant.Status.PREPARING:
        yield Finding(settings.PUBLIC_SCHEMA_NAME, what, "never opened; end it with delete_tenant")
    if tenant.status == Tenant.Status.CLOSING and tenant.purge_after is None:
        yield Finding(settings.PUBLIC_SCHEMA_NAME, what, "is closing without an end; run delete_tenant")
    if not any(domain.domain == tenant.host for domain in tenant.domains.all()):
        yield Finding(
            settings.PUBLIC_SCHEMA_NAME, what, f"has no address {tenant.host}", partial(give_address, tenant, using)
        )


def give_address(tenant: Tenant, using: str) -> None:
    with in_public(using=using):
        Domain.objects.using(using).create(tenant_id=tenant.pk, domain=tenant.host, is_primary=True)


def stale_blueprint(using: str) -> Iterator[Finding]:
    """A sign-up replays the newest blueprint, so that has to be the template as it is."""
    with in_schema(settings.TEMPLATE_SCHEMA, using=using), connections[using].cursor() as cursor:
        fingerprint = blueprint.fingerprint(blueprint.read_script(cursor, settings.TEMPLATE_SCHEMA))
    with in_public(using=using):
        newest = Blueprint.objects.using(using).order_by("-pk").values_list("fingerprint", flat=True).first()
    if newest != fingerprint:
        cure = partial(write_blueprint, using)
        yield Finding(settings.TEMPLATE_SCHEMA, "blueprint", "differs from the template schema", cure)


def write_blueprint(using: str) -> None:
    """Not of a template that is half-way through its migrations. Raises AlreadyRunning."""
    with alone():
        copies.write_blueprint(using)
