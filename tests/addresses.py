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
    def has_key(self) -> bool:
        return any(character.isdigit() for character in self.path.replace("/2fa/", "/"))


def of_tenants(world: World, key: int | None = None) -> Iterator[Route]:
    """The routes of a tenant's host, addressing the rows of `world`, or all the key given."""
    for pattern, name, view in routes(settings.ROOT_URLCONF):
        yield _route(pattern, name, view, key or _key_for(pattern, world))


def of_public() -> Iterator[Route]:
    for pattern, name, view in routes(settings.PUBLIC_SCHEMA_URLCONF):
        yield _route(pattern, name, view, 1)


def _route(pattern: str, name: str, view, key: int) -> Route:
    values = {"pk": key, "token": "unknown", "ticket": "unknown", "key": "unknown-key", "uidb36": "1"}
    path = PLACEHOLDER.sub(lambda found: str(values[found[1] or found[2]]), pattern)
    path = "/" + re.sub(r"[\^$]", "", path)
    return Route(name, path, guard_of(view, name), getattr(view, "login_required", True))


def _key_for(pattern: str, world: World) -> int:
    if pattern.startswith("categories/"):
        return world.drinks.pk
    if pattern.startswith("members/"):
        return world.viewer.pk
    return world.coffee.pk


def forget_urls() -> None:
    """Make Django read the URLconfs anew, after a test has planted a route."""
    clear_url_caches()
    set_urlconf(None)
