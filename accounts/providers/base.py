"""What a provider of tokens is to us: a profile. No profile can switch a check of the verifier off."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from accounts.models import User
from tenants.models import Tenant

from .keys import KeySource


@dataclass(frozen=True)
class Kind:
    """How one kind of token (access, refresh) is told from the provider's others.

    `types` are the header's `typ` in lower case; `marks` claims with one exact value; `texts` further
    claims that must be there, as short texts.
    """

    types: frozenset[str]
    marks: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claims:
    """What a verified token says. `roles` are the provider's words: nothing follows from them by itself."""

    issuer: str
    subject: str
    tenant: str
    roles: tuple[str, ...]
    raw: Mapping[str, Any]

    @property
    def actor(self) -> str:
        return f"{self.issuer} {self.subject}"


@dataclass(frozen=True)
class Provider:
    """Issuer and audience are compared as they stand. `parties` are the clients (`azp`) that may share a token.

    `tenant_id(tenant)` is what the tenant claim must be on that tenant's host; `user_of(claims)` the person,
    asked at each request, in the tenant's own schema; None if he may not come in.
    """

    issuer: str
    audience: str
    algorithms: frozenset[str]
    keys: KeySource
    kinds: Mapping[str, Kind]
    tenant_id: Callable[[Tenant], str]
    user_of: Callable[[Claims], User | None]
    subject_claim: str = "sub"
    tenant_claim: str = "tenantId"
    roles_claim: str = "roles"
    parties: frozenset[str] = frozenset()
    longest_life: timedelta = timedelta(hours=24)
