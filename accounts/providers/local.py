"""The provider of our own: RS256 tokens for people who signed in here, as good as the session they came from.

A token names its row on the list of sessions (`sid`). Whatever ends the session, signing out, a new password,
being deactivated or removed, ends its tokens at the next request.
"""

import uuid
from datetime import timedelta
from functools import lru_cache
from typing import Any

import jwt
from allauth.core.internal.sessionkit import get_session_user
from allauth.headless.internal.sessionkit import lookup_session
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import SessionBase
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils import timezone

from accounts.flows.session_bounds import is_of_this_tenant, is_too_old
from accounts.models import LOCAL_ISSUER, User
from tenants import signing
from tenants.addresses import public_url
from tenants.models import Tenant
from tenants.schema import current_tenant

from .base import BEARER, REFRESH, Claims, Kind, Provider
from .keys import KeySource

ACCESS = BEARER
LIFETIMES = {ACCESS: timedelta(minutes=5), REFRESH: signing.LONGEST_TOKEN}
TYPES = {ACCESS: "at+jwt", REFRESH: "rt+jwt"}
KEYS = KeySource(signing.published)


@lru_cache(maxsize=1)
def provider() -> Provider:
    """Made when asked for, since it follows from the settings."""
    return _profile(public_url(""), public_url("/api/"))


@receiver(setting_changed)
def forget(setting, **kwargs):
    if setting in {"BASE_DOMAIN", "PUBLIC_SCHEME", "PUBLIC_PORT"}:
        provider.cache_clear()


@lru_cache(maxsize=8)
def _profile(issuer: str, audience: str) -> Provider:
    return Provider(
        key="local",
        name="Tenantry",
        issuers=(issuer,),
        audiences=frozenset({audience}),
        algorithms=frozenset({signing.ALGORITHM}),
        keys=KEYS,
        kinds={
            entry: (Kind(name=entry, types=frozenset({typ}), marks={"token_use": entry}, texts=("sid", "jti")),)
            for entry, typ in TYPES.items()
        },
        tenant_id=tenant_id,
        user_of=user_of,
        longest_life=signing.LONGEST_TOKEN,
    )


def tenant_id(tenant: Tenant) -> str | None:
    """A tenant that is connected to another provider has no people of ours."""
    return str(tenant.pk) if tenant.provider == "local" else None


def issue(kind: str, user: User, listed: UserSession) -> tuple[str, str]:
    """A token for `user`, and its id (`jti`). `listed` is the row of the session that it belongs to."""
    now, jti = int(timezone.now().timestamp()), uuid.uuid4().hex
    profile = provider()
    claims: dict[str, Any] = {
        "iss": profile.issuer,
        "aud": next(iter(profile.audiences)),
        "sub": str(user.subject),
        "tenantId": tenant_id(current_tenant()),
        "sid": str(listed.pk),
        "jti": jti,
        "token_use": kind,
        "iat": now,
        "exp": now + int(LIFETIMES[kind].total_seconds()),
    }
    if kind == ACCESS:
        claims["roles"] = [role.key for role in user.roles]
    kid, private = signing.current()
    return jwt.encode(claims, private, signing.ALGORITHM, headers={"kid": kid, "typ": TYPES[kind]}), jti


def user_of(claims: Claims) -> User | None:
    """The person, if the token's session is still his and open."""
    session = session_of(claims)
    user = get_session_user(session) if session else None
    if user is None or (user.issuer, str(user.subject)) != (LOCAL_ISSUER, claims.subject):
        return None
    return user if user.removed_at is None and user.kind == User.Kind.PERSON else None


def session_of(claims: Claims) -> SessionBase | None:
    """The session that the token belongs to, if it is open, not too old, and was opened in this tenant."""
    listed = listed_session(claims).first()
    session = lookup_session(listed.session_key) if listed else None
    if session is None or not is_of_this_tenant(session) or is_too_old(session, current_tenant()):
        return None
    return session


def listed_session(claims: Claims):
    """Its row on the list of sessions, as a queryset: `sid` was written by ourselves, so it is a number."""
    return UserSession.objects.filter(pk=int(claims.raw["sid"]))
