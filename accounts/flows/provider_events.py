"""Events of identity providers: noted once each, and then looked into by asking the provider."""

from collections.abc import Iterable
from threading import Lock, Thread

from django.db import connections, transaction

from accounts.providers.base import Provider
from accounts.providers.events import Event
from tenants import errands
from tenants.models import ProviderMessage, Tenant
from tenants.schema import in_public

from . import reconcile

SECONDS = 20.0  # that a thread spends on it at most; the job goes on with the rest


def take(provider: Provider, events: Iterable[Event]) -> None:
    """Note which tenants are to be read anew. One that was taken before, or is of nobody's here, changes nothing."""
    is_news = False
    with in_public():
        for event in events:
            tenant = tenant_of(provider, event)
            if tenant and is_first(provider, event):
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
    leaves, or who dies with it, is found by `manage.py reconcile --due`.
    """
    if WORKING.acquire(blocking=False):
        try:
            Thread(target=look, name="provider-events", daemon=True).start()
        except RuntimeError:  # no more threads to be had
            WORKING.release()


def look() -> None:
    try:
        reconcile.catch_up(seconds=SECONDS, only_events=True)
    finally:
        WORKING.release()
        connections.close_all()  # this thread's own
