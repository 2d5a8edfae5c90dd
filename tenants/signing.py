"""The keys that sign our own access tokens: made, published, used in turn, retired. Their rows lie in `public`.

A new key is published first and signs later, so that whoever keeps our key set for a while knows it by
then; the old one stays published until the last token it signed has ended.
Source: docs/decisions/0010-credentials.md
"""

import base64
import hashlib
import json
from datetime import timedelta
from functools import lru_cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from .exceptions import NoSigningKey
from .models import SigningKey
from .schema import in_public
from .sealing import Unsealable, seal, unseal

ALGORITHM = "RS256"
KEY_BITS = 2048
KEY_SET_MAX_AGE = timedelta(minutes=5)  # how long others may keep our key set
SIGNS_AFTER = timedelta(minutes=10)  # published so long before: longer than anyone keeps the set
LONGEST_TOKEN = timedelta(hours=24)
LEEWAY = timedelta(seconds=60)
PURPOSE = "signing-key"


def published(using: str = DEFAULT_DB_ALIAS) -> list[dict]:
    """The public halves, as JWKs, newest first."""
    with in_public(using=using):
        return list(SigningKey.objects.using(using).published().values_list("public_jwk", flat=True))


def current(using: str = DEFAULT_DB_ALIAS) -> tuple[str, rsa.RSAPrivateKey]:
    """What signs now: key id and private key. Raises NoSigningKey."""
    with in_public(using=using):
        key = SigningKey.objects.using(using).published().filter(signs_from__lte=timezone.now()).first()
    if key is None:
        raise NoSigningKey("There is no key to sign with: run `manage.py migrate`.")
    return key.kid, _private_key(key.private_pem_encrypted)


@lru_cache(maxsize=4)
def _private_key(sealed: str) -> rsa.RSAPrivateKey:
    try:
        pem = unseal(PURPOSE, sealed)
    except Unsealable as error:
        advice = "Put the old one into SECRET_KEY_FALLBACKS, or run `manage.py rotate_signing_key --at-once`."
        raise NoSigningKey(f"The signing key was made under another SECRET_KEY. {advice}") from error
    return serialization.load_pem_private_key(pem.encode(), password=None)  # type: ignore[return-value]


def make_first(using: str) -> bool:
    """A key to begin with. Called by `manage.py migrate`; returns whether there was none."""
    with in_public(using=using):
        if SigningKey.objects.using(using).published().exists():
            return False
        _make(signs_from=timezone.now(), using=using)
    return True


def rotate(*, at_once: bool = False, using: str = DEFAULT_DB_ALIAS) -> SigningKey:
    """A new key takes the others' place. `at_once`, for a key that leaked: the old ones end now, and their tokens."""
    now = timezone.now()
    signs_from = now if at_once else now + SIGNS_AFTER
    last_token_ends = now if at_once else signs_from + LONGEST_TOKEN + LEEWAY
    with in_public(using=using):
        olds = SigningKey.objects.using(using)
        (olds.published() if at_once else olds.filter(retired_at=None)).update(retired_at=last_token_ends)
        return _make(signs_from=signs_from, using=using)


def _make(*, signs_from, using: str) -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    jwk = public_jwk(private.public_key())
    return SigningKey.objects.using(using).create(
        kid=jwk["kid"],
        public_jwk=jwk,
        private_pem_encrypted=seal(PURPOSE, pem.decode()),
        signs_from=signs_from,
    )


def public_jwk(key: rsa.RSAPublicKey) -> dict[str, str]:
    """RFC 7517. The key id is the key's thumbprint (RFC 7638): the same key never has two names."""
    numbers = key.public_numbers()
    core = {"e": _base64url(_bytes(numbers.e)), "kty": "RSA", "n": _base64url(_bytes(numbers.n))}
    thumbprint = hashlib.sha256(json.dumps(core, separators=(",", ":")).encode()).digest()
    return {**core, "kid": _base64url(thumbprint), "use": "sig", "alg": ALGORITHM}


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
