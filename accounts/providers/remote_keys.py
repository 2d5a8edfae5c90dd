"""The key set of a hosted provider: fetched when it is needed, kept through an outage, never waited for."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from threading import Thread
from typing import Any

from django.conf import settings

from accounts.exceptions import ProviderAway

from . import http
from .keys import Key, KeySource, SetUnfit

logger = logging.getLogger(__name__)

FRESH_FOR = timedelta(minutes=5)  # a key that was withdrawn verifies nothing after that
COOL_DOWN = timedelta(seconds=45)  # between two fetches for ids that nobody knows; a new key is known within a minute
MOST_KEYS = 50


class RemoteKeys(KeySource):
    """The keys at the address that `find_address()` gives, asked at each fetch: discovery may have to come first.

    A known key answers at once, while a stale set is fetched anew in the background. What cannot be fetched, or is
    no sound set, leaves the old keys in place, up to IDENTITY_STALE_KEYS_HOURS after they were read.
    """

    def __init__(self, find_address: Callable[[], str], *, headers: Mapping[str, str] | None = None, **timing):
        self._find_address, self._headers = find_address, dict(headers or {})
        super().__init__(self._fetch, **({"fresh_for": FRESH_FOR, "cool_down": COOL_DOWN} | timing))

    def find(self, kid: str) -> Key | None:
        if self.age > settings.IDENTITY_STALE_KEYS_HOURS * 3600:
            self._keys = {}
        return super().find(kid)

    @property
    def are_known(self) -> bool:
        """Whether there is any key; asks for them if there is none. Before that, no token can be accepted."""
        if not self._keys:
            self._read()
        return bool(self._keys)

    def _refresh(self) -> None:
        if self._clock() - self._tried_at >= self._cool_down and not self._loading.locked():
            Thread(target=self._read, name="key-set", daemon=True).start()

    def _read(self) -> None:
        try:
            super()._read()
        except (ProviderAway, SetUnfit) as error:
            logger.warning("A key set could not be read: %s.", error)

    def _fetch(self) -> Iterable[Mapping[str, Any]]:
        found = http.get_json(self._find_address(), headers=self._headers)
        keys = found.get("keys") if isinstance(found, Mapping) else None
        if not isinstance(keys, list) or not all(isinstance(key, Mapping) for key in keys):
            raise SetUnfit("no list of keys")
        return keys

    def _screened(self, jwks):
        """One secret, or one name for two keys, and nothing of the set is believed: it is not the provider's doing."""
        if not 0 < len(jwks) <= MOST_KEYS:
            raise SetUnfit("no keys, or too many")
        if any(jwk.get("kty") == "oct" for jwk in jwks):
            raise SetUnfit("a secret among the keys")
        names = [str(jwk.get("kid")) for jwk in jwks]
        if len(set(names)) < len(names):
            raise SetUnfit("two keys of one name")
        if not (keys := super()._screened(jwks)):
            raise SetUnfit("no usable key")
        return keys


class SharedSecret(KeySource):
    """One secret of our own and the provider's, for environments that are set to HS256. It has no id."""

    needs_id = False

    def __init__(self, secret: str):
        self._key = Key("", "HS256", secret.encode())
        super().__init__(lambda: [])

    def find(self, kid: str) -> Key | None:
        return self._key
