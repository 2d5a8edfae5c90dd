"""How often something may be done. The limiter is allauth's; the amounts are in ACCOUNT_RATE_LIMITS."""

from allauth.core import ratelimit

from .exceptions import TooMany


def spend(request, action: str, *, key: str | None = None, times: int = 1) -> None:
    """Count `times` uses of `action` by this address, and by `key` where its rate is per key. Raises TooMany."""
    for _use in range(times):
        if not ratelimit.consume(request, action=action, key=key):
            raise TooMany
