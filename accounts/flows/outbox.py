"""Sending what the identity provider is to be told (DirectoryTask), until it worked or is given up.

Nothing waits for the network inside a transaction: a task is claimed for a minute, sent, and then marked. Who dies
between the two leaves it to be sent again, which does no harm. The tasks of one person go in their order, and all
of them after the one that makes the organisation there.
Source: docs/decisions/0016-directory.md
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Exists, Min, OuterRef, Q
from django.db.models.fields.json import KT
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.exceptions import ProviderAway
from accounts.models import DirectoryTask
from accounts.providers import registry
from accounts.providers.directory import CannotDoThat, Refused
from accounts.providers.management import AskedToWait, within
from tenants import errands
from tenants.exceptions import SchemaMissing
from tenants.models import Errand, PlatformEvent, Tenant
from tenants.schema import in_public, in_tenant

from . import deeds, role_sync

logger = logging.getLogger(__name__)

PATIENCE = 3.0  # seconds that a request gives to it, after its commit
CLAIMED_FOR = timedelta(seconds=60)
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(hours=1)
MOST_TRIES = 30  # about a day
MOST_AT_ONCE = 500
KEPT_FOR = timedelta(days=30)  # what was told, or given up


@dataclass
class Sent:
    done: int = 0
    given_up: int = 0
    is_away: bool = False


def work_off(tenant_pk: int, *, seconds: float) -> Sent:
    """Send what is due of one tenant's outbox; begins nothing more after so many seconds. Raises nothing of the
    provider's: what does not answer is tried again, and what it refuses is given up.
    """
    sent, ends = Sent(), time.monotonic() + seconds
    with in_public():
        tenant = Tenant.objects.served().filter(pk=tenant_pk, errand__in=Errand.objects.to_tell()).first()
    directory = tenant and registry.directory_of(tenant)
    if tenant is None or directory is None:
        return sent
    not_before = None
    while time.monotonic() < ends and not sent.is_away and (task := claim(tenant)):
        try:
            with within(ends - time.monotonic()):
                deeds.carry_out(task, directory, tenant)
        except ProviderAway as error:
            sent.is_away, not_before = True, postpone(task, tenant, error)
        except (Refused, CannotDoThat) as refusal:
            give_up(task, tenant, refusal.message, status=getattr(refusal, "code", None))
            sent.given_up += 1
        except Exception as error:  # a mail that cannot be sent, an odd answer: no other tenant is to wait for it
            logger.exception("A task of %s could not be carried out.", tenant.schema_name)
            sent.is_away, not_before = True, postpone(task, tenant, ProviderAway(type(error).__name__))
        else:
            mark_done(task, tenant)
            sent.done += 1
    settle(tenant, not_before)
    return sent


def work_off_all(*, seconds: float) -> Sent:
    """The outboxes in which something is due, one tenant after another. `seconds` are for each of them."""
    with in_public():
        due = list(Errand.objects.to_tell().order_by("tell_at").values_list("tenant_id", flat=True)[:MOST_AT_ONCE])
    total = Sent()
    for tenant_pk in due:
        try:
            sent = work_off(tenant_pk, seconds=seconds)
        except (SchemaMissing, DatabaseError):  # one broken organisation keeps no other from being told for
            logger.exception("An outbox could not be read; see `manage.py doctor`.")
            continue
        total.done, total.given_up = total.done + sent.done, total.given_up + sent.given_up
        total.is_away = total.is_away or sent.is_away
    return total


def claim(tenant: Tenant) -> DirectoryTask | None:
    """The next task that is due and that no other has to come before. It is nobody else's for a minute."""
    with in_tenant(tenant):
        while task := next_due(tenant):
            until = timezone.now() + CLAIMED_FOR
            mine = DirectoryTask.objects.due().filter(pk=task.pk, tries=task.tries)
            if mine.update(tries=task.tries + 1, next_try_at=until):
                task.tries += 1
                return task
    return None


def next_due(tenant: Tenant) -> DirectoryTask | None:
    """The oldest that is due and the first of its person or address; one that makes the organisation is before all
    that came after it, and waits for none.
    """
    makes = Q(deed=DirectoryTask.Deed.CREATE_TENANT)
    waiting = DirectoryTask.objects.waiting().filter(provider=tenant.provider).annotate(address=KT("details__email"))
    of_the_same = Q(user=OuterRef("user")) | Q(user=None, address=OuterRef("address"))
    earlier = waiting.filter(makes | of_the_same, pk__lt=OuterRef("pk"))
    due = waiting.filter(makes | ~Exists(earlier), next_try_at__lte=timezone.now())
    return due.select_related("user").order_by("pk").first()


def mark_done(task: DirectoryTask, tenant: Tenant) -> None:
    with in_tenant(tenant):
        DirectoryTask.objects.filter(pk=task.pk).update(done_at=timezone.now(), problem="")


def postpone(task: DirectoryTask, tenant: Tenant, error: ProviderAway) -> datetime:
    """Until a delay that doubles, or until when the provider said. Returns when to try the tenant's next one."""
    logger.warning("%s was not told (%s): %s.", task.provider, task.deed, error.reason)
    delay = min(FIRST_DELAY * 2 ** (task.tries - 1), LONGEST_DELAY)
    asked_for = timedelta(seconds=error.seconds if isinstance(error, AskedToWait) else 0)
    next_try = timezone.now() + max(delay, asked_for)
    if task.tries >= MOST_TRIES:
        give_up(task, tenant, _("The identity provider did not answer for a day."))
        return next_try
    with in_tenant(tenant):
        DirectoryTask.objects.filter(pk=task.pk).update(next_try_at=next_try, problem=error.reason[:300])
    return next_try


def give_up(task: DirectoryTask, tenant: Tenant, reason: object, *, status: int | None = None) -> None:
    """Shown on the pages about members. The operators learn the deed and the answer's status: what the provider has
    written may name people.
    """
    said = str(reason)
    logger.warning("%s is not told (%s): given up.", task.provider, task.deed)
    with in_tenant(tenant):
        DirectoryTask.objects.filter(pk=task.pk).update(given_up_at=timezone.now(), problem=said[:300])
        if task.deed == DirectoryTask.Deed.SET_ROLES and task.user:
            role_sync.taken_back(task.user)
        with in_public():
            PlatformEvent.objects.create(
                kind=PlatformEvent.Kind.NOT_TOLD,
                schema_name=tenant.schema_name,
                actor=task.provider,
                detail=f"{task.deed}: status {status}" if status else str(task.deed),
            )


def settle(tenant: Tenant, not_before: datetime | None) -> None:
    """Note when to come again, or that nothing waits. The lock is held meanwhile: see tenants/errands.py."""
    with errands.held(tenant) as row, in_tenant(tenant):
        DirectoryTask.objects.exclude(provider=tenant.provider).delete()  # of the one that it had before
        old = DirectoryTask.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
        old.exclude(done_at=None, given_up_at=None).delete()
        waiting = DirectoryTask.objects.waiting().filter(provider=tenant.provider)
        due = waiting.aggregate(due=Min("next_try_at"))["due"]
        row.tell_at = max(due, not_before) if due and not_before else due
