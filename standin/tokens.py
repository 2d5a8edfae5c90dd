"""Making tokens, good and bad ones: whatever header, claims, algorithm and key are asked for."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from jwt.algorithms import get_default_algorithms

from .keys import SigningKey

REMOVE: Final[Any] = object()  # as the value of a claim or header: leave it out
ALGORITHMS = get_default_algorithms()


def merged(base: Mapping[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    """`base` with `changes` over it; what is REMOVE is left out."""
    return {name: value for name, value in {**base, **(changes or {})}.items() if value is not REMOVE}


def sign(
    claims: Mapping[str, Any], *, header: Mapping[str, Any] | None, algorithm: str, key: SigningKey | Any = None
) -> str:
    """A compact JWS. `key` is a SigningKey, a secret (str or bytes) or nothing for "none".

    The library's own front door refuses what an attacker would make, such as HS256 keyed with a public key;
    its algorithms are called directly here, because such tokens are wanted.
    """
    kid = {"kid": key.kid} if isinstance(key, SigningKey) else {}
    head = merged({"typ": "JWT", "alg": algorithm, **kid}, header)
    text = f"{part(head)}.{part(claims)}"
    secret = key.private if isinstance(key, SigningKey) else key.encode() if isinstance(key, str) else key
    signature = ALGORITHMS[algorithm].sign(text.encode(), secret)
    return f"{text}.{base64url(signature)}"


def part(value: Mapping[str, Any]) -> str:
    return base64url(json.dumps(value, separators=(",", ":")).encode())


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
