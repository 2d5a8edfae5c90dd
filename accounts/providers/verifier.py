"""The one place where a token is decoded. What is not plainly right is refused, and the answer never says why.

The library checks the signature; every claim is checked here, by type first. Each failure is a
CredentialRefused, whose reason is for the log and never holds any of the token.
Source: docs/decisions/0010-credentials.md, RFC 7515, RFC 7519, RFC 8725
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

import jwt
from django.utils import timezone

from accounts.exceptions import CredentialRefused

from .base import Claims, Kind, Provider
from .keys import Key

MOST_BYTES = 8 * 1024
PART = re.compile(r"[A-Za-z0-9_-]+")
LEEWAY = 60  # seconds: our clock and the issuer's
LONGEST_TEXT = 255
LONGEST_KID = 100
MOST_ROLES = 100
# Headers that choose a key, or change how the rest is read.
UNWELCOME_HEADERS = {"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"}


def verify(token: str, *, kind: str, providers: Iterable[Provider]) -> tuple[Claims, Provider]:
    """What the token says, and whose it is. Raises CredentialRefused.

    `kind` is what the entry point takes: a token of another kind is refused however good it is.
    """
    header, claims = opened(token)
    provider = next((each for each in providers if each.issuer == claims.get("iss")), None)
    if provider is None:
        raise CredentialRefused("unknown issuer")
    wanted = provider.kinds[kind]
    check_header(header, provider, wanted)
    check_signature(token, key_for(header, provider))
    check_claims(claims, provider, wanted)
    return read(claims, provider), provider


def opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, of which nothing is believed yet. Size and form first, so that rubbish costs nothing."""
    if len(token) > MOST_BYTES:
        raise CredentialRefused("token too long")
    parts = token.split(".")
    if len(parts) != 3:
        raise CredentialRefused("token not of three parts")
    header, claims, _signature = (decoded(part) for part in parts)
    return parsed(header), parsed(claims)


def decoded(part: str) -> bytes:
    """base64url as RFC 7515 has it, without padding. That bytes have one spelling alone is seen to by the library."""
    if not PART.fullmatch(part) or len(part) % 4 == 1:
        raise CredentialRefused("token not in base64url")
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def parsed(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data.decode(), object_pairs_hook=once, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise CredentialRefused("token not in JSON") from error
    if not isinstance(value, dict):
        raise CredentialRefused("token without a JSON object")
    return value


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers may each take another one of two equal names."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name twice")
    return found


def no_constant(name: str):
    raise ValueError(f"{name} is not JSON")


def check_header(header: Mapping[str, Any], provider: Provider, kind: Kind) -> None:
    if UNWELCOME_HEADERS & set(header):
        raise CredentialRefused("unwelcome header")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in provider.algorithms:
        raise CredentialRefused("algorithm not allowed")
    typ = header.get("typ", "")
    if not isinstance(typ, str) or typ.lower() not in kind.types:
        raise CredentialRefused("another type of token")


def key_for(header: Mapping[str, Any], provider: Provider) -> Key:
    kid = header.get("kid")
    if not is_text(kid) or len(kid) > LONGEST_KID:
        raise CredentialRefused("no key id")
    key = provider.keys.find(kid)
    if key is None:
        raise CredentialRefused("unknown key id")
    return key


def check_signature(token: str, key: Key) -> None:
    """By the key's own algorithm alone: a token whose header says another is refused by the library."""
    try:
        jwt.PyJWS().decode_complete(token, key.public, algorithms=[key.algorithm])
    except Exception as error:  # whatever the library trips over is a refusal, never an error page
        raise CredentialRefused(f"signature: {type(error).__name__}") from error


def check_claims(claims: Mapping[str, Any], provider: Provider, kind: Kind) -> None:
    check_times(claims, provider)
    check_audience(claims, provider)
    for name, value in kind.marks.items():
        if claims.get(name) != value:
            raise CredentialRefused(f"{name}: another kind of token")
    for name in (provider.subject_claim, provider.tenant_claim, *kind.texts):
        if not is_text(claims.get(name)):
            raise CredentialRefused(f"{name} missing or odd")


def check_times(claims: Mapping[str, Any], provider: Provider) -> None:
    now = timezone.now().timestamp()
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if not all(type(moment) is int for moment in times.values()):  # True is an int, too
        raise CredentialRefused("a time that is no whole number")
    if "exp" not in times or "iat" not in times:
        raise CredentialRefused("exp or iat missing")
    expires, issued = times["exp"], times["iat"]
    if now >= expires + LEEWAY:
        raise CredentialRefused("expired")
    if max(issued, times.get("nbf", issued)) > now + LEEWAY:
        raise CredentialRefused("not valid yet")
    if expires - issued > provider.longest_life.total_seconds():
        raise CredentialRefused("too long a life")


def check_audience(claims: Mapping[str, Any], provider: Provider) -> None:
    """A list is for several: then the token must say that it was made for a client of ours (`azp`)."""
    audience = claims.get("aud")
    if isinstance(audience, str):
        audience = [audience]
    if not isinstance(audience, list) or provider.audience not in audience:
        raise CredentialRefused("another audience")
    party = claims.get("azp")
    if (len(audience) > 1 or "azp" in claims) and party not in [provider.audience, *provider.parties]:
        raise CredentialRefused("another authorised party")


def is_text(value: Any) -> TypeGuard[str]:
    """A plain text of reasonable length, without blanks at its ends or anything that does not print."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value == value.strip() and value.isprintable()


def read(claims: Mapping[str, Any], provider: Provider) -> Claims:
    """Roles that are no list of texts are none: nothing follows from what a token merely resembles."""
    roles = claims.get(provider.roles_claim)
    named = roles if isinstance(roles, list) and len(roles) <= MOST_ROLES else []
    return Claims(
        issuer=provider.issuer,
        subject=claims[provider.subject_claim],
        tenant=claims[provider.tenant_claim],
        roles=tuple(role for role in named if is_text(role)),
        raw=claims,
    )
