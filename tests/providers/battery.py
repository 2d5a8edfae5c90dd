"""Every profile with a good token of each of its kinds, put together by hand, so that bad ones are as easy.

The profiles are the real ones, made of settings; what they would ask the network is answered by `Wire`.
"""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from django.conf import settings

from accounts.exceptions import ProviderAway
from accounts.providers import local as local_profile
from accounts.providers import registry
from accounts.providers.base import BEARER, Provider
from accounts.providers.http import Answer
from accounts.providers.keys import KeySource
from config.settings.providers import PROVIDER_VARIABLES
from tests.accounts import forge

HERE, THERE = "acme-there", "globex-there"  # what the organisations are called at the provider
PERSON = "U2person"
SECRET = "a-shared-secret-of-more-than-32-bytes!"
ROWND = "https://auth.rownd.io"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
ED_JWK = {
    "kty": "OKP",
    "crv": "Ed25519",
    "alg": "EdDSA",
    "use": "sig",
    "kid": "good",
    "x": base64.urlsafe_b64encode(
        forge.ED_KEY.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    )
    .decode()
    .rstrip("="),
}


@dataclass(frozen=True)
class Kind:
    """A good token of one kind: where it belongs, and what it says besides the usual."""

    entries: tuple[str, ...]
    claims: dict[str, Any]
    typ: str = "JWT"


@dataclass(eq=False)
class Case:
    """One profile. `say_tenant(claims, value)` puts any value where this provider names the tenant."""

    name: str
    values: dict[str, str]
    issuer: str
    audience: Any
    kinds: dict[str, Kind]
    usual: str
    subject: str = "sub"
    say_tenant: Callable[[dict, Any], dict] | None = None
    algorithm: str = "RS256"
    key: str = ""  # in the settings, where it is not the name
    sign: Callable[[bytes], bytes] = forge.rs256
    jwks: list[dict] = field(default_factory=lambda: [forge.JWK])
    answers: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    @property
    def provider_key(self) -> str:
        return self.key or self.name

    @property
    def is_shared_secret(self) -> bool:
        return self.algorithm == "HS256"

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        """What `settings.PROVIDERS` is with this one active."""
        if self.name == "local":
            return {}
        required, optional = PROVIDER_VARIABLES[self.provider_key]
        return {self.provider_key: {**dict.fromkeys(required, ""), **optional, **self.values}}

    @cached_property
    def provider(self) -> Provider:
        """The real profile, with keys that are known from the beginning."""
        if self.name == "local":
            return replace(local_profile.provider(), keys=KeySource(lambda: self.jwks))
        made = registry.PROFILES[self.provider_key](self.provider_key, self.settings[self.provider_key])
        return made if self.is_shared_secret else replace(made, keys=KeySource(lambda: self.jwks))

    def header(self, kind: str = "", **changes) -> dict:
        kid = {} if self.is_shared_secret else {"kid": "good"}
        good = {"alg": self.algorithm, "typ": self.kinds[kind or self.usual].typ, **kid}
        return without_gaps(good | changes)

    def claims(self, kind: str = "", tenant: Any = HERE, **changes) -> dict:
        now = int(time.time())
        good = {"iss": self.issuer, "aud": self.audience, self.subject: PERSON, "iat": now, "exp": now + 300}
        good |= self.kinds[kind or self.usual].claims
        if self.say_tenant:
            good = self.say_tenant(good, tenant)
        return without_gaps(good | changes)

    def token(self, kind: str = "", *, head=None, body=None, sign=None) -> str:
        """Dictionaries go over the good ones (`...` leaves a claim out), anything else is taken as it is."""
        head = self.header(kind, **(head or {})) if head is None or isinstance(head, dict) else head
        body = self.claims(kind, **(body or {})) if body is None or isinstance(body, dict) else body
        return forge.token(head, body, sign or self.sign)


def without_gaps(values: dict) -> dict:
    return {name: value for name, value in values.items() if value is not ...}


class Wire:
    """Stands in for accounts.providers.http.ask: what is published at the case's addresses, and nothing else."""

    def __init__(self, case: Case):
        self.case, self.asked, self.is_away = case, [], False

    def __call__(self, method: str, url: str, **kwargs) -> Answer:
        self.asked.append(url)
        if self.is_away:
            raise ProviderAway("away")
        path = urlsplit(url).path
        for ending, said in {**self.case.answers, "keys": {"keys": self.case.jwks}}.items():
            if path.endswith(ending):
                return Answer(200, {}, json.dumps(said).encode())
        raise ProviderAway(f"nothing at {path}")


