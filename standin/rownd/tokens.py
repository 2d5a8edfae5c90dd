"""What Rownd's tokens say, by kind.

user: as sure as Rownd is of the person. verified, unverified, guest, instant: that level, whatever the person is.
anonymous: nobody's, with an account that was made without a form. refresh: must never open anything.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..world import Person

if TYPE_CHECKING:
    from . import Rownd

CLAIM = "https://auth.rownd.io/"
USER_ID = CLAIM + "app_user_id"
HOUR = timedelta(hours=1)
LEVELS = ("verified", "unverified", "guest", "instant")
LIFETIMES: Mapping[str, timedelta] = {
    "user": HOUR,
    **dict.fromkeys(LEVELS, HOUR),
    "anonymous": HOUR,
    "refresh": timedelta(days=30),
}


def claims(kind: str, rownd: "Rownd", person: Person | None) -> dict[str, Any]:
    level = "instant" if kind == "anonymous" else kind if kind in LEVELS else rownd.level(person) if person else "guest"
    own = {
        "jti": secrets.token_hex(16),
        "iss": rownd.issuer,
        "aud": [f"app:{rownd.app_id}", rownd.issuer],
        "sub": sign_in_identity(person, level),
        USER_ID: person.subject if person else f"user_{secrets.token_hex(10)}",
        CLAIM + "is_verified_user": level == "verified",
        CLAIM + "auth_level": level,
    }
    if level == "instant":
        own[CLAIM + "is_anonymous"] = True
    if kind == "refresh":
        own[CLAIM + "jwt_type"] = "refresh_token"
    return own


def sign_in_identity(person: Person | None, level: str) -> str:
    """How somebody signed in, which is not who he is: the same person may have several."""
    if person is None or level == "instant":
        return f"anon_{secrets.token_hex(8)}"
    return f"email|{hashlib.sha256(person.email.encode()).hexdigest()[:24]}"
