"""What becomes of an organisation between its sign-up and its end: suspended, renamed, closed, purged.

Each step is a change of its row in `public`, under a lock on that row; whether its pages open follows from
the row at the next request, for pages, API and admin alike. The schema keeps its name through all of it:
sessions, files and cached values go by the schema, so that a new address takes nothing from anybody.

Source: docs/decisions/0012-platform.md
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from . import provisioning
from .exceptions import AddressTaken, PlatformStays, WrongStatus
from .models import Domain, FormerAddress, PurgeReport, Tenant
from .schema import in_public
from .slugs import clean_slug

logger = logging.getLogger(__name__)

Status = Tenant.Status


def suspend(tenant: Tenant, *, notice: str = "") -> None:
    """Close the doors, pages and API alike, at the next request. `notice` is shown there. Nothing is lost.

    Raises WrongStatus, PlatformStays.
    """
    with in_public():
        row = _locked(tenant, Status.ACTIVE, Status.SUSPENDED)
        _write(row, status=Status.SUSPENDED, notice=notice, suspended_at=row.suspended_at or timezone.now())


def resume(tenant: Tenant) -> None:
    """Open them again. Raises WrongStatus."""
    with in_public():
        row = _locked(tenant, Status.SUSPENDED, Status.ACTIVE)
        _write(row, status=Status.ACTIVE, notice="", suspended_at=None)


def rename(tenant: Tenant, slug: str) -> None:
    """Move to another address. The old one redirects here for `ADDRESS_HELD_FOR`, and is nobody else's so long.

    Raises ValidationError, AddressTaken, WrongStatus, PlatformStays.
    """
    slug = clean_slug(slug)
    with in_public():
        row = _locked(tenant, Status.ACTIVE, Status.SUSPENDED)
        old_slug, old_host = row.slug, row.host
        if slug == old_slug:
            return
        FormerAddress.objects.filter(slug=slug, tenant=row).delete()  # on its way back
        row.slug = slug
        try:
            with transaction.atomic():
                _write(row, slug=slug)
                Domain.objects.filter(tenant=row, domain=old_host).update(domain=row.host)
        except IntegrityError as error:
            raise AddressTaken(slug) from error
        provisioning.refuse_held(slug, using=DEFAULT_DB_ALIAS)
        FormerAddress.objects.hold(old_slug, settings.ADDRESS_HELD_FOR, tenant=row)


def close(tenant: Tenant, *, grace: timedelta | None = None) -> datetime:
    """Close for good, at the end of a grace time in which `reopen` undoes it. Returns that end.

    Raises WrongStatus, PlatformStays.
    """
    end = timezone.now() + (settings.TENANT_CLOSING_GRACE if grace is None else grace)
    with in_public():
        row = _locked(tenant, Status.ACTIVE, Status.SUSPENDED)
        _write(row, status=Status.CLOSING, purge_after=end)
    return end


def reopen(tenant: Tenant) -> None:
    """Undo the closing. What was suspended before is suspended again. Raises WrongStatus."""
    with in_public():
        row = _locked(tenant, Status.CLOSING)
        _write(row, status=Status.SUSPENDED if row.suspended_at else Status.ACTIVE, purge_after=None)


def purge(tenant: Tenant, *, using: str, only: Q | None = None) -> PurgeReport:
    """Delete it now, and hold its slug. See `provisioning.delete_tenant`. Raises PlatformStays, WrongStatus."""
    if tenant.is_platform:
        raise PlatformStays
    return provisioning.delete_tenant(tenant, using=using, hold=settings.ADDRESS_HELD_FOR, only=only)


def is_due() -> Q:
    """Closed, and its grace time is over. Asked again under the lock of the deletion: it may be undone meanwhile."""
    return Q(status=Status.CLOSING, purge_after__lte=timezone.now())


def due(using: str) -> list[Tenant]:
    with in_public(using=using):
        return list(Tenant.objects.using(using).customers().filter(is_due()).order_by("purge_after"))


def unfinished(using: str) -> list[PurgeReport]:
    """Deletions that something interrupted between their two steps."""
    with in_public(using=using):
        return list(PurgeReport.objects.using(using).filter(finished_at=None))


def _locked(tenant: Tenant, *allowed: str) -> Tenant:
    """The row as it is stored now, locked until the commit. Raises PlatformStays, WrongStatus."""
    row = Tenant.objects.select_for_update(no_key=True, of=("self",)).filter(pk=tenant.pk).first()
    if row is None:
        raise WrongStatus(_("This organisation is gone."))
    if row.is_platform:
        raise PlatformStays
    if row.status not in allowed:
        names = {"name": row.name, "status": row.status, "wanted": allowed[0]}
        raise WrongStatus(_("%(name)s is %(status)s, not %(wanted)s.") % names)
    return row


def _write(row: Tenant, **fields) -> None:
    Tenant.objects.filter(pk=row.pk).update(**fields)
