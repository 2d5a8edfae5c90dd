"""Putting a dump back: as a tenant of its own, or in the place of the one it was made of.

Both are one transaction, so killed anywhere there is the tenant that was there before, or the restored one.
"""

import logging
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error as DbError
from django.db import connections
from django.utils.module_loading import import_string

from tenants import copies, provisioning
from tenants.fleet.rows import run_hooks
from tenants.fleet.schemas import set_ready
from tenants.fleet.state import note_new
from tenants.fleet.turn import alone
from tenants.housekeeping import AlreadyRunning
from tenants.models import SchemaState, Tenant
from tenants.schema import in_public, in_tenant
from tenants.slugs import clean_slug

from . import files, loading, structure
from .archive import Reader, reading
from .exceptions import NotNow, UnfitDump
from .making import Report

logger = logging.getLogger(__name__)

STAGING_PREFIX = "restoring_"
STAYS_CLOSED = "{0} is closed. `manage.py doctor --schema {0}` looks at it, and opens it if it is sound."
# Restored over, they stay the live one's. A sandbox made a real one would write to whoever is named in it.
STAYING = ("is_sandbox",)


@dataclass(frozen=True)
class Arrival:
    """What settings.TENANT_RESTORED_HOOKS are told, each called as f(connection, arrival) in the tenant's schema.

    `is_copy`: the tenant is another one than that which was dumped. `is_current` False: the tables are older than
    the code, so only columns that were always there may be asked for.
    """

    origin: str
    is_copy: bool
    is_current: bool
    is_sandbox: bool


@dataclass(frozen=True)
class Restored:
    """`is_current` False: closed until it is migrated. `way_in`: of a masked one, an owner's address and password."""

    tenant: Tenant
    is_current: bool
    way_in: tuple[str, str] | None = None

    def report(self) -> list[str]:
        """What its operator has to know."""
        lines = [f"{self.tenant.name} is at {self.tenant.absolute_url()}"]
        if self.way_in:
            address, password = self.way_in
            lines.append(f"Its owner signs in as {address} with the password {password} (shown once).")
        if not self.is_current:
            behind = f"manage.py migrate --schema {self.tenant.schema_name}"
            lines.append(f"It is older than the code, and closed until `{behind}`.")
        return lines


def restore_beside(
    path: Path | str,
    *,
    using: str,
    slug: str | None = None,
    report: Report | None = None,
    **fields: Any,
) -> Restored:
    """Make a tenant of the dump: under its own slug, where that is free again, or under `slug`.

    It is bound to no identity provider and has no domain of its own; nobody is signed in, its API keys and open
    invitations have ended. `fields` go to the tenant instead of what the dump says. Of a masked dump it becomes a
    sandbox.
    Raises DumpError, AddressTaken, SchemaExists, ValidationError (slug); nothing is left then.
    """
    report = report or (lambda line: None)
    with reading(Path(path)) as archive:
        plan, manifest = checked(archive, using=using), archive.manifest
        if manifest.masked and not plan.is_current:
            raise UnfitDump("A masked dump is good for the version that it was made with: make another one.")
        with files.unpacked(archive) as move_in, in_public(using=using):
            sandbox = manifest.masked or manifest.settings["is_sandbox"]
            chosen = {**manifest.settings, "is_sandbox": sandbox, **fields}
            tenant = provisioning.register(slug=clean_slug(slug or manifest.slug), using=using, **chosen)
            name = tenant.schema_name
            loading.load(archive, name, plan, lives_as=name, using=using, report=report)
            note_new(tenant, fingerprint=plan.fingerprint, using=using)
            arrival = Arrival(origin_of(archive), True, plan.is_current, tenant.is_sandbox)
            settle(tenant, arrival, using=using)
            way_in = let_owner_in(tenant, using=using) if manifest.masked else None
            move_in(tenant.schema_name)
            if not plan.is_current:
                set_ready(tenant.schema_name, False, using=using)
    return Restored(tenant, plan.is_current, way_in)


