"""Who is acting, and by which door: what every line of the log begins with.

Kept in context variables, so that threads and coroutines never see each other's.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied

from accounts import limits
from tenants.postgresql.base import DatabaseWrapper
from tenants.problems import API_ROOT

from .models import Entry

ADMIN_ROOT = "/admin/"
THROUGH_IDENTITY = {"token": Entry.Through.API, "key": Entry.Through.KEY}


@dataclass
class Source:
    """Where what is done now comes from: a request, or else a command or job with a name.

    With a name beside a request it is done by another than who sent it: see `in_the_name_of`. `afterwards` are lines
    to be written once the view has ended, however it ended.
    """

    request: Any = None
    through: str = Entry.Through.COMMAND
    name: str = ""
    afterwards: list[Callable[[], None]] = field(default_factory=list)


_source: ContextVar[Source | None] = ContextVar("audit_source", default=None)


def current() -> Source:
    """Outside of requests and of `acting` it is the command that this process runs."""
    return _source.get() or Source(name=command_name())


@contextmanager
def answering(request) -> Iterator[Source]:
    """What is done meanwhile is done by whoever sent the request. For the middleware."""
    source = Source(request=request)
    token = _source.set(source)
    try:
        yield source
    finally:
        _source.reset(token)


@contextmanager
def acting(through: str, *, name: str) -> Iterator[None]:
    """What is done meanwhile is done by a job or a command: `with acting("command", name="nightly tidying")`."""
    token = _source.set(Source(through=through, name=name))
    try:
        yield
    finally:
        _source.reset(token)


@contextmanager
def in_the_name_of(name: str) -> Iterator[None]:
    """What is done meanwhile is done by somebody who is not, or not yet, known by the request: an identity provider,
    or whoever comes in by its word.
    """
    token = _source.set(replace(current(), name=name))
    try:
        yield
    finally:
        _source.reset(token)


def command_name() -> str:
    """`manage.py migrate`. Its arguments are left out: they may be about somebody."""
    program = Path(sys.argv[0]).name
    return f"{program} {sys.argv[1]}" if program == "manage.py" and len(sys.argv) > 1 else program


def origin(connection: DatabaseWrapper) -> dict[str, Any]:
    """The fields of an Entry that say who did it, by what and from where."""
    source = current()
    if source.request is None:
        return {"through": source.through, "actor_name": source.name[:200]}
    request = source.request
    return {
        **actor(source, connection),
        "through": door(request),
        "credential": credential(request)[:120],
        "address": address(request),
        "request_id": getattr(request, "id", ""),
    }


def actor(source: Source, connection: DatabaseWrapper) -> dict[str, Any]:
    if source.name:  # the request's user is not asked for: nobody has been recognised yet
        return {"actor_name": source.name[:200]}
    user = getattr(source.request, "user", None)
    here = getattr(source.request.tenant, "schema_name", None) == connection.schema_name
    return {
        # A person's number says nothing in another schema: an operator who enters an organisation, for one.
        "actor_id": user.pk if user and here else None,
        "actor_name": str(user)[:200] if user and user.is_authenticated else "",
    }


def door(request) -> str:
    if getattr(request, "support_visit", None):
        return Entry.Through.SUPPORT
    identity = getattr(request, "identity", None)
    if identity and identity.through in THROUGH_IDENTITY:
        return THROUGH_IDENTITY[identity.through]
    if request.path_info.startswith(API_ROOT):
        return Entry.Through.API
    if request.path_info.startswith(ADMIN_ROOT):
        return Entry.Through.ADMIN
    return Entry.Through.PAGE


def credential(request) -> str:
    """Names the API key or the visit, never shows it."""
    if visit := getattr(request, "support_visit", None):
        return f"{visit.pk}: {visit.reason}"
    identity = getattr(request, "identity", None)
    return str(identity.key) if identity and identity.key else ""


def address(request) -> str | None:
    try:
        return limits.client_address(request)
    except PermissionDenied:  # a server on a Unix socket that names no client
        return None
