"""How requests are counted: one step each, and none lost when two begin a window at once."""

import pytest
from django.core.cache import cache

from accounts.api import throttles


@pytest.fixture(autouse=True)
def limits(settings):
    settings.API_RATES = dict.fromkeys(("credential", "user", "address"), (5, 3600))


@pytest.fixture
def steps(monkeypatch):
    """What the cache is asked for, in order."""
    asked: list[str] = []

    def watch(name: str):
        real = getattr(cache, name)

        def watched(key, *args, **kwargs):
            if key.startswith("api:"):
                asked.append(name)
            return real(key, *args, **kwargs)

        monkeypatch.setattr(cache, name, watched)

    for name in ("incr", "add", "get", "set"):
        watch(name)
    return asked


def left(client) -> str:
    return client.read("/me/")["RateLimit"].split(";")[1]


def test_a_counter_is_made_once_in_a_window(acme, api_as, steps):
    client = api_as("owner")
    assert left(client) == "r=4"
    assert steps == ["incr", "add"] * 2, "of the credential, and of the person"
    steps.clear()
    assert left(client) == "r=3"
    assert steps == ["incr"] * 2


def test_two_first_requests_at_once_are_two(acme, api_as, monkeypatch):
    real = cache.add

    def too_late(key, value, timeout):
        real(key, value, timeout=timeout)
        return False

    client = api_as("owner")
    monkeypatch.setattr(cache, "add", too_late)
    assert left(client) == "r=3"


def test_a_counter_that_was_thrown_out_begins_anew(acme, api_as, monkeypatch):
    client = api_as("owner")
    monkeypatch.setattr(cache, "add", lambda *args, **kwargs: False)
    assert [left(client) for _try in range(2)] == ["r=4", "r=4"]


def test_a_counter_ends_with_its_window(monkeypatch):
    cache.delete_many(["api:user:x:1", "api:user:x:2"])
    for now, used in [(3600, 1), (7199, 2), (7200, 1)]:
        monkeypatch.setattr(throttles.time, "time", lambda now=now: now)
        assert throttles.spend("user", "x").used == used
    monkeypatch.undo()
