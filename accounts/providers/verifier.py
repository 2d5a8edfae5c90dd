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

from . import memory
from .base import Claims, Kind, Provider
from .keys import Key
from .memory import Memory

MOST_BYTES = 8 * 1024
PART = re.compile(r"[A-Za-z0-9_-]+")
LEEWAY = 60  # seconds: our clock and the issuer's
LONGEST_TEXT = 255
LONGEST_KID = 100
MOST_ROLES = 100
# Headers that choose a key, or change how the rest is read.
UNWELCOME_HEADERS = {"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"}


VERIFIED = Memory()


def verify(
    token: str, *, entry: str, providers: Iterable[Provider], demands: Mapping[str, str] | None = None
) -> tuple[Claims, Provider]:
    """What the token says, and whose it is. Raises CredentialRefused.

    `entry` is where it came in: a token of another kind is refused there however good it is. `demands` are claims
    that must have one exact value besides, the nonce of a sign-in.
    """
    if len(token) > MOST_BYTES:
        raise CredentialRefused("token too long")
    name = memory.name_of(token, entry)
    known = recalled(name, providers) or verified(token, entry, name, providers)
    for wanted, value in (demands or {}).items():
        if known[0].raw.get(wanted) != value:
            raise CredentialRefused(f"{wanted}: not as it should be")
    return known


def recalled(name: tuple[bytes, str], providers: Iterable[Provider]) -> tuple[Claims, Provider] | None:
    """As it was verified before, while its time lasts and its key is still the one that the provider publishes."""
    found = VERIFIED.recall(name)
    if found is None:
        return None
    claims, provider, key = found
    if provider not in providers or not stands(key, provider):
        VERIFIED.drop(name)
        return None
    if timezone.now().timestamp() >= claims.expires_at + LEEWAY:
        VERIFIED.drop(name)
        raise CredentialRefused("expired")
    return claims, provider


def stands(key: Key, provider: Provider) -> bool:
    """Whether the provider still publishes it. Read anew, the same key is another object."""
    now = provider.keys.find(key.kid)
    return now is key or now == key


def verified(token: str, entry: str, name: tuple[bytes, str], providers: Iterable[Provider]) -> tuple[Claims, Provider]:
    header, claims = opened(token)
    provider = next((each for each in providers if claims.get("iss") in each.issuers), None)
    if provider is None:
        raise CredentialRefused("unknown issuer")
    kind = kind_of(claims, provider.kinds.get(entry, ()))
    check_header(header, provider, kind)
    key = key_for(header, provider)
    check_signature(token, key)
    check_claims(claims, provider, kind)
    said = read(claims, provider, kind, digest=name[0].hex())
    VERIFIED.keep(name, said, provider, key)
    return said, provider


def kind_of(claims: Mapping[str, Any], kinds: Iterable[Kind]) -> Kind:
    """The first kind whose marks the token has. What it says is believed later, or not at all."""
    for kind in kinds:
        if all(claims.get(name) == value for name, value in kind.marks.items()) and not any(
            name in claims for name in kind.absent
        ):
            return kind
    raise CredentialRefused("another kind of token")


def opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, of which nothing is believed yet. Form first, so that rubbish costs nothing."""
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
    if not provider.keys.needs_id:
        kid = ""
    elif not is_text(kid) or len(kid) > LONGEST_KID:
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
    check_audience(claims, provider, kind.audiences or provider.audiences)
    for name in kind.texts:
        if not is_text(claims.get(name)):
            raise CredentialRefused(f"{name} missing or odd")
    if not is_text(subject_of(claims, provider, kind)):
        raise CredentialRefused("subject missing or odd")
    if kind.names_tenant and not is_text(provider.tenant(claims)):
        raise CredentialRefused("tenant missing or odd")


def subject_of(claims: Mapping[str, Any], provider: Provider, kind: Kind) -> Any:
    return (kind.subject or provider.subject)(claims)


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


def check_audience(claims: Mapping[str, Any], provider: Provider, ours: frozenset[str]) -> None:
    """A list with others than the provider itself is for several: then the token must say that it was made for a
    client of ours (`azp`). One that is said must be ours in any case.
    """
    if "aud" not in claims and provider.audience_may_lack:
        return
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    if not listed or not all(isinstance(each, str) for each in listed) or not ours & set(listed):
        raise CredentialRefused("another audience")
    shared = not set(listed) <= ours | provider.companions
    if (shared or "azp" in claims) and claims.get("azp") not in [*ours, *provider.parties]:
        raise CredentialRefused("another authorised party")


def is_text(value: Any) -> TypeGuard[str]:
    """A plain text of reasonable length, without blanks at its ends or anything that does not print."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value == value.strip() and value.isprintable()


def read(claims: Mapping[str, Any], provider: Provider, kind: Kind, *, digest: str) -> Claims:
    """An address counts as verified by the one word `true`: not by a text that says so."""
    verified = provider.email_verified(claims)
    email, name = claims.get("email"), claims.get("name")
    return Claims(
        provider=provider.key,
        kind=kind,
        issuer=provider.issuer,
        subject=subject_of(claims, provider, kind),
        tenant=provider.tenant(claims) if kind.names_tenant else None,
        roles=names(provider.roles(claims)),
        permissions=names(provider.permissions(claims)),
        email=email.lower() if is_text(email) else "",
        email_verified=None if verified is None else verified is True,
        name=name if is_text(name) else "",
        issued_at=claims["iat"],
        expires_at=claims["exp"],
        digest=digest,
        raw=claims,
    )


def names(value: Any) -> tuple[str, ...]:
    """Roles that are no list of texts are none: nothing follows from what a token merely resembles."""
    listed = value if isinstance(value, list) and len(value) <= MOST_ROLES else []
    return tuple(name for name in listed if is_text(name))
