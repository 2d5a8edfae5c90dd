"""The credentials of programs: found in a request's headers, verified, and turned into who it is.

Only under `/api/`: pages know sessions alone. A header wins over a cookie, which is then not looked at.
Source: docs/decisions/0010-credentials.md
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from . import limits, persons
from .exceptions import CredentialRefused
from .flows import profiles, recognise
from .identity import Identity
from .models import ApiKey, User
from .providers import registry, verifier
from .providers.base import API_KEY_HEADER, BEARER, Claims

HEADERS = ("HTTP_AUTHORIZATION", "HTTP_X_API_KEY")
# Exactly so: a server joins two headers of one name with a comma, which is refused here.
IN_HEADER = re.compile(r"Bearer ([A-Za-z0-9._~+/=-]+)")
JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")  # access tokens of some providers
KEY = re.compile(r"tnt_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
# Compared with when no key has that prefix, so that both cases take the same steps.
NOBODYS_HASH = ApiKey.hash("")


@dataclass
class Present:
    """A genuine credential for this organisation. A token's holder is looked up once somebody asks `identity` for him:
    until then its user is a promise, and whether he may come in is not known.
    """

    identity: Identity
    look_up: Callable[..., User] | None = None  # None once it is known who holds it

    @classmethod
    def promised(cls, claims: Claims, look_up: Callable[..., User]) -> "Present":
        return cls(Identity("token", SimpleLazyObject(look_up), token=claims), look_up)  # type: ignore[arg-type]

    def settle(self, *, may_be_remembered: bool = False) -> Identity:
        """With its user himself. Raises CredentialRefused and NotAdmitted for one who may not come in, ProviderAway.

        Looked up anew, even if the view has asked: whoever was brought in by it may have been undone with it.
        """
        if self.look_up:
            user = self.look_up(may_be_remembered=may_be_remembered)
            self.identity, self.look_up = Identity("token", user, token=self.identity.token), None
        return self.identity


def present(request) -> Present | None:
    """What the credential of this request says; None where it carries none.

    Raises CredentialRefused, and ForeignCredential for a good token of another organisation; both before
    any table of the tenant is asked, unless it is for the key itself.
    """
    text = carried_by(request)
    if text is None:
        return None
    if text.startswith("tnt_"):
        return Present(by_key(request, text))
    return by_token(request, text, entry=BEARER if "HTTP_AUTHORIZATION" in request.META else API_KEY_HEADER)


def carried_by(request) -> str | None:
    """The one credential in the headers. Raises CredentialRefused for two, or one of another form."""
    sent = [name for name in HEADERS if name in request.META]
    if not sent:
        return None
    if len(sent) > 1:
        raise CredentialRefused("more than one credential")
    value = request.META[sent[0]]
    if sent[0] == "HTTP_X_API_KEY":
        if not (KEY.fullmatch(value) or JWT.fullmatch(value)):
            raise CredentialRefused("no API key in X-API-Key")
        return value
    found = IN_HEADER.fullmatch(value)
    if not found:
        raise CredentialRefused("no Bearer credential in Authorization")
    return found[1]


def by_key(request, text: str) -> Identity:
    """One cause is as good as another: unknown, revoked, expired, another tenant's, its user gone, wrong address."""
    found = KEY.fullmatch(text)
    if not found:
        raise CredentialRefused("no API key")
    prefix, secret = found.groups()
    key = persons.by_key(prefix)  # accounts/middleware.py has a remembered one confirmed before most views
    matches = constant_time_compare(ApiKey.hash(secret), key.secret_hash if key else NOBODYS_HASH)
    if key is None or not matches:
        raise CredentialRefused("unknown or ended API key")
    if not key.is_open_to(limits.client_address(request)):
        raise CredentialRefused(f"API key {key.prefix} from an address that it is not for")
    key.user.limits, key.user.credential_stands = key.limits, key.stands  # type: ignore[attr-defined]
    return Identity("key", key.user, key=key)


def by_token(request, text: str, *, entry: str) -> Present:
    """The token's tenant is compared with the host's before anything of the tenant is asked.

    Raises ProviderAway where its provider must be asked and does not answer.
    """
    claims, provider = verifier.verify(text, entry=entry, providers=registry.providers())
    claims = recognise.in_tenant_of(claims, provider, request.tenant)
    claims = profiles.completed(claims, provider, text)
    return Present.promised(claims, partial(recognise.user_of, claims, provider, request.tenant))
