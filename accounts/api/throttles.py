"""How often the API may be asked: by credential and by person; by address only while nobody is known.

So nobody can use up what belongs to somebody else: a stranger's requests count against his address alone, and
those of somebody who has proved who he is never count against an address that others share.
"""

import time
from collections.abc import Iterator
from typing import NamedTuple

from allauth.core.internal.ratelimit import get_ip
from django.conf import settings
from django.core.cache import cache
from rest_framework.throttling import BaseThrottle


class Usage(NamedTuple):
    """What is left of one limit in this window. `reset` is in seconds."""

    name: str
    quota: int
    window: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        return max(self.quota - self.used, 0)


class ApiThrottle(BaseThrottle):
    """Counts each request against the limits of API_RATES that are meant for it."""

    def allow_request(self, request, view) -> bool:
        counted = request._request.__dict__.setdefault("api_counted", {})  # by an attempt that was begun anew
        self.usages = [
            counted.get(subject) or counted.setdefault(subject, spend(*subject)) for subject in subjects(request)
        ]
        request._request.api_usages = self.usages
        return all(usage.used <= usage.quota for usage in self.usages)

    def wait(self) -> int:
        return max(usage.reset for usage in self.usages if usage.used > usage.quota)


def subjects(request) -> Iterator[tuple[str, str]]:
    """(limit, whom it counts) for a request."""
    if not request.user.is_authenticated:
        yield "address", get_ip(request._request)
        return
    yield "credential", request.auth.label.replace(" ", "-")
    yield "user", str(request.user.pk)


def spend(name: str, who: str) -> Usage:
    """Count one use of the limit `name`. Windows are fixed: the counter's key names the one that runs now."""
    quota, window = settings.API_RATES[name]
    now = time.time()
    number = int(now // window)
    used = counted(f"api:{name}:{who}:{number}", window)
    return Usage(name, quota, window, used, reset=int((number + 1) * window - now) + 1)


def counted(key: str, window: int) -> int:
    """One more. The counter is there for all but the first request of a window, so it is not made on suspicion."""
    try:
        return cache.incr(key)
    except ValueError:  # not there
        return 1 if cache.add(key, 1, timeout=window) else counted_again(key)


def counted_again(key: str) -> int:
    """Of two first requests at once, the second one."""
    try:
        return cache.incr(key)
    except ValueError:  # thrown out meanwhile
        return 1


def headers(usages: list[Usage]) -> dict[str, str]:
    """`RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers-10."""
    return {
        "RateLimit-Policy": ", ".join(f'"{usage.name}";q={usage.quota};w={usage.window}' for usage in usages),
        "RateLimit": ", ".join(f'"{usage.name}";r={usage.remaining};t={usage.reset}' for usage in usages),
    }
