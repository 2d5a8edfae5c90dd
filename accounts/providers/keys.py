"""The keys of a provider: screened when they come in, found by id, kept for a while."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt

from .kept import Kept

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
    uses = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(uses, list) or "verify" not in uses:
        raise KeyUnfit("not for signatures")
    try:
        public = jwt.PyJWK(dict(jwk), algorithm=algorithm).key
    except Exception as error:  # whatever the library trips over
        raise KeyUnfit("unreadable") from error
    if jwk["kty"] == "RSA" and public.key_size < FEWEST_RSA_BITS:
        raise KeyUnfit("too short")
    return Key(kid, algorithm, public)


class KeySource:
    """Keys by id, as `load` gives them (JWKs). Safe to share between threads.

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
        patience: timedelta = timedelta(seconds=5),
        **timing: Any,
    ):
        self._load = load
        self._keys: Kept[dict[str, Key]] = Kept(
            self._read, fresh_for=fresh_for, cool_down=cool_down, patience=patience, **timing
        )

    def forget(self) -> None:
        self._keys.forget()

    def find(self, kid: str) -> Key | None:
        """A known key answers at once, however old; for an unknown one the set is read first."""
        fresh = self._keys.fresh
        if fresh and kid in fresh:
            return fresh[kid]
        return self._looked_for(kid)

    def _looked_for(self, kid: str) -> Key | None:
        """One that is not at hand as it was read lately."""
        if kid in (self._keys.known or {}):
            self._keys.current()
        else:
            self._keys.ask()
        return (self._keys.known or {}).get(kid)

    @property
    def are_known(self) -> bool:
        """Whether there is any key; asks for them if there is none. Before that, no token can be accepted."""
        return bool(self._keys.current())

    def _read(self) -> dict[str, Key]:
        return {key.kid: key for key in fit(self._load())}


def fit(jwks: Iterable[Mapping[str, Any]]) -> Iterator[Key]:
    for jwk in jwks:
        try:
            yield screened(jwk)
        except KeyUnfit as error:
            logger.warning("A published key is not used: %s.", error)
