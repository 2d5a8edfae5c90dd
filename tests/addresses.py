"""Every route of the site as an address that can be asked for, with keys that exist."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.urls import clear_url_caches, set_urlconf

from accounts.guards import guard_of, routes

from .world import World

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:\[[^\]]*\]\+|\.\+)\)")
NO_SUCH_KEY = 987_654


@dataclass(frozen=True)
class Route:
    name: str
    path: str
    guard: str
    needs_login: bool

    @property
    def is_open(self) -> bool:
        return self.guard.startswith("open:")

    @property
    def is_api(self) -> bool:
        """Answers programs: 401 where a page leads to signing in."""
        return self.name.startswith("api:") and self.name != "api:docs"

    @property
    def to_visitors(self) -> tuple[int, ...]:
        """How it turns a visitor away."""
        return (401,) if self.is_api else (302, 403, 405)

    @property
    def has_key(self) -> bool:
        return any(part.rpartition("-")[2].isdigit() for part in self.path.split("/"))


def of_tenants(world: World, key: int | None = None) -> Iterator[Route]:
    """The routes of a tenant's host, addressing the rows of `world`, or all the key given."""
    for pattern, name, view in routes(settings.ROOT_URLCONF):
        yield _route(pattern, name, view, key or _key_for(pattern, world))


def of_platform(customer: World) -> Iterator[Route]:
    """The routes of the platform's host; those of the console are about `customer`."""
    for pattern, name, view in routes(settings.PLATFORM_URLCONF):
        key = customer.tenant.pk if (name or "").startswith("console:") else customer.viewer.pk
        yield _route(pattern, name, view, key)


def of_public() -> Iterator[Route]:
    for pattern, name, view in routes(settings.PUBLIC_SCHEMA_URLCONF):
        yield _route(pattern, name, view, 1)


def _route(pattern: str, name: str, view, key: int) -> Route:
    values = {"pk": key, "object_id": key, "token": "unknown", "ticket": "unknown", "key": "unknown-key", "uidb36": "1"}
    values |= {"principal": f"user-{key}", "rest": "unknown", "claim": key, "provider": "oidc"}
    path = PLACEHOLDER.sub(lambda found: str(values[found[1] or found[2]]), pattern)
    path = "/" + re.sub(r"[\^$]", "", path)
    return Route(name, path, guard_of(view, name), getattr(view, "login_required", True))


def _key_for(pattern: str, world: World) -> int:
    for prefix in ("admin/catalog/", "admin/accounts/", "api/v1/"):
        pattern = pattern.removeprefix(prefix)
    if pattern.startswith(("categories/", "category/")):
        return world.drinks.pk
    if pattern.startswith(("members/", "user/")):
        return world.viewer.pk
    return world.coffee.pk


def forget_urls() -> None:
    """Make Django read the URLconfs anew, after a test has planted a route."""
    clear_url_caches()
    set_urlconf(None)
