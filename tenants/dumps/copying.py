"""A sandbox: a tenant's twin in which people are made unknown, and which writes to nobody outside."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tenants.fleet.state import is_behind
from tenants.models import Tenant

from .exceptions import UnfitDump
from .making import Report, dump
from .restoring import Restored, restore_beside

SUFFIX = " (sandbox)"


def copy(tenant: Tenant, *, slug: str, using: str, report: Report | None = None) -> Restored:
    """Make a masked twin under `slug`, while the tenant is in use. `way_in` says how its owner comes in.

    What is personal leaves the database masked, so that it is in no file and in no table of the twin's at any time.
    Raises what dump and restore_beside raise, and UnfitDump for one that waits to be migrated; nothing is left then.
    """
    if is_behind(tenant, using=using):
        raise UnfitDump(f"{tenant.slug} is of another version than the code. Migrate it first: `manage.py migrate`.")
    with TemporaryDirectory(prefix="tenant-copy-") as folder:
        path = Path(folder) / "masked"
        dump(tenant, path, using=using, report=report, masked=True)
        name = f"{tenant.name[: 80 - len(SUFFIX)]}{SUFFIX}"
        return restore_beside(path, slug=slug, using=using, name=name)
