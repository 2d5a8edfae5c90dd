"""What a browser keeps for us between two pages, sealed: it can neither read nor change it, nor hand it to another use.

With https the names have the `__Host-` prefix, so that no sibling host can plant such a cookie.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from tenants.sealing import Unsealable, seal, unseal


def cookie_name(name: str) -> str:
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name


def packed(content: Any) -> str:
    """As short as JSON can be: a letter beyond ASCII is two bytes or three, and not six."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()


def set_cookie(response, name: str, value: str, lifetime: timedelta) -> None:
    """For this host alone. Lax: it must come along when a provider sends the browser back."""
    response.set_cookie(
        cookie_name(name), value, max_age=lifetime, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )


def delete_cookie(response, name: str) -> None:
    response.delete_cookie(cookie_name(name), samesite="Lax")


@dataclass(frozen=True)
class SealedCookie:
    """One use, by its `name`. Older than `lifetime` it is as good as none, whatever the browser says."""

    name: str
    lifetime: timedelta

    def keep(self, response, content: Mapping[str, Any], part: str = "") -> None:
        """`part` tells several of one use apart. `content` is what JSON can hold."""
        text = packed({"at": int(timezone.now().timestamp()), "content": content})
        set_cookie(response, self.name + part, seal(self.purpose(part), text), self.lifetime)

    def read(self, request, part: str = "") -> dict[str, Any] | None:
        found = self.opened(request.COOKIES.get(cookie_name(self.name + part), ""), part)
        return found and found["content"]

    def opened(self, sealed: str, part: str) -> dict[str, Any] | None:
        """With `at`, seconds since 1970."""
        try:
            found = json.loads(unseal(self.purpose(part), sealed))
        except (Unsealable, ValueError):
            return None
        age = timezone.now().timestamp() - found["at"]
        return found if age <= self.lifetime.total_seconds() else None

    def drop(self, response, part: str = "") -> None:
        delete_cookie(response, self.name + part)

    def parts(self, request) -> list[str]:
        """Those that the browser keeps, the oldest first; what cannot be opened counts as oldest."""
        prefix = cookie_name(self.name)
        kept = {name.removeprefix(prefix): value for name, value in request.COOKIES.items() if name.startswith(prefix)}
        age = {part: found["at"] if (found := self.opened(sealed, part)) else 0 for part, sealed in kept.items()}
        return sorted(age, key=lambda part: age[part])

    def purpose(self, part: str) -> str:
        return f"cookie:{self.name}{part}"
