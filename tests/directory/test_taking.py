"""How events are taken: in one order, not too many, and for no longer than was meant."""

from uuid import uuid4

import pytest

from accounts.flows import provider_events, reconcile
from accounts.providers import management, registry
from accounts.providers.events import MOST_EVENTS, Event
from accounts.providers.texts import cache_name
from tenants import errands
from tenants.models import Errand, Tenant
from tenants.schema import in_public


@pytest.fixture
def noted(acme, globex, there, monkeypatch):
    """`noted("acme-id", "globex-id")`: which organisations were noted, in their order, for events of these."""
    order: list[str] = []
    monkeypatch.setattr(errands, "read", lambda tenant, subject: order.append(tenant.slug))
    with in_public():
        Tenant.objects.filter(pk=globex.tenant.pk).update(provider="frontegg", provider_tenant_id="globex-id")

    def take(*tenants: str) -> list[str]:
        order.clear()
        events = [Event(f"{number}-{uuid4()}", "user", each, "s") for number, each in enumerate(tenants)]
        provider_events.take(registry.provider_of(acme.tenant), events)
        return list(order)

    return take


def test_two_messages_lock_the_same_organisations_in_the_same_order(noted):
    """Crosswise, each would wait for the other's end."""
    assert noted("acme-id", "globex-id") == noted("globex-id", "acme-id")
    assert len(noted("globex-id", "acme-id", "globex-id")) == 3


def test_no_message_is_as_long_as_its_sender_likes(noted):
    assert len(noted(*["acme-id"] * (MOST_EVENTS + 5))) == MOST_EVENTS


def test_a_thread_asks_nothing_more_after_its_time(monkeypatch):
    left: list[float] = []
    monkeypatch.setattr(reconcile, "catch_up", lambda **kwargs: left.append(management.time_left()))
    monkeypatch.setattr(provider_events.connections, "close_all", lambda: None)
    provider_events.WORKING.acquire()
    provider_events.look()
    assert 0 < left[0] <= provider_events.SECONDS


def test_what_it_could_not_ask_in_time_is_noted_anew(idp, acme, there, ada):
    errands.read(acme.tenant, ada.subject)
    with management.within(0):
        assert reconcile.look_into(acme.tenant).is_away
    with in_public():
        assert Errand.objects.get().subjects == [Errand.EVERYBODY]


def test_every_cache_takes_the_names_under_which_answers_are_kept():
    assert len(cache_name("access-token", "frontegg", "é" * 255, "\ud800" * 255)) < 200
    assert cache_name("a", "b:c", "d") != cache_name("a", "b", "c:d")
