"""The one place where a token is decoded. What is not plainly right is refused, and the answer never says why.

The library checks the signature; form, header and every claim are checked here, by type first. Each failure is a
CredentialRefused, whose reason is for the log and never holds any of the token.
Source: docs/decisions/0010-credentials.md, RFC 7515, RFC 7519, RFC 8725
"""

import base64
import json
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import jwt
from django.utils import timezone

from accounts.exceptions import CredentialRefused

from . import memory
from .base import LEEWAY, LONGEST_LIFE, Claims, Kind, Path, Provider
from .keys import Key
from .memory import VERIFIED, Verified
from .remote_keys import SharedSecret
from .texts import is_text, names

MOST_BYTES = 8 * 1024
PART = re.compile(r"[A-Za-z0-9_-]+")
LONGEST_KID = 100
# Headers that choose a key, or change how the rest is read.
UNWELCOME_HEADERS = {"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"}


ALGORITHMS = jwt.PyJWS()


class Opened(NamedTuple):
    """A token taken apart, of which nothing is believed yet. `signed` are the bytes that the signature is for."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def verify(
    token: str, *, entry: str, providers: Iterable[Provider], demands: Mapping[str, str] | None = None
) -> tuple[Claims, Provider]:
    """What the token says, and whose it is. Raises CredentialRefused; ProviderAway while not one of the keys of the
    provider that it names is known, so that nothing can be said of it.

    `entry` is where it came in: a token of another kind is refused there however good it is. `demands` are claims
    that must have one exact value besides, the nonce of a sign-in.
    """
    if len(token) > MOST_BYTES:
        raise CredentialRefused("token too long")
    name, providers = memory.name_of(token, entry), tuple(providers)
    known = recalled(name, providers) or verified(token, entry, name, providers)
    for wanted, value in demands.items() if demands else ():
        if known[0].raw.get(wanted) != value:
            raise CredentialRefused(f"{wanted}: not as it should be")
    return known


def recalled(name: tuple[bytes, str], providers: Collection[Provider]) -> tuple[Claims, Provider] | None:
    """As it was verified before, while its time lasts and its key is still the one that the provider publishes."""
    found = VERIFIED.recall(name)
    if found is None:
        return None
    claims, provider, key, ends = found
    if provider not in providers or not stands(key, provider):
        VERIFIED.drop(name)
        return None
    if timezone.now() >= ends:
        VERIFIED.drop(name)
        raise CredentialRefused("expired")
    return claims, provider


def stands(key: Key, provider: Provider) -> bool:
    """Whether the provider still publishes it. Read anew, the same key is another object."""
    now = provider.keys.find(key.kid)
    return now is key or now == key


def verified(
    token: str, entry: str, name: tuple[bytes, str], providers: Collection[Provider]
) -> tuple[Claims, Provider]:
    found = opened(token)
    claims = found.claims
    provider = provider_of(claims, providers)
    kind = kind_of(claims, provider.kinds.get(entry, ()))
    check_header(found.header, provider, kind)
    key = key_for(found.header, provider)
    check_signature(found, key)
    check_claims(claims, provider, kind)
    said = read(claims, provider, kind, digest=name[0].hex())
    VERIFIED.keep(name, Verified.until_it_ends(said, provider, key))
    return said, provider


def provider_of(claims: Mapping[str, Any], providers: Iterable[Provider]) -> Provider:
    issuer = claims.get("iss")
    for provider in providers:
        if isinstance(issuer, str) and issuer in provider.issuers:
            return provider
    raise CredentialRefused("unknown issuer")


def kind_of(claims: Mapping[str, Any], kinds: Iterable[Kind]) -> Kind:
    """The first kind whose marks the token has. What it says is believed later, or not at all."""
    for kind in kinds:
        marked = all(claims.get(name) == value for name, value in kind.marks.items())
        if marked and not any(name in claims for name in kind.absent) and at(kind.fits, claims):
            return kind
    raise CredentialRefused("another kind of token")


def at(path: Path, claims: Mapping[str, Any]) -> Any:
    """What a profile makes of the claims: a token of a shape that it did not think of is refused, and trips nobody."""
    try:
        return path(claims)
    except Exception as error:
        raise CredentialRefused("claims of an unexpected shape") from error


def opened(token: str) -> Opened:
    """Form first, so that rubbish costs nothing."""
    parts = token.split(".")
    if len(parts) != 3:
        raise CredentialRefused("token not of three parts")
    header, claims, signature = (decoded(part) for part in parts)
    return Opened(parsed(header), parsed(claims), token.rpartition(".")[0].encode(), signature)


def decoded(part: str) -> bytes:
    """base64url as RFC 7515 has it: without padding, and in the one spelling that these bytes have."""
    if not PART.fullmatch(part) or len(part) % 4 == 1:
        raise CredentialRefused("token not in base64url")
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=") != part.encode():
        raise CredentialRefused("token not in base64url")
    return data


def parsed(data: bytes) -> dict[str, Any]:
    try:
        value = JSON.decode(data.decode())
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


JSON = json.JSONDecoder(object_pairs_hook=once, parse_constant=no_constant)


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


def check_signature(token: Opened, key: Key) -> None:
    """By the key's own algorithm alone: a token whose header says another is refused.

    The library's algorithm is asked and not its decoder, which looks at each letter of the token in turn (45 us of
    the 100); what else the decoder checks is checked in this module.
    """
    if token.header.get("alg") != key.algorithm or not isinstance(token.header.get("kid", ""), str):
        raise CredentialRefused("signature: not for this key")
    try:
        algorithm = ALGORITHMS.get_algorithm_by_name(key.algorithm)
        is_genuine = algorithm.verify(token.signed, algorithm.prepare_key(key.public), token.signature)
    except Exception as error:  # whatever the library trips over is a refusal, never an error page
        raise CredentialRefused(f"signature: {type(error).__name__}") from error
    if is_genuine is not True:
        raise CredentialRefused("signature: not the key's")


def verify_shared(token: str, secret: str) -> dict[str, Any]:
    """The claims of a message, no credential, that was signed with a secret of ours and the sender's (HS256).

    Raises CredentialRefused, also for a secret that is too short to be one. `exp`, `iat` and `nbf` are looked at where
    they are; whether it says enough for what it is sent for is the caller's to see.
    """
    if len(token) > MOST_BYTES:
        raise CredentialRefused("token too long")
    found = opened(token)
    key = SharedSecret(secret).find("")
    if key is None or found.header.get("alg") != key.algorithm or UNWELCOME_HEADERS & set(found.header):
        raise CredentialRefused("not signed as agreed")
    check_signature(found, key)
    claims = found.claims
    now = int(timezone.now().timestamp())
    check_times({"iat": now, "exp": now} | claims, LONGEST_LIFE)
    return claims


def check_claims(claims: Mapping[str, Any], provider: Provider, kind: Kind) -> None:
    check_times(claims, kind.longest_life or provider.longest_life)
    check_audience(claims, provider, kind.audiences or provider.audiences)
    for name in kind.texts:
        if not is_text(claims.get(name)):
            raise CredentialRefused(f"{name} missing or odd")
    if not is_text(subject_of(claims, provider, kind)):
        raise CredentialRefused("subject missing or odd")
    if kind.names_tenant and not is_text(at(provider.tenant, claims)):
        raise CredentialRefused("tenant missing or odd")


def subject_of(claims: Mapping[str, Any], provider: Provider, kind: Kind) -> Any:
    return at(kind.subject or provider.subject, claims)


def check_times(claims: Mapping[str, Any], longest: timedelta) -> None:
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
    if expires - issued > longest.total_seconds():
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


def read(claims: Mapping[str, Any], provider: Provider, kind: Kind, *, digest: str) -> Claims:
    """An address counts as verified by the one word `true`: not by a text that says so."""
    verified = at(provider.email_verified, claims)
    email, name = claims.get("email"), claims.get("name")
    return Claims(
        provider=provider.key,
        kind=kind,
        issuer=provider.issuer,
        subject=subject_of(claims, provider, kind),
        tenant=at(provider.tenant, claims) if kind.names_tenant else None,
        roles=names(at(provider.roles, claims)),
        permissions=names(at(provider.permissions, claims)),
        email=email.lower() if is_text(email) else "",
        email_verified=None if verified is None else verified is True,
        name=name if is_text(name) else "",
        issued_at=claims["iat"],
        expires_at=claims["exp"],
        digest=digest,
        raw=claims,
    )
