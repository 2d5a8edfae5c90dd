"""Events of identity providers: noted once each, and then looked into by asking the provider."""

from collections.abc import Iterable
from threading import Lock, Thread

from django.db import connections, transaction

from accounts.providers.base import Provider
from accounts.providers.events import MOST_EVENTS, Event
from accounts.providers.management import within
from tenants import errands
from tenants.models import ProviderMessage, Tenant
from tenants.schema import in_public

from . import reconcile

SECONDS = 20.0  # after which a thread asks nothing more; the job goes on with the rest


def take(provider: Provider, events: Iterable[Event]) -> None:
    """Note which tenants are to be read anew. One that was taken before, or is of nobody's here, changes nothing.

    In one order, since each is locked to the end of the transaction: two messages that name the same tenants wait for
    each other's end and not crosswise. Of a longer message the rest is left to the next reading of everybody.
    """
    is_news = False
    with in_public():
        known = [(tenant, event) for event in list(events)[:MOST_EVENTS] if (tenant := tenant_of(provider, event))]
        for tenant, event in sorted(known, key=lambda each: (each[0].pk, each[1].id)):
            if is_first(provider, event):
                errands.read(tenant, event.subject)
                is_news = True
    if is_news:
        transaction.on_commit(in_background, robust=True)


def tenant_of(provider: Provider, event: Event) -> Tenant | None:
    if not event.tenant:
        return None
    return Tenant.objects.served().filter(provider=provider.key, provider_tenant_id=event.tenant).first()


def is_first(provider: Provider, event: Event) -> bool:
    _row, is_new = ProviderMessage.objects.get_or_create(provider=provider.key, message_id=event.id)
    return is_new


WORKING = Lock()


def in_background() -> None:
    """Look into it by a thread, one at a time in this process: whoever sent the event has his answer already. What it
    leaves is noted anew for `manage.py reconcile --due`; what it had begun when its process died is found by the next
    reading of everybody.
    """
    if WORKING.acquire(blocking=False):
        try:
            Thread(target=look, name="provider-events", daemon=True).start()
        except RuntimeError:  # no more threads to be had
            WORKING.release()


def look() -> None:
    try:
        with within(SECONDS):  # a list may have hundreds of pages
            reconcile.catch_up(seconds=SECONDS, only_events=True)
    finally:
        WORKING.release()
        connections.close_all()  # this thread's own
