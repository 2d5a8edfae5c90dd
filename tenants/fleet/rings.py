"""Whose turn it is: our own organisations first, then friendly ones, then the rest (Tenant.ring).

After each of the first two, pages are asked for with the code that runs here, on the schema as it is now. What does
not answer well keeps the next ring on its old schema.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from tenants import dumps
from tenants.exceptions import CopiesNotKept, SchemaMissing
from tenants.models import Tenant
from tenants.schema import in_public

from .progress import Progress
from .versions import code

PROBED = 3  # tenants of a ring


def up_to(last: str) -> Iterator[str]:
    """The rings in their order, `last` included."""
    for ring in Tenant.Ring.values:
        yield ring
        if ring == last:
            return


def keep_copies(names: list[str], folder: Path, *, using: str, progress: Progress) -> None:
    """A dump of each tenant as it is before its ring, for `restore_tenant` to go back to with this one alone.

    Raises CopiesNotKept; nothing of the ring has been touched then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in copies_of(names, folder, using=using):
            progress.step(f"{path.name}: kept")
    except OSError as error:
        raise CopiesNotKept(f"No copies can be kept in {folder}: {error}") from error
    finally:
        progress.clear()


def copies_of(names: list[str], folder: Path, *, using: str) -> Iterator[Path]:
    with in_public(using=using):
        tenants = list(Tenant.objects.using(using).filter(schema_name__in=names).order_by("pk"))
    now = timezone.now()
    for tenant in tenants:  # a name of its own each time: after a way back the next copy is another one
        path = folder / f"{tenant.slug}-{now:%Y%m%d-%H%M%S.%f}-before-{code().version}.dump"
        with suppress(SchemaMissing):  # there is nothing to keep; its turn will say so, and keep no other back
            dumps.dump(tenant, path, using=using)
            yield path


def why_to_stop(ring: str, failed: list[str], busy: list[str], *, using: str) -> str:
    """What is wrong with a ring that others wait for; empty if nothing is, or nobody waits.

    Its pages are looked at whether or not this run had to migrate it: the run before may have stopped at them. One that
    was busy is as it was, so nobody has seen the new code on it: the others are not to be the first.
    """
    if ring == Tenant.Ring.REST:
        return ""
    if failed:
        return f"ring {ring}: {', '.join(failed)} failed"
    if busy:
        return f"ring {ring}: {', '.join(busy)} {'was' if len(busy) == 1 else 'were'} busy"
    return next(problems(ring, using=using), "")


def problems(ring: str, *, using: str) -> Iterator[str]:
    """What the probes of settings.FLEET_PROBES say of the ring's first open tenants."""
    with in_public(using=using):
        tenants = list(Tenant.objects.using(using).served().filter(ring=ring).order_by("pk")[:PROBED])
    for tenant in tenants:
        for path in settings.FLEET_PROBES:
            if problem := import_string(path)(tenant):
                yield f"ring {ring}: {tenant.schema_name}, {problem}"
