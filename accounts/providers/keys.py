"""The keys of a provider: screened when they come in, found by id, kept for a while."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Any

import jwt

logger = logging.getLogger(__name__)

FEWEST_RSA_BITS = 2048
KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}  # by the beginning of the algorithm
# Of keys that are published without one, as Entra's are: the only one that we use keys of that type with.
USUAL = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "Ed25519": "EdDSA"}
PRIVATE_PARTS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


class KeyUnfit(Exception):
    """A key that must not verify anything, whoever published it."""


class SetUnfit(Exception):
    """A key set of which nothing is believed: empty, with a secret in it, or with two keys of one name."""


@dataclass(frozen=True)
class Key:
    """`algorithm` is the only one it is used with."""

    kid: str
    algorithm: str
    public: Any


def algorithm_of(jwk: Mapping[str, Any]) -> Any:
    return jwk["alg"] if "alg" in jwk else USUAL.get(str(jwk.get("crv", jwk.get("kty"))))


def screened(jwk: Mapping[str, Any]) -> Key:
    """A public key for signatures, of an asymmetric kind, strong enough. Raises KeyUnfit."""
    kid, algorithm = jwk.get("kid"), algorithm_of(jwk)
    if not (isinstance(kid, str) and kid and isinstance(algorithm, str)):
        raise KeyUnfit("no kid or alg")
    if KEY_TYPES.get(algorithm[:2]) != jwk.get("kty") or PRIVATE_PARTS & set(jwk):
        raise KeyUnfit("not a public key of that algorithm")
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ["verify"]):
        raise KeyUnfit("not for signatures")
    try:
        public = jwt.PyJWK(dict(jwk), algorithm=algorithm).key
    except jwt.PyJWTError as error:
        raise KeyUnfit("unreadable") from error
    if jwk["kty"] == "RSA" and public.key_size < FEWEST_RSA_BITS:
        raise KeyUnfit("too short")
    return Key(kid, algorithm, public)


class KeySource:
    """Keys by id, as `load` gives them (JWKs). Safe to share between threads; nobody waits for another's loading.

    Read anew after `fresh_for`, so a key that was withdrawn is gone by then; an unknown id has them read
    at once, but at most once in `cool_down`, whether or not that succeeded. When `load` fails, what it
    raises goes through, and the keys known before stay.
    """

    needs_id = True

    def __init__(
        self,
        load: Callable[[], Iterable[Mapping[str, Any]]],
        *,
        fresh_for: timedelta = timedelta(seconds=60),
        cool_down: timedelta = timedelta(seconds=10),
        clock: Callable[[], float] = time.monotonic,
    ):
        self._load, self._clock = load, clock
        self._fresh_for, self._cool_down = fresh_for.total_seconds(), cool_down.total_seconds()
        self._loading = Lock()
        self.forget()

    def forget(self) -> None:
        self._keys: dict[str, Key] = {}
        self._loaded_at = self._tried_at = float("-inf")

    def find(self, kid: str) -> Key | None:
        if kid not in self._keys:
            self._read()
        elif self.age >= self._fresh_for:
            self._refresh()
        return self._keys.get(kid)

    @property
    def age(self) -> float:
        """Seconds since the keys were read."""
        return self._clock() - self._loaded_at

    def _refresh(self) -> None:
        self._read()

    def _read(self) -> None:
        if self._clock() - self._tried_at < self._cool_down or not self._loading.acquire(blocking=False):
            return
        try:
            self._keys = self._screened(self._load())
            self._loaded_at = self._clock()
        finally:
            self._tried_at = self._clock()
            self._loading.release()

    def _screened(self, jwks: Iterable[Mapping[str, Any]]) -> dict[str, Key]:
        return {key.kid: key for key in self._fit(jwks)}

    def _fit(self, jwks: Iterable[Mapping[str, Any]]):
        for jwk in jwks:
            try:
                key = screened(jwk)
            except KeyUnfit as error:
                logger.warning("A published key is not used: %s.", error)
            else:
                yield key
