"""A refresh token that may be worth nothing after its first use, and pages that are loaded at once. (D26)"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from accounts.flows import provider_sessions
from tenants.schema import in_tenant
from tests.accounts.conftest import racing
from tests.accounts.races import at_once

from .conftest import COOKIE, placed

__all__ = ["racing"]

pytestmark = pytest.mark.real
PAGES = 6


@pytest.fixture
def place(racing, running, settings):
    made = placed(running("frontegg"), racing, settings)
    made.idp.faults.rotate_refresh_tokens = True
    return made


def load(place, key: str):
    """One page in a thread of its own, with the cookie of the one session."""

    def page() -> int:
        client = Client(headers={"host": place.world.tenant.host})
        client.cookies[COOKIE] = key
        return client.get("/profile/").status_code

    return page


@pytest.mark.parametrize("lifetime", [timedelta(seconds=-61), timedelta(seconds=30)], ids=["ended", "about to end"])
def test_parallel_pages_spend_the_refresh_token_once(place, lifetime):
    with in_tenant(place.world.tenant):
        client = place.signed_in()
        place.expire(client, lifetime=lifetime)
    connection.close()
    asked = place.asked("/oauth/token")
    key = client.cookies[COOKIE].value
    assert at_once(*[load(place, key)] * PAGES) == [200] * PAGES
    assert place.asked("/oauth/token") == asked + 1
    assert load(place, key)() == 200


def test_a_page_that_waits_too_long_for_the_one_who_renews_says_so(place, monkeypatch, settings):
    """Its statement is cut off: the page says who does not answer, and its session is kept."""
    settings.REQUEST_STATEMENT_TIMEOUT = "400ms"
    with in_tenant(place.world.tenant):
        client = place.signed_in()
        place.expire(client, lifetime=timedelta(seconds=-61))
    connection.close()
    page, beside, renew = load(place, client.cookies[COOKIE].value), [], provider_sessions.renew

    def slowly(provider, tokens):
        beside.extend(at_once(page))
        return renew(provider, tokens)

    monkeypatch.setattr(provider_sessions, "renew", slowly)
    assert (page(), beside, page()) == (200, [503], 200)


def test_with_a_good_token_nobody_waits_for_the_one_who_renews(place, monkeypatch):
    """The page beside it is answered while the renewal is still under way, and by the old token."""
    with in_tenant(place.world.tenant):
        client = place.signed_in()
        place.expire(client, lifetime=timedelta(seconds=30))
    connection.close()
    page, beside, renew = load(place, client.cookies[COOKIE].value), [], provider_sessions.renew

    def slowly(provider, tokens):
        beside.extend(at_once(page))  # another thread, while this one holds the row
        return renew(provider, tokens)

    monkeypatch.setattr(provider_sessions, "renew", slowly)
    assert (page(), beside) == (200, [200])
