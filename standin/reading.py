"""Reading back a token that this provider signed, where it comes back to the provider itself."""

from typing import TYPE_CHECKING, Any

import jwt
from jwt.types import Options

if TYPE_CHECKING:
    from .server import StandIn


# Times are compared with the provider's clock, which may be off, instead.
SIGNATURE_ALONE: Options = {"verify_aud": False, "verify_exp": False, "verify_iat": False}


class Unreadable(Exception):
    """Not signed by an announced key, not a token at all, or out of date."""


def read(idp: "StandIn", token: str) -> dict[str, Any]:
    """The claims of a token of ours, by the provider's clock. Raises Unreadable."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = next(key for key in idp.keys.announced if key.kid == kid)
        claims = jwt.decode(token, key.private.public_key(), algorithms=[key.algorithm], options=SIGNATURE_ALONE)
    except (jwt.InvalidTokenError, StopIteration) as error:
        raise Unreadable(str(error)) from None
    if claims.get("exp", 0) <= idp.now():
        raise Unreadable("Expired")
    return claims
