"""How often something may be done. The limiter is allauth's; the amounts are in ACCOUNT_RATE_LIMITS."""

from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit

from .exceptions import TooMany


def spend(request, action: str, *, key: str | None = None, times: int = 1) -> None:
    """Count `times` uses of `action` by this address, and by `key` where its rate is per key.

    All or nothing: raises TooMany, having counted none, when fewer are left.
    """
    spent: list[ratelimit.RateLimitUsage] = []
    for _use in range(times):
        # allauth counts no GET unless told to, and a link is guessed by GET.
        usage = ratelimit.consume(request, app="allauth.account", action=action, key=key, limit_get=True)
        if usage is None:
            for earlier in spent:
                earlier.rollback()
            raise TooMany
        spent.append(usage)


def client_address(request) -> str:
    """Where the request comes from, as the server or the trusted proxy before it says (ALLAUTH_TRUSTED_PROXY_COUNT)."""
    return get_adapter().get_client_ip(request)
