"""Which addresses a provider sends people back to."""

import re
from urllib.parse import urlsplit

CALLBACK = re.compile(r"/auth/callback(/[a-z0-9]+)?/?")


class Addresses:
    """By default the site's own callback on loopback; with `only`, exactly what it lists."""

    def __init__(self, only: set[str] | None = None) -> None:
        self.only = only

    def takes_callback(self, url: str) -> bool:
        if self.only is not None:
            return url in self.only
        return self.is_here(url) and CALLBACK.fullmatch(urlsplit(url).path) is not None

    def takes_return(self, url: str) -> bool:
        """After signing out. Anywhere on loopback."""
        return url in self.only if self.only is not None else self.is_here(url)

    @staticmethod
    def is_here(url: str) -> bool:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return False
        return parts.scheme == "http" and (host in ("localhost", "127.0.0.1") or host.endswith(".localhost"))
