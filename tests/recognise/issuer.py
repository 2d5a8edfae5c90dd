"""Two identity providers with keys of the tests' own, by Frontegg's profile and by plain OpenID Connect's."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from django.conf import settings

from accounts.models import User
from accounts.providers import frontegg, oidc
from accounts.providers.base import Provider
from accounts.providers.keys import KeySource
from tests.accounts import forge

ACME_THERE, GLOBEX_THERE = "acme-there", "globex-there"
NUMBERS = count()


def variables(kind: str, **values: str) -> dict[str, str]:
    """As they would come from the environment."""
    required, optional = settings.PROVIDER_VARIABLES[kind]
    return dict.fromkeys(required, "set") | optional | values


def offline(provider: Provider) -> Provider:
    """Its keys at hand, and nobody to be told anything."""
    return replace(provider, keys=KeySource(lambda: [forge.JWK]), directory=None, profile=None)


@dataclass
class Issuer:
    """A provider that signs what the tests want it to say."""

    provider: Provider
    always: Mapping[str, Any] = field(default_factory=dict)

    def token(self, subject: str = "ada", roles: Any = (), *, seconds: int = 0, **changes) -> str:
        """For Ada of Acme, whose address is proven, issued `seconds` from now; `...` leaves a claim out."""
        now = int(time.time()) + seconds
        said = {
            "iss": self.provider.issuer,
            "aud": next(iter(self.provider.audiences)),
            "sub": subject,
            "tenantId": ACME_THERE,
            "roles": list(roles) if isinstance(roles, tuple) else roles,
            "email": f"{subject}@acme.test",
            "email_verified": True,
            "name": f"{subject.title()} There",
            "iat": now,
            "exp": now + 300,
            "number": next(NUMBERS),
        }
        body = {name: value for name, value in (said | self.always | changes).items() if value is not ...}
        return forge.token(forge.header(typ="JWT"), body)

    def user(self, subject: str = "ada") -> User:
        """The row as it is stored now."""
        return User.objects.get(issuer=self.provider.issuer, subject=subject)

    def roles(self, subject: str = "ada") -> set[str]:
        return {role.key for role in self.user(subject).roles}


def issuers() -> dict[str, Issuer]:
    first = frontegg.provider("frontegg", variables("frontegg", BASE_URL="https://first.test", CLIENT_ID="client"))
    second = oidc.provider(
        "oidc", variables("oidc", ISSUER="https://second.test", AUDIENCE="https://api.test", TENANT_CLAIM="tenantId")
    )
    return {
        "frontegg": Issuer(offline(first), {"type": "userToken"}),
        "oidc": Issuer(offline(second)),
    }
