"""Tokens of every kind, good and bad, put together by hand: no library refuses to make a bad one."""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from accounts.providers.base import Kind, Provider
from accounts.providers.keys import KeySource
from tenants.signing import public_jwk

ISSUER, AUDIENCE = "https://issuer.test/realm", "https://app.test/api/"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256K1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
JWK = {**public_jwk(RSA_KEY.public_key()), "kid": "good"}
PSS_JWK = {**JWK, "kid": "pss", "alg": "PS256"}


def provider(**changes) -> Provider:
    """A profile as a vendor's would be: RS256 and PS256, a key for each, tokens marked as access or refresh."""
    profile = {
        "key": "issuer",
        "name": "Issuer",
        "issuers": (ISSUER,),
        "audiences": frozenset({AUDIENCE}),
        "algorithms": frozenset({"RS256", "PS256"}),
        "keys": KeySource(lambda: [JWK, PSS_JWK]),
        "kinds": {
            "access": (Kind(types=frozenset({"at+jwt", "jwt"}), marks={"token_use": "access"}, texts=("jti",)),),
            "refresh": (Kind(types=frozenset({"jwt"}), marks={"token_use": "refresh"}, texts=("jti",)),),
        },
        "tenant_id": lambda tenant: str(tenant.pk),
        "user_of": lambda claims: None,
    }
    return Provider(**profile | changes)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def claims(**changes) -> dict:
    """Good ones, for hours: some are made when the tests are collected. `...` as a value leaves the claim out."""
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "person-1",
        "tenantId": "7",
        "token_use": "access",
        "jti": "1",
        "iat": now,
        "exp": now + 6 * 3600,
    }
    return {name: value for name, value in (good | changes).items() if value is not ...}


def header(**changes) -> dict:
    good = {"alg": "RS256", "typ": "at+jwt", "kid": "good"}
    return {name: value for name, value in (good | changes).items() if value is not ...}


def rs256(message: bytes, key=RSA_KEY) -> bytes:
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def ps256(message: bytes) -> bytes:
    return RSA_KEY.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def hs256(secret: bytes):
    return lambda message: hmac.new(secret, message, hashlib.sha256).digest()


def token(head=None, body=None, sign=rs256) -> str:
    """Dictionaries are written as JSON, texts and bytes are taken as they are."""
    parts = [header() if head is None else head, claims() if body is None else body]
    text = ".".join(b64(raw(part)) for part in parts)
    return f"{text}.{b64(sign(text.encode()))}"


def raw(part) -> bytes:
    if isinstance(part, dict):
        part = json.dumps(part)
    return part if isinstance(part, bytes) else part.encode()


def public_spellings() -> dict[str, bytes]:
    """The public key as an attacker could use it for a secret."""
    public = RSA_KEY.public_key()
    formats = serialization.PublicFormat
    pem = public.public_bytes(serialization.Encoding.PEM, formats.SubjectPublicKeyInfo)
    return {
        "pem": pem,
        "pem without its last newline": pem.rstrip(b"\n"),
        "der": public.public_bytes(serialization.Encoding.DER, formats.SubjectPublicKeyInfo),
        "pkcs1": public.public_bytes(serialization.Encoding.PEM, formats.PKCS1),
        "jwk": json.dumps(JWK).encode(),
        "modulus": base64.urlsafe_b64decode(JWK["n"] + "=="),
    }
