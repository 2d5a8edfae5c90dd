"""What a provider of tokens is to us: a profile. No profile can switch a check of the verifier off.

Source: docs/decisions/0014-identity-providers.md
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from accounts.models import User
from tenants.models import Tenant

from .keys import KeySource

if TYPE_CHECKING:
    from .directory import Directory
    from .events import Events
    from .hosted import Hosted

# A claim as it stands in the token; None where it is not there. The verifier looks at its type.
Path = Callable[[Mapping[str, Any]], Any]

# Where a token comes in. Each takes kinds of its own: a token of another kind is refused however good it is.
BEARER, API_KEY_HEADER, SESSION, ID_TOKEN, REFRESH, LOGOUT = "access", "x-api-key", "session", "id", "refresh", "logout"


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
    claims that must be there, as short texts; `absent` claims that must not. `audiences` take the provider's
    place. With `names_tenant` false the token says nothing of the tenant, and with `is_complete` false its roles
    must be asked for: `Provider.complete` does both.
    """

    name: str = ""
    types: frozenset[str] = frozenset({"jwt", ""})
    marks: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    audiences: frozenset[str] | None = None
    holder: Holder = Holder.PERSON
    subject: Path | None = None
    names_tenant: bool = True
    is_complete: bool = True


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


@dataclass(frozen=True, eq=False)
class Provider:
    """Issuer and audiences are compared as they stand. `parties` are the clients (`azp`) that may share a token,
    `companions` the provider's own addresses that stand in `aud` beside us.

    `key` is its name in the settings, `name` the one for people. `issuers` are all its spellings, the first of which
    is kept with people. `tenant_id(tenant)` is what the tenant claim must be on that tenant's host, None where the
    tenant is not this provider's. `user_of(claims)` is the person, asked at each request in the tenant's own schema,
    None if he may not come in; without it he is found by issuer and subject (accounts/flows/recognise.py).
    `complete(claims, tenant)` asks for what the token does not say; it raises CredentialRefused and ProviderAway.
    What the provider can do besides is None where it cannot: `hosted`, `directory`, `events`, `widget`.
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
    audience_may_lack: bool = False  # where the provider puts none into its tokens; one that is there must be right
    parties: frozenset[str] = frozenset()
    companions: frozenset[str] = frozenset()
    subject: Path = SUBJECT
    tenant: Path = TENANT
    roles: Path = ROLES
    permissions: Path = PERMISSIONS
    email_verified: Path = EMAIL_VERIFIED
    longest_life: timedelta = timedelta(hours=24)
    hosted: "Hosted | None" = None
    directory: "Callable[[], Directory] | None" = None
    events: "Events | None" = None
    widget: str = ""  # the template of its sign-in widget, in templates/providers/

    @property
    def issuer(self) -> str:
        return self.issuers[0]

    @property
    def is_local(self) -> bool:
        return self.key == "local"


def tenant_id_at(key: str) -> Callable[[Tenant], str | None]:
    """What a tenant is called at the provider that it is connected to."""
    return lambda tenant: tenant.provider_tenant_id or None if tenant.provider == key else None
