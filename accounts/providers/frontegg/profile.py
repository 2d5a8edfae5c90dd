"""Frontegg's tokens: people's and programs', with the tenant in `tenantId` and role keys in `roles`.

Access tokens of the header `x-api-key` carry placeholders where roles should be: these are asked for.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from accounts.providers.base import (
    API_KEY_HEADER,
    BEARER,
    ID_TOKEN,
    SESSION,
    Holder,
    Kind,
    Provider,
    claim,
    tenant_id_at,
)
from accounts.providers.hosted import Hosted
from accounts.providers.keys import KeySource
from accounts.providers.remote_keys import RemoteKeys, SharedSecret
from tenants.models import Tenant

from .access_tokens import complete
from .directory import FronteggDirectory
from .events import FronteggEvents

# An ID token may say the same of itself; the nonce of a sign-in stands in no other.
USER_TOKEN = Kind("userToken", marks={"type": "userToken"}, absent=("nonce",))
# Of programs of people `sub` is the token's own id.
USER_API_TOKEN = Kind("userApiToken", marks={"type": "userApiToken"}, holder=Holder.PROGRAM, subject=claim("userId"))
TENANT_API_TOKEN = Kind("tenantApiToken", marks={"type": "tenantApiToken"}, holder=Holder.ORGANISATION)
USER_ACCESS_TOKEN = Kind(
    "userAccessToken",
    marks={"type": "userAccessToken"},
    holder=Holder.PROGRAM,
    subject=claim("userId"),
    texts=("sub",),
    is_complete=False,
)
TENANT_ACCESS_TOKEN = Kind(
    "tenantAccessToken", marks={"type": "tenantAccessToken"}, holder=Holder.ORGANISATION, is_complete=False
)


def provider(key: str, values: Mapping[str, str]) -> Provider:
    issuer = values["BASE_URL"].rstrip("/")
    return Provider(
        key=key,
        name="Frontegg",
        issuers=(issuer,),
        audiences=frozenset({values["AUDIENCE"] or values["CLIENT_ID"]}),
        algorithms=frozenset({values["JWT_ALGORITHM"]}),
        keys=keys(values, issuer),
        kinds={
            BEARER: (USER_TOKEN, USER_API_TOKEN, TENANT_API_TOKEN),
            API_KEY_HEADER: (USER_ACCESS_TOKEN, TENANT_ACCESS_TOKEN),
            SESSION: (USER_TOKEN,),
            ID_TOKEN: (
                Kind("idToken", texts=("nonce",), audiences=frozenset({values["CLIENT_ID"]}), names_tenant=False),
            ),
        },
        tenant_id=tenant_id_at(key),
        complete=complete(key, values),
        hosted=hosted(issuer, values),
        directory=lambda: FronteggDirectory(values),
        events=FronteggEvents(key, values),
    )


def keys(values: Mapping[str, str], issuer: str) -> KeySource:
    """An environment signs with its keys or with the secret, never now so and now so."""
    if values["JWT_ALGORITHM"] == "HS256":
        return SharedSecret(values["JWT_SECRET"])
    return RemoteKeys(lambda: f"{issuer}/.well-known/jwks.json")


def hosted(issuer: str, values: Mapping[str, str]) -> Hosted:
    """The access token is the person's session. Whether an ID token comes along is the environment's choice."""
    return Hosted(
        client_id=values["CLIENT_ID"],
        client_secret=values["API_KEY"],
        authorize=lambda: f"{issuer}/oauth/authorize",
        token=lambda: f"{issuer}/oauth/token",
        leave=lambda leaving: f"{issuer}/oauth/logout?{urlencode({'post_logout_redirect_uri': leaving.back_to})}",
        session_token="access_token",
        nonce_bound=False,
        for_tenant=lambda tenant: for_tenant(tenant, values["LOGIN_ALIAS"]),
    )


def for_tenant(tenant: Tenant, alias: str) -> dict[str, str]:
    """By its id; by the alias of its own sign-in page, where each has one at Frontegg that is its address here."""
    return {"organization": tenant.slug} if alias == "slug" else {"tenantId": tenant.provider_tenant_id}