def restore_over(path: Path | str, *, using: str, report: Report | None = None) -> Restored:
    """Put the dump in the place of the tenant it was made of, found by its schema.

    Meanwhile the tenant answers 503, and nobody migrates, or restores over this tenant or another one. The live
    schema is set aside in the transaction that puts the new one there, once that is proven equal to the dump, and
    dropped after it. Address, domains, state, provider and whether it is a sandbox stay the live one's. Sessions
    have ended. Raises DumpError, and leaves the tenant serving as before.
    """
    report = report or (lambda line: None)
    with reading(Path(path)) as archive, turn():
        plan = checked(archive, using=using)
        if archive.manifest.masked:
            raise UnfitDump("In this dump people are made unknown: it is no backup. Restore it beside, with --as.")
        with in_public(using=using):
            tenant = Tenant.objects.using(using).filter(schema_name=archive.manifest.schema_name).first()
        if tenant is None:
            raise UnfitDump(f"There is no tenant whose schema is {archive.manifest.schema_name}. Use --as.")
        with closed(tenant, using=using, report=report):
            before = replace(tenant, archive, plan, using=using, report=report)
        if before:
            provisioning.drop_schema(before, using=using)
    return Restored(tenant, plan.is_current)


def checked(archive: Reader, *, using: str) -> structure.Structure:
    """All that can be known before anything is touched. Raises DumpError."""
    archive.verify()
    files.refuse_strange_paths(archive.manifest.files)
    return structure.of(archive.manifest, using=using)


@contextmanager
def turn() -> Iterator[None]:
    """Of two at once, the second would find the tenant closed and leave it so; a migration would open it half-way.

    Raises NotNow.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(alone())
        except AlreadyRunning as error:
            raise NotNow("Somebody is migrating, or restoring over a tenant. Try again after that.") from error
        yield


@contextmanager
def closed(tenant: Tenant, *, using: str, report: Report) -> Iterator[None]:
    """503 while the block runs, so that nobody writes what would be lost. If it raises, as open as it was.

    Where it stays closed, `report` is told. Killed, it does too: `manage.py doctor --schema` looks at it and opens it.
    """
    with in_public(using=using):  # not by fleet's set_ready: the schema stays what it was
        Tenant.objects.using(using).filter(pk=tenant.pk).update(schema_ready=False)
    try:
        yield
    except BaseException:
        if not reopen(tenant, using=using):
            report(STAYS_CLOSED.format(tenant.schema_name))
        raise


def reopen(tenant: Tenant, *, using: str) -> bool:
    """Open it if it was open. Returns whether it is: what went wrong may be that the database does not answer."""
    try:
        with in_public(using=using):
            Tenant.objects.using(using).filter(pk=tenant.pk).update(schema_ready=tenant.schema_ready)
    except DbError:
        logger.exception("Tenant %s could not be opened again.", tenant.slug)
        return False
    return tenant.schema_ready


def replace(tenant: Tenant, archive: Reader, plan: structure.Structure, *, using: str, report: Report) -> str | None:
    """One transaction. Returns the name under which the schema before is now, if there was one."""
    staging = f"{STAGING_PREFIX}{secrets.token_hex(6)}"
    with files.unpacked(archive) as move_in, in_public(using=using):
        rows = Tenant.objects.using(using).filter(pk=tenant.pk)
        rows.select_for_update(of=("self",)).get()  # neither renamed nor ended meanwhile
        loading.load(archive, staging, plan, lives_as=tenant.schema_name, using=using, report=report)
        before = provisioning.set_aside(tenant.schema_name, using=using)
        copies.rename_schema(staging, tenant.schema_name, using=using)
        settle(tenant, Arrival(origin_of(archive), False, plan.is_current, tenant.is_sandbox), using=using)
        SchemaState.objects.using(using).filter(pk=tenant.schema_name).delete()
        note_new(tenant, fingerprint=plan.fingerprint, using=using)
        taken = {name: value for name, value in archive.manifest.settings.items() if name not in STAYING}
        rows.update(**taken, schema_ready=plan.is_current)
        move_in(tenant.schema_name)
    return before


def settle(tenant: Tenant, arrival: Arrival, *, using: str) -> None:
    """What the apps above have to do before anybody comes in."""
    with in_tenant(tenant, using=using):
        for path in settings.TENANT_RESTORED_HOOKS:
            import_string(path)(connections[using], arrival)
    if arrival.is_current:
        run_hooks(tenant.schema_name, using=using)


def let_owner_in(tenant: Tenant, *, using: str) -> tuple[str, str]:
    """Nobody has a password in a masked dump."""
    with in_tenant(tenant, using=using):
        return import_string(settings.TENANT_WAY_IN)(connections[using])


def origin_of(archive: Reader) -> str:
    return f"dump of {archive.manifest.schema_name}, {archive.manifest.made_at}"
