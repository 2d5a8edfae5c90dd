"""An attempt to sign in at a provider's page: what is asked for, and what is remembered until the browser is back.

Three places hold a part of it. The tenant's host knows the browser by a mark, in a cookie of that host. The public
host, to which the provider sends the browser back, keeps the attempt sealed in a cookie of its own. The address
from the one to the other is signed.
Source: docs/decisions/0017-hosted-sign-in.md, RFC 7636, RFC 9207, RFC 9700
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from accounts.sealed_cookies import SealedCookie, cookie_name, packed, set_cookie
from tenants.models import public_url

ASK_SALT = "tenantry.sign-in.ask"
MARK = "browser-mark"
MARK_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
ATTEMPTS = SealedCookie("sign-in-", settings.SIGN_IN_ATTEMPT_LIFETIME)
MOST_ATTEMPTS = 5  # side by side in one browser; the oldest makes room
# Bytes, as they are kept: all attempts together fit into the 8 kB of one header that a server takes.
LONGEST_NEXT, LONGEST_TICKET = 400, 100


@dataclass(frozen=True)
class Ask:
    """What a host asks for. `tenant` is the organisation's row, 0 for the sign-up of a new one.

    `host` is where it began and where the browser returns, `next` where it goes from there (checked before use),
    `mark` the hash of the browser's mark on that host. `invitation` are the parameters of a provider's own
    invitation, `prompt` what its page shall ask although somebody is signed in there.
    """

    tenant: int = 0
    host: str = ""
    next: str = ""
    mark: str = ""
    invitation: Mapping[str, str] = field(default_factory=dict)
    prompt: str = ""

    @property
    def url(self) -> str:
        """The public host's address that begins it. Nobody else can make one up."""
        path = reverse("hosted-start", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
        return public_url(f"{path}?ask={signing.dumps(asdict(self), salt=ASK_SALT, compress=True)}")

    @classmethod
    def signed(cls, text: str) -> "Ask":
        """Raises signing.BadSignature, also for an address that is too old."""
        return cls(**signing.loads(text, salt=ASK_SALT, max_age=settings.SIGN_IN_ATTEMPT_LIFETIME))


@dataclass(frozen=True)
class Attempt:
    """`state`, `nonce` and `verifier` follow from one secret, which leaves the server sealed only."""

    provider: str
    ask: Ask
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def state(self) -> str:
        return self._derived("state")

    @property
    def nonce(self) -> str:
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        return self._derived("verifier")

    def _derived(self, use: str) -> str:
        digest = hmac.new(self.secret.encode(), use.encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(digest).decode().rstrip("=")


def keep(attempt: Attempt, request, response) -> None:
    """In a cookie of its own: two tabs that begin at once do not overwrite each other's."""
    for part in ATTEMPTS.parts(request)[: 1 - MOST_ATTEMPTS]:
        ATTEMPTS.drop(response, part)
    ATTEMPTS.keep(response, asdict(attempt), _part(attempt.state))


def kept(request, state: str) -> Attempt | None:
    """The attempt of this browser that `state` belongs to."""
    found = ATTEMPTS.read(request, _part(state))
    if found is None:
        return None
    attempt = Attempt(provider=found["provider"], ask=Ask(**found["ask"]), secret=found["secret"])
    return attempt if constant_time_compare(attempt.state, state) else None


def forget(response, state: str) -> None:
    """Each state works once."""
    ATTEMPTS.drop(response, _part(state))


def _part(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def fits(text: str, most: int) -> bool:
    """Whether it is kept in no more than `most` bytes."""
    return len(packed(text).encode()) <= most


def mark_of(request) -> str:
    """What this browser is known by on this host; empty if it began nothing here lately."""
    mark = request.COOKIES.get(cookie_name(MARK), "")
    return mark if MARK_FORM.fullmatch(mark) else ""


def keep_mark(response, mark: str) -> None:
    set_cookie(response, MARK, mark, settings.SIGN_IN_ATTEMPT_LIFETIME)


def new_mark() -> str:
    return secrets.token_urlsafe(32)


def hash_of(mark: str) -> str:
    return hashlib.sha256(mark.encode()).hexdigest() if mark else ""
