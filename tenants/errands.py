"""Noting, in `public`, that something waits between a tenant and its identity provider, and that it is done.

The row is written in the transaction of the deed itself, and taken away under its lock: a deed that comes
meanwhile waits for the lock, or makes it new. So nothing waits without a row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from .models import Errand, Tenant
from .schema import in_public

MOST_SUBJECTS = 50  # of more than that, everybody is read


def tell(tenant: Tenant, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Its outbox has something new, to be tried at once."""
    with in_public(using=using):
        row = Errand(tenant_id=tenant.pk, tell_at=timezone.now())
        Errand.objects.using(using).bulk_create(
            [row], update_conflicts=True, unique_fields=["tenant"], update_fields=["tell_at"]
        )


def read(tenant: Tenant, subject: str = "") -> None:
    """The provider has changed something about this person, or about anybody."""
    with held(tenant) as row:
        row.subjects = list(dict.fromkeys([*row.subjects, subject or Errand.EVERYBODY]))
        if len(row.subjects) > MOST_SUBJECTS:
            row.subjects = [Errand.EVERYBODY]


@contextmanager
def held(tenant: Tenant) -> Iterator[Errand]:
    """Its row, made if need be and locked to the end of the block, which saves what is changed of it."""
    with in_public():
        Errand.objects.bulk_create([Errand(tenant_id=tenant.pk)], ignore_conflicts=True)
        row = Errand.objects.select_for_update(of=("self",)).get(tenant_id=tenant.pk)
        yield row
        row.save()


def taken(tenant: Tenant, *, next_read_at: datetime) -> tuple[list[str], bool]:
    """Whom to read, and whether everybody is to be. The row is as if that were done: whoever asked notes it anew where
    nobody answered, and what dies in between waits for the next reading of everybody.
    """
    with held(tenant) as row:
        is_time = row.read_at is None or row.read_at <= timezone.now()
        subjects, everybody = row.subjects, is_time or Errand.EVERYBODY in row.subjects
        row.subjects = []
        if everybody:
            row.read_at = next_read_at
    return subjects, everybody