def in_claim(name: str) -> Callable[[dict, Any], dict]:
    return lambda claims, value: {**claims, name: value}


def in_descope(claims: dict, value: Any) -> dict:
    """The tenant that was chosen, and the person's membership in what he is a member of."""
    roles = {"roles": ["Editor"], "permissions": ["p"]}
    known = {HERE: roles, THERE: roles}
    return {**claims, "dct": value, "tenants": known}


def person(**more) -> dict:
    return {"name": "Ada Roe", "email": "ada@acme.test", "email_verified": True, "roles": ["Editor"], **more}


FRONTEGG_KINDS = {
    "userToken": Kind(("access", "session"), person(type="userToken")),
    "userApiToken": Kind(("access",), person(type="userApiToken", sub="tok-1", userId=PERSON)),
    "tenantApiToken": Kind(("access",), {"type": "tenantApiToken", "roles": ["Editor"]}),
    "userAccessToken": Kind(("x-api-key",), {"type": "userAccessToken", "sub": "tok-2", "userId": PERSON}),
    "tenantAccessToken": Kind(("x-api-key",), {"type": "tenantAccessToken", "sub": "tok-3"}),
    "idToken": Kind(("id",), person(type="userToken", nonce="n-1")),
    "vendor": Kind((), {"type": "vendor", "scopes": ["*"]}),
}
FRONTEGG = {
    "BASE_URL": "https://app-abc123.frontegg.test",
    "CLIENT_ID": "c11e4700-0000",
    "API_KEY": "key",
    "API_GATEWAY_URL": "https://api.frontegg.test",
}

