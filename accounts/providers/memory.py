"""Tokens that were verified before, by their hash: a request with one of them pays a look-up and no signature.

What is remembered is that the token is genuine, never what its holder may do: whoever was deactivated, or lost
a role here, is asked about at each request (accounts/flows/recognise.py).
"""

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple, Self

from tenants.bounded import Bounded

from .base import LEEWAY, Claims, Provider
from .keys import Key

MOST_TOKENS = 10_000  # some 2 kB each


class Verified(NamedTuple):
    """A token that was found genuine, by `key`. `ends` is the moment from which on it is refused."""

    claims: Claims
    provider: Provider
    key: Key
    ends: datetime

    @classmethod
    def until_it_ends(cls, claims: Claims, provider: Provider, key: Key) -> Self:
        return cls(claims, provider, key, datetime.fromtimestamp(claims.expires_at + LEEWAY, UTC))


# By hash and entrance.
VERIFIED: Bounded[tuple[bytes, str], Verified] = Bounded(MOST_TOKENS)


def name_of(token: str, entry: str) -> tuple[bytes, str]:
    return hashlib.sha256(token.encode("ascii", "replace")).digest(), entry
