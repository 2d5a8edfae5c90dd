"""What a provider of tokens is to us: a profile. No profile can switch a check of the verifier off.

Source: docs/decisions/0014-identity-providers.md
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from accounts.models import User
from accounts.texts import is_address
from tenants.models import Tenant

from . import wildcards
from .keys import KEY_TYPES, KeySource

if TYPE_CHECKING:
    from .directory import Directory
    from .events import Events
    from .hosted import Hosted
    from .tokens import Tokens
    from .widget import Widget

ANSWER_KEPT_FOR = 10  # seconds that what was asked of a token's person is taken for true, without asking again

# A claim as it stands in the token; None where it is not there. The verifier looks at its type.
Path = Callable[[Mapping[str, Any]], Any]

# Where a token comes in. Each takes kinds of its own: a token of another kind is refused however good it is.
BEARER, API_KEY_HEADER, SESSION, ID_TOKEN, REFRESH, LOGOUT = "access", "x-api-key", "session", "id", "refresh", "logout"
LONGEST_LIFE = timedelta(hours=24)
LEEWAY = 60  # seconds: our clock and the issuer's


def claim(name: str) -> Path:
    """The claim of exactly this name."""
    return lambda claims: claims.get(name)


# What they are called where a profile says nothing else.
SUBJECT, TENANT, ROLES, PERMISSIONS = claim("sub"), claim("tenantId"), claim("roles"), claim("permissions")
EMAIL_VERIFIED = claim("email_verified")


def claim_path(name: str) -> Path:
    """The claim of this name, else what lies at the path of its dotted parts: `realm_access.roles`."""

    def at(claims: Mapping[str, Any]) -> Any:
        found: Any = claims
        for part in [name] if name in claims else name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found

    return at


class Holder(Enum):
    """Who a token acts for."""

    PERSON = "person"  # somebody who signed in: his roles are the token's
    PROGRAM = "program"  # somebody's program: he, but no more than the roles of the token
    ORGANISATION = "organisation"  # a program of the organisation's own


@dataclass(frozen=True)
class Kind:
    """How one kind of token is told from the provider's others, and what is particular about it.

    `types` are the header's `typ` in lower case ("" for none); `marks` claims with one exact value; `texts` further
    claims that must be there, as short texts; `absent` claims that must not; `fits` is what else it takes.
    `audiences` take the provider's place. With `names_tenant` false the token says nothing of the tenant, and with
    `is_complete` false its roles must be asked for: `Provider.complete` does both.
    """

    name: str = ""
    types: frozenset[str] = frozenset({"jwt", ""})
    marks: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    fits: Callable[[Mapping[str, Any]], bool] = lambda claims: True
    audiences: frozenset[str] | None = None
    holder: Holder = Holder.PERSON
    subject: Path | None = None
    names_tenant: bool = True
    is_complete: bool = True
    longest_life: timedelta | None = None  # of refresh tokens alone: what opens anything lives a day at most


@dataclass(frozen=True)
class Claims:
    """What a verified token says. `roles` are the provider's words: nothing follows from them by itself.

    `tenant` is None where tokens of this kind name none. `email_verified` is None where nothing is said of it.
    `issued_at` and `expires_at` are seconds since 1970; `digest` tells tokens apart.
    """

    provider: str
    kind: Kind
    issuer: str
    subject: str
    tenant: str | None
    roles: tuple[str, ...]
    permissions: tuple[str, ...]
    email: str
    email_verified: bool | None
    name: str
    issued_at: int
    expires_at: int
    digest: str
    raw: Mapping[str, Any]

    @property
    def actor(self) -> str:
        return f"{self.issuer} {self.subject}"

    @cached_property
    def has_address(self) -> bool:
        """Is `email` an address? Asked at every request with the token, and found out once."""
        return is_address(self.email)

    def allows(self, permission: str) -> bool:
        """Whether the token's own permissions name it, by a wildcard too: `fe.secure.*`.

        A question that a view may ask besides: at our own door the provider's permissions open nothing.
        """
        return any(wildcards.matches(each, permission) for each in self.permissions)

    def holds(self, *, roles: Iterable[str] = (), permissions: Iterable[str] = ()) -> bool:
        """Any of the roles, if some are asked for, and any of the permissions, if some are."""
        roles, permissions = list(roles), list(permissions)
        return (not roles or any(role in self.roles for role in roles)) and (
            not permissions or any(self.allows(each) for each in permissions)
        )

    def told(self, **said: Any) -> "Claims":
        """The same with what its provider answered about it. It counts as another token when the answer changes."""
        parts = [self.digest, *(f"{name}={value!r}" for name, value in sorted(said.items()))]
        digest = hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
        return replace(self, digest=digest, **said)


@dataclass(frozen=True)
class Profile:
    """Who somebody is, as his provider says when it is asked."""

    email: str
    email_verified: bool
    name: str = ""


@dataclass(frozen=True, eq=False)
class Provider:
    """Issuer and audiences are compared as they stand. `parties` are the clients (`azp`) that may share a token,
    `companions` the provider's own addresses that stand in `aud` beside us.

    `key` is its name in the settings, `name` the one for people. `issuers` are all its spellings, the first of which
    is kept with people. `tenant_id(tenant)` is what the tenant claim must be on that tenant's host, None where the
    tenant is not this provider's. `user_of(claims)` is the person, asked at each request in the tenant's own schema,
    None if he may not come in; without it he is found by issuer and subject (accounts/flows/recognise.py).
    `complete(claims, tenant)` asks for what tokens of a kind do not say; it raises CredentialRefused and ProviderAway.
    `profile(claims, token)` asks who somebody is whose token says nothing of his address (accounts/flows/profiles.py).
    What the provider can do besides is None where it cannot: `hosted`, `directory`, `events`, `widget`, and without a
    page of its own `renew(tokens)` and `sign_out(tokens, subject)`, which raise RenewalRefused and ProviderAway.
    """

    key: str
    name: str
    issuers: tuple[str, ...]
    audiences: frozenset[str]
    algorithms: frozenset[str]
    keys: KeySource
    kinds: Mapping[str, tuple[Kind, ...]]
    tenant_id: Callable[[Tenant], str | None]
    user_of: Callable[[Claims], User | None] | None = None
    complete: Callable[[Claims, Tenant], Claims] | None = None
    profile: Callable[[Claims, str], Profile] | None = None
    audience_may_lack: bool = False  # where the provider puts none into its tokens; one that is there must be right
    parties: frozenset[str] = frozenset()
    companions: frozenset[str] = frozenset()
    subject: Path = SUBJECT
    tenant: Path = TENANT
    roles: Path = ROLES
    permissions: Path = PERMISSIONS
    email_verified: Path = EMAIL_VERIFIED
    longest_life: timedelta = LONGEST_LIFE
    hosted: "Hosted | None" = None
    directory: "Callable[[], Directory] | None" = None
    events: "Events | None" = None
    widget: "Widget | None" = None
    renew: "Callable[[Tokens], Tokens] | None" = None  # its own way; the code flow's is known (renewal.py)
    sign_out: "Callable[[Tokens, str], None] | None" = None  # at the provider, by a call of ours, where it has one

    def __post_init__(self):
        """A profile says what is checked, and cannot say that something is not."""
        secret = not self.keys.needs_id
        sound = {
            "issuers": all(isinstance(each, str) and each for each in self.issuers) and self.issuers,
            "audiences": self.audiences and "" not in self.audiences,
            "algorithms": self.algorithms == {"HS256"} if secret else self.algorithms and not self.names_secret(),
            "longest_life": timedelta() < self.longest_life <= LONGEST_LIFE
            and not any(kind.longest_life for entry in self.kinds if entry != REFRESH for kind in self.kinds[entry]),
        }
        for name, value in sound.items():
            if not value:
                raise ImproperlyConfigured(f"The profile of {self.key} has unsound {name}.")

    def names_secret(self) -> bool:
        """Algorithms by which whoever can check a token could have made it, and none at all."""
        return any(each[:2] not in KEY_TYPES for each in self.algorithms)

    @property
    def issuer(self) -> str:
        return self.issuers[0]

    @property
    def is_local(self) -> bool:
        return self.key == "local"


def tenant_id_at(key: str) -> Callable[[Tenant], str | None]:
    """What a tenant is called at the provider that it is connected to."""
    return lambda tenant: tenant.provider_tenant_id or None if tenant.provider == key else None
