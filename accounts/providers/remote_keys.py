"""The key set of a hosted provider: fetched when needed, kept through an outage, waited for while none is known."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings

from accounts.exceptions import ProviderAway

from . import http
from .kept import NotHad
from .keys import Key, KeySource, SetUnfit

logger = logging.getLogger(__name__)

FRESH_FOR = timedelta(minutes=5)  # a key that was withdrawn verifies nothing after that
COOL_DOWN = timedelta(seconds=45)  # between two fetches for ids that nobody knows; a new key is known within a minute
COLD_DOWN = timedelta(seconds=10)  # the same while there is no key at all, and nobody can come in
PATIENCE = timedelta(seconds=1)  # of those who come while the first fetch runs: more than one that is well takes
MOST_KEYS = 50
FEWEST_SECRET_BYTES = 32  # RFC 7518: as long as the hash


def stale_bound() -> timedelta:
    return timedelta(hours=settings.IDENTITY_STALE_KEYS_HOURS)


class RemoteKeys(KeySource):
    """The keys at the address that `find_address()` gives, asked at each fetch: discovery may have to come first.

    In a process that knows none everybody waits a moment for the first fetch: most likely it began to serve just now,
    and who came first must not be the only one let in. A known key answers at once, while a stale set is fetched anew
    in the background. What cannot be fetched, or is no sound set, leaves the old keys in place, up to
    IDENTITY_STALE_KEYS_HOURS after they were read.
    """

    def __init__(self, find_address: Callable[[], str], *, headers: Mapping[str, str] | None = None, **timing):
        self._find_address, self._headers = find_address, dict(headers or {})
        usual: dict[str, Any] = {
            "fresh_for": FRESH_FOR,
            "cool_down": COOL_DOWN,
            "cold_down": COLD_DOWN,
            "keep_for": stale_bound,
            "patience": PATIENCE,
            "background": True,
        }
        super().__init__(self._fetch, **(usual | timing))

    def _looked_for(self, kid: str) -> Key | None:
        """Raises ProviderAway while no key at all is known: whether a token is good cannot be said then."""
        found = super()._looked_for(kid)
        if found is None and not self._keys.known:
            raise ProviderAway("no key known yet")
        return found

    def _read(self) -> dict[str, Key]:
        """Whatever is the matter, it is the key set's: those who come with a token of a known key never hear of it."""
        try:
            if not (keys := super()._read()):
                raise SetUnfit("no usable key")
        except Exception as error:
            logger.warning("A key set could not be read: %s.", said(error))
            raise NotHad from error
        return keys

    def _fetch(self) -> Iterable[Mapping[str, Any]]:
        found = http.get_json(self._find_address(), headers=self._headers)
        keys = found.get("keys") if isinstance(found, Mapping) else None
        if not isinstance(keys, list) or not all(isinstance(key, Mapping) for key in keys):
            raise SetUnfit("no list of keys")
        refuse_unsound(keys)
        return keys


def said(error: Exception) -> str:
    """Our own words for it, or only its name: others' texts may hold what was sent."""
    return str(error) if isinstance(error, ProviderAway | SetUnfit) else type(error).__name__


def refuse_unsound(jwks: list[Mapping[str, Any]]) -> None:
    """One secret, or one name for two keys, and nothing of the set is believed: it is not the provider's doing."""
    if not 0 < len(jwks) <= MOST_KEYS:
        raise SetUnfit("no keys, or too many")
    if any(jwk.get("kty") == "oct" for jwk in jwks):
        raise SetUnfit("a secret among the keys")
    names = [str(jwk.get("kid")) for jwk in jwks]
    if len(set(names)) < len(names):
        raise SetUnfit("two keys of one name")


class SharedSecret(KeySource):
    """One secret of our own and the provider's, for environments that are set to HS256. It has no id.

    One that is too short to be one verifies nothing.
    """

    needs_id = False

    def __init__(self, secret: str):
        long_enough = len(secret.encode()) >= FEWEST_SECRET_BYTES
        self._key = Key("", "HS256", secret.encode()) if long_enough else None
        super().__init__(lambda: [])

    @property
    def are_known(self) -> bool:
        return self._key is not None

    def find(self, kid: str) -> Key | None:
        return self._key
