"""Addresses and answers: which method of which part answers a path, and how it says no."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from .server import StandIn
    from .world import World

Handler = TypeVar("Handler", bound=Callable[..., Response])
Value = TypeVar("Value")


class Refused(Exception):
    """An answer that ends the request: `body` goes out as JSON with `status`."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status, self.body, self.headers = status, body, headers


def route(path: str, *methods: str) -> Callable[[Handler], Handler]:
    """Mark a method of a Part as what answers `path` (GET, unless `methods` say otherwise). It may be used twice."""

    def mark(handler: Handler) -> Handler:
        handler.__dict__.setdefault("routes", []).append((path, methods or ("GET",)))
        return handler

    return mark


class Part:
    """A group of addresses of one provider: its marked methods take the request and the values in the path."""

    def __init__(self, idp: "StandIn") -> None:
        self.idp = idp

    @property
    def world(self) -> "World":
        return self.idp.world

    def rules(self) -> Iterator[Rule]:
        for name in dir(type(self)):
            for path, methods in getattr(getattr(type(self), name), "routes", ()):
                yield Rule(path, methods=methods, endpoint=getattr(self, name))


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer, that no cache keeps."""
    text = "" if body is None else json.dumps(body)
    return Response(text, status, {"Cache-Control": "no-store", **(headers or {})}, content_type="application/json")


def redirect(to: str) -> Response:
    return Response(status=302, headers={"Location": to, "Cache-Control": "no-store"})


def body_of(request: Request) -> dict[str, Any]:
    """What was sent, as JSON or as a form; providers take both. A body that is neither ends in 400."""
    if request.mimetype != "application/json":
        return request.form.to_dict()
    body = json_of(request)
    if not isinstance(body, dict):
        raise Refused(400, {"error": "invalid_request", "error_description": "A JSON object is expected."})
    return body


def json_of(request: Request) -> Any:
    try:
        return json.loads(request.get_data() or b"{}")
    except ValueError:
        raise Refused(400, {"error": "invalid_request", "error_description": "The body is not JSON."}) from None


def field(body: Mapping[str, Any], name: str, default: Value) -> Value:
    """What a body says under that name, or the default where it is left out. Raises Refused with 400 for another kind
    of value than the default's; a number that is less than nothing is another kind too."""
    value = body.get(name)
    if value is None:
        return default
    if type(value) is not type(default) or (isinstance(value, int) and value < 0):
        raise Refused(400, {"message": f"{name} must be of the kind {type(default).__name__}"})
    return value


def bearer(request: Request) -> str:
    """The token of `Authorization: Bearer ...`, or an empty text."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