frontegg = Case(
    name="frontegg",
    values=FRONTEGG,
    issuer=FRONTEGG["BASE_URL"],
    audience=FRONTEGG["CLIENT_ID"],
    kinds=FRONTEGG_KINDS,
    usual="userToken",
    say_tenant=in_claim("tenantId"),
    answers={"jwks.json": {"keys": [forge.JWK]}},
)
frontegg_hs256 = Case(
    name="frontegg-hs256",
    key="frontegg",
    values=FRONTEGG | {"JWT_ALGORITHM": "HS256", "JWT_SECRET": SECRET},
    issuer=frontegg.issuer,
    audience=frontegg.audience,
    kinds=FRONTEGG_KINDS,
    usual="userToken",
    say_tenant=in_claim("tenantId"),
    algorithm="HS256",
    sign=forge.hs256(SECRET.encode()),
)
auth0 = Case(
    name="auth0",
    values={
        "DOMAIN": "acme.auth0.test",
        "CLIENT_ID": "our-client",
        "CLIENT_SECRET": "secret",
        "AUDIENCE": "https://api.tenantry.test",
        "ROLES_CLAIM": "https://tenantry.test/roles",
    },
    issuer="https://acme.auth0.test/",
    audience=["https://api.tenantry.test", "https://acme.auth0.test/userinfo"],
    kinds={
        "accessToken": Kind(("access",), {"azp": "our-client", "https://tenantry.test/roles": ["Editor"]}),
        "machineToken": Kind(
            ("access",), {"gty": "client-credentials", "azp": "our-client", "sub": "our-client@clients"}
        ),
        "idToken": Kind(("session", "id"), person(aud="our-client", nonce="n-1")),
        "refreshedToken": Kind(("access",), {"azp": "our-client", "gty": "refresh_token"}),
        "unmarkedMachine": Kind((), {"azp": "our-client", "sub": "our-client@clients"}),
        "managementToken": Kind((), {"aud": "https://acme.auth0.test/api/v2/", "azp": "our-client"}),
        "otherApi": Kind((), {"aud": ["https://other.test", "https://acme.auth0.test/userinfo"], "azp": "our-client"}),
    },
    usual="accessToken",
    say_tenant=in_claim("org_id"),
    answers={"jwks.json": {"keys": [forge.JWK]}, "userinfo": {"sub": PERSON, **person()}},
)
descope = Case(
    name="descope",
    values={
        "PROJECT_ID": "P2project",
        "BASE_URI": "https://api.descope.test",
        "MANAGEMENT_KEY": "key",
        "CLIENT_ID": "our-client",
        "CLIENT_SECRET": "secret",
    },
    issuer="https://api.descope.test/P2project",
    audience=...,
    kinds={
        "session": Kind(("access", "session"), {"drn": "DS"}),
        "accessKey": Kind(("access",), {"drn": "DS", "sub": "K2key"}),
        "refresh": Kind(("refresh",), {"drn": "DSR"}),
        "idToken": Kind(("id",), {"aud": "our-client", "nonce": "n-1", "roles": ["Owner"]}),
        "unmarked": Kind((), {}),
    },
    usual="session",
    say_tenant=in_descope,
    answers={
        "v2/keys/P2project": {"keys": [forge.JWK]},
        "mgmt/user": {"user": {"userId": PERSON, "email": "ada@acme.test", "verifiedEmail": True, "name": "Ada"}},
    },
)
rownd = Case(
    name="rownd",
    values={"APP_KEY": "key", "APP_SECRET": "secret", "APP_ID": "app_1", "API_URL": "https://api.rownd.test"},
    issuer="https://api.rownd.test",
    audience=["app:app_1", "https://api.rownd.test"],
    kinds={
        "user": Kind(
            ("access", "session"),
            {"sub": "email|9b", f"{ROWND}/is_verified_user": True, f"{ROWND}/auth_level": "verified"},
        ),
        "refresh": Kind((), {"sub": "email|9b", f"{ROWND}/jwt_type": "refresh_token"}),
    },
    usual="user",
    subject=f"{ROWND}/app_user_id",
    algorithm="EdDSA",
    sign=forge.ED_KEY.sign,
    jwks=[ED_JWK],
    answers={
        f"users/{PERSON}/data": {
            "state": "enabled",
            "data": {"user_id": PERSON, "email": "ada@acme.test", "first_name": "Ada"},
            "verified_data": {"email": "ada@acme.test"},
            "groups": [
                {
                    "group": {"id": HERE},
                    "member": {"user_id": PERSON, "group_id": HERE, "roles": ["Editor"], "state": "active"},
                }
            ],
        }
    },
)
REALM = "https://idp.test/realms/main"
oidc = Case(
    name="oidc",
    values={
        "ISSUER": REALM,
        "CLIENT_ID": "our-client",
        "CLIENT_SECRET": "secret",
        "AUDIENCE": "our-api",
        "TENANT_CLAIM": "org.id",
        "ROLES_CLAIM": "realm_access.roles",
    },
    issuer=REALM,
    audience="our-api",
    kinds={
        "accessToken": Kind(("access",), person(azp="our-client", realm_access={"roles": ["Editor"]}), "at+jwt"),
        "idToken": Kind(("session", "id"), person(aud="our-client", azp="our-client", nonce="n-1")),
        "machineBySubject": Kind((), person(sub="our-client", azp="our-client"), "at+jwt"),
        "machineByKeycloak": Kind((), person(azp="our-client", clientHost="192.0.2.7"), "at+jwt"),
        "machineByEntra": Kind((), person(azp="our-client", idtyp="app"), "at+jwt"),
        "logoutToken": Kind(
            ("logout",), {"aud": "our-client", "jti": "j-1", "events": {LOGOUT_EVENT: {}}}, "logout+jwt"
        ),
        "logoutInList": Kind((), {"aud": "our-client", "jti": "j-1", "events": [LOGOUT_EVENT]}, "logout+jwt"),
        "logoutUntyped": Kind(("logout",), {"aud": "our-client", "jti": "j-1", "events": {LOGOUT_EVENT: {}}}),
    },
    usual="accessToken",
    say_tenant=lambda claims, value: {**claims, "org": {"id": value}},
    answers={
        "openid-configuration": {"issuer": REALM, "jwks_uri": f"{REALM}/certs"},
        "certs": {"keys": [forge.JWK]},
    },
)
local = Case(
    name="local",
    values={},
    issuer=f"http://{settings.BASE_DOMAIN}:{settings.PUBLIC_PORT}",
    audience=f"http://{settings.BASE_DOMAIN}:{settings.PUBLIC_PORT}/api/",
    kinds={
        "access": Kind(("access",), {"token_use": "access", "sid": "1", "jti": "j-1", "roles": ["editor"]}, "at+jwt"),
        "refresh": Kind(("refresh",), {"token_use": "refresh", "sid": "1", "jti": "j-2"}, "rt+jwt"),
    },
    usual="access",
    say_tenant=in_claim("tenantId"),
)

HOSTED = [frontegg, frontegg_hs256, auth0, descope, rownd, oidc]
CASES = [*HOSTED, local]
ENTRIES = ("access", "x-api-key", "session", "id", "refresh", "logout")
assert ENTRIES[0] == BEARER
