"""What an identity provider says of somebody, by a token or by its directory, in the form in which it is followed."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from accounts.providers.base import ANSWER_KEPT_FOR, Claims

MARK = 16  # letters of each mark in User.synced_token


@dataclass(frozen=True)
class Word:
    """What the provider says of somebody: in a token, or when its directory is asked.

    `roles` are its own words, `proven` is None where nothing is said of the address. `at` is when it was said, `mark`
    tells it from what was said in the same second. With `is_current` it was true when it was asked for, so lately
    that the answer is still kept, however old the token is that named the person.
    """

    provider: str
    roles: tuple[str, ...]
    email: str
    proven: bool | None
    name: str
    at: datetime
    mark: str
    is_current: bool = False


def word_of(claims: Claims) -> Word:
    """Of an address that is none nothing is proven; it is left out."""
    said = (claims.roles, claims.email, claims.email_verified, claims.name)
    asked = not claims.kind.is_complete
    return Word(
        provider=claims.provider,
        roles=claims.roles,
        email=claims.email if claims.has_address else "",
        proven=claims.email_verified if claims.has_address or not claims.email else False,
        name=claims.name[:80].strip(),
        at=asked_since() if asked else datetime.fromtimestamp(claims.issued_at, tz=UTC),
        mark=(hashlib.sha256(repr(said).encode()).hexdigest() if asked else claims.digest)[:MARK],
        is_current=asked,
    )


def asked_since() -> datetime:
    """When the provider was asked at the earliest."""
    return timezone.now() - timedelta(seconds=ANSWER_KEPT_FOR)
