"""Encrypting the little that must be readable again, with keys that follow from SECRET_KEY.

A dump of the database alone opens none of it. After a change of SECRET_KEY, what was sealed before is
readable as long as the old key stands in SECRET_KEY_FALLBACKS.
"""

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unsealable(Exception):
    """Not sealed by us, or not for this purpose, or under a SECRET_KEY that is gone."""


def seal(purpose: str, text: str) -> str:
    """`purpose` separates uses: what was sealed for one is noise to another."""
    return _box(purpose).encrypt(text.encode()).decode()


def unseal(purpose: str, sealed: str) -> str:
    """Raises Unsealable."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError) as error:
        raise Unsealable(purpose) from error


def _box(purpose: str) -> MultiFernet:
    return _box_of(purpose, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=1024)  # some 2 kB each
def _box_of(purpose: str, *secrets: str) -> MultiFernet:
    """Kept, since each page of a list seals its cursors: deriving the keys took as long as sealing."""
    return MultiFernet([_key(secret, purpose) for secret in secrets])


def _key(secret: str, purpose: str) -> Fernet:
    derived = hmac.new(secret.encode(), f"tenantry.sealing:{purpose}".encode(), hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(derived.digest()))
