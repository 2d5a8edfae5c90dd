"""The keys a provider signs with: the one in use, those it announces, and turning them over."""

import itertools
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm


@dataclass(frozen=True, eq=False)
class SigningKey:
    kid: str
    algorithm: str  # "RS256" or "EdDSA"
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def public_pem(self) -> str:
        """SPKI, starting with -----BEGIN PUBLIC KEY-----."""
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def jwk(self) -> dict[str, Any]:
        if isinstance(self.private, RSAPrivateKey):
            jwk = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
            jwk.pop("key_ops", None)
        else:
            jwk = OKPAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**jwk, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


class KeyRing:
    """`current` signs; `announced` is what the key set shows, with `extra` (raw JWKs, for key sets that are wrong).

    With `ahead` the next key is announced before it signs, as Auth0 does.
    """

    def __init__(self, algorithm: str = "RS256", *, ahead: bool = False, prefix: str = "key") -> None:
        self.algorithm, self.prefix = algorithm, prefix
        self._numbers = itertools.count(1)
        self._first = self.new(), self.new() if ahead else None
        self.restore()

    def restore(self) -> None:
        """As it began: the first keys sign and are announced, nothing else is. No kid is ever given twice."""
        self.current, self.next = self._first
        self.announced = [key for key in self._first if key]
        self.extra: list[dict[str, Any]] = []

    def new(self) -> SigningKey:
        """A fresh key that nobody announces yet."""
        private: RSAPrivateKey | Ed25519PrivateKey
        if self.algorithm == "EdDSA":
            private = Ed25519PrivateKey.generate()
        else:
            private = generate_private_key(public_exponent=65537, key_size=2048)
        return SigningKey(f"{self.prefix}-{next(self._numbers)}", self.algorithm, private)

    def rotate(self, keep_old: bool = True, announce: bool = True) -> SigningKey:
        """Sign with another key from now on. `announce=False` holds it back until `announce` is called."""
        old = self.current
        self.current = self.next or self.new()
        if self.next:
            self.next = self.new()
        if not keep_old:
            self.revoke(old.kid)
        if announce:
            self.announce()
        return self.current

    def announce(self) -> None:
        for key in (self.current, self.next):
            if key and key not in self.announced:
                self.announced.append(key)

    def revoke(self, kid: str) -> None:
        """Take a key out of the set: what it signed is worth nothing any more."""
        self.announced = [key for key in self.announced if key.kid != kid]

    def jwks(self) -> dict[str, Any]:
        return {"keys": [*(key.jwk() for key in self.announced), *self.extra]}
