"""The keys of a provider: screened when they come in, found by id, kept for a while."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt

logger = logging.getLogger(__name__)

FEWEST_RSA_BITS = 2048
KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}  # by the beginning of the algorithm
PRIVATE_PARTS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


class KeyUnfit(Exception):
    """A key that must not verify anything, whoever published it."""


@dataclass(frozen=True)
class Key:
    """`algorithm` is the only one it is used with."""

    kid: str
    algorithm: str
    public: Any


def screened(jwk: Mapping[str, Any]) -> Key:
    """A public key for signatures, of an asymmetric kind, strong enough. Raises KeyUnfit."""
    kid, algorithm = jwk.get("kid"), jwk.get("alg")
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
    """Keys by id, as `load` gives them (JWKs). Safe to share between threads; no lock is held while loading.

    Read anew after `fresh_for`, so a key that was withdrawn is gone by then; an unknown id has them read
    at once, but at most once in `cool_down`, whether or not that succeeded. When `load` fails, what it
    raises goes through, and the keys known before stay.
    """

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
        self.forget()

    def forget(self) -> None:
        self._keys: dict[str, Key] = {}
        self._loaded_at = self._tried_at = float("-inf")

    def find(self, kid: str) -> Key | None:
        keys = self._keys
        if kid not in keys or self._clock() - self._loaded_at >= self._fresh_for:
            keys = self._read()
        return keys.get(kid)

    def _read(self) -> dict[str, Key]:
        if self._clock() - self._tried_at < self._cool_down:
            return self._keys
        try:
            self._keys = dict(self._fit(self._load()))
            self._loaded_at = self._clock()
        finally:
            self._tried_at = self._clock()  # last: a thread that comes meanwhile reads for itself
        return self._keys

    def _fit(self, jwks: Iterable[Mapping[str, Any]]):
        for jwk in jwks:
            try:
                key = screened(jwk)
            except KeyUnfit as error:
                logger.warning("A published key is not used: %s.", error)
            else:
                yield key.kid, key
