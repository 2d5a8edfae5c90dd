"""The stand-in itself: one provider served on loopback by threads of this process."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import requests
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.utils import import_string
from werkzeug.wrappers import Request, Response

from .addresses import Addresses
from .console import Console
from .faults import Faults
from .keys import SigningKey
from .provider import Message, Provider
from .routing import Refused, answer
from .tokens import merged, sign
from .world import Person, Tenant, World

# By path, because only the one that is played is loaded.
PROVIDERS = {
    "auth0": "standin.auth0:Auth0",
    "descope": "standin.descope:Descope",
    "frontegg": "standin.frontegg:Frontegg",
    "oidc": "standin.oidc:Oidc",
    "rownd": "standin.rownd:Rownd",
}
MOST_BYTES = 1024 * 1024
PATIENCE = 10  # seconds, for what is sent to the site


@dataclass(frozen=True)
class Recorded:
    """A request that came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        if type != "info":
            super().log(type, message, *args)


class StandIn:
    """One provider on http://127.0.0.1. Options are attributes of the provider: StandIn("frontegg", client_id="...").

    `world`, `keys`, `faults` are there to be changed while it runs; `requests` lists what came in, oldest first.
    """

    def __init__(self, provider: str, *, port: int = 0, **options: Any) -> None:
        self._provider_class: type[Provider] = import_string(PROVIDERS[provider])
        if unknown := [name for name in options if not hasattr(self._provider_class, name)]:
            raise TypeError(f"{self._provider_class.title} has no option {', '.join(unknown)}.")
        self._options = options
        self.requests: list[Recorded] = []
        self.webhook_url = ""  # where the console sends events
        self.faults = Faults()
        self.addresses = Addresses()
        self.server: BaseWSGIServer = make_server("127.0.0.1", port, self, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.keys = self._provider_class(self).new_keys()
        self.reset()

    def reset(self) -> None:
        """As new: nobody known, nothing issued, no faults, the first keys. The address stays."""
        self.faults.clear()
        self.requests.clear()
        self.addresses = Addresses()
        self.provider: Provider = self._provider_class(self)
        for name, value in self._options.items():
            setattr(self.provider, name, value)
        self.world = World(self.provider.name, self.provider.subject_of)
        self.keys.restore()
        parts = (*self.provider.parts, Console(self))
        self._map = Map([rule for part in parts for rule in part.rules()], strict_slashes=False, merge_slashes=False)

    def start(self) -> Self:
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop at once; whoever waits for an answer gets none."""
        self.faults.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MOST_BYTES
        response = self.respond(request)
        if self.provider.open_to_scripts:
            allow_scripts(request, response)
        return response(environ, start_response)

    def respond(self, request: Request) -> Response:
        """What comes in is recorded, then a fault answers, then the provider."""
        try:
            self.requests.append(recorded(request))
            return self.faults.response_to(request.path) or self.dispatch(request)
        except Refused as refusal:
            return answer(refusal.body, refusal.status, refusal.headers)
        except HTTPException as error:
            return answer({"message": f"Cannot {request.method} {request.path}"}, error.code or 500)

    def dispatch(self, request: Request) -> Response:
        if request.method == "OPTIONS" and self.provider.open_to_scripts:
            return Response(status=204)
        handler, values = self._map.bind_to_environ(request.environ).match()
        return handler(request, **values)

    def environment(self) -> dict[str, str]:
        """The environment variables that point the site at it."""
        name = self.provider.name
        return {"IDENTITY_PROVIDERS": name, "IDENTITY_PROVIDER": name, **self.provider.environment()}

    def now(self) -> int:
        """Seconds since 1970 by the provider's clock, which may be off."""
        return int(time.time() + self.faults.clock_offset.total_seconds())

    def mint(
        self,
        kind: str,
        *,
        person: Person | None = None,
        tenant: Tenant | None = None,
        claims: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
        algorithm: str | None = None,
        key: SigningKey | str | bytes | None = None,
        lifetime: timedelta | None = None,
    ) -> str:
        """A token of one of the provider's kinds, as it would issue it; the rest is what to say otherwise.

        `claims` and `header` go over what is there (REMOVE drops one). With `algorithm` alone the key stays, but for
        HS256, which needs a `key`, and for none.
        """
        body = self._body(kind, person, tenant, lifetime, {})
        usual_algorithm, usual_key = self.provider.signing(kind)
        if key is None and algorithm != "none":
            key = usual_key
        # What is not signed by one of our keys names one all the same, as an attacker's would.
        named = {} if isinstance(key, SigningKey) or usual_algorithm == "HS256" else {"kid": self.keys.current.kid}
        return sign(
            merged(body, claims),
            header={**named, **self.provider.header(kind), **(header or {})},
            algorithm=algorithm or usual_algorithm,
            key=key,
        )

    def issue(self, kind: str, person: Person | None, tenant: Tenant | None, **facts: Any) -> str:
        """A token that goes out through the front door. `facts` are what the sign-in adds; the lies go over them."""
        algorithm, key = self.provider.signing(kind)
        body = self._body(kind, person, tenant, None, facts)
        return sign(body, header=self.provider.header(kind), algorithm=algorithm, key=key)

    def _body(
        self,
        kind: str,
        person: Person | None,
        tenant: Tenant | None,
        lifetime: timedelta | None,
        facts: Mapping[str, Any],
    ) -> dict[str, Any]:
        lifetimes = self.provider.lifetimes
        if kind not in lifetimes:
            raise ValueError(f"{self.provider.title} issues no {kind!r}: {', '.join(lifetimes)}.")
        now, seconds = self.now(), lifetimes[kind] if lifetime is None else lifetime
        times = {"iat": now, "exp": now + int(seconds.total_seconds())}
        body = merged({**self.provider.claims(kind, person, tenant), **times}, facts)
        return {**body, **self._lies(body)}

    def _lies(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        faults = self.faults
        lies = {"iss": faults.issuer, "aud": faults.audience, "nonce": faults.nonce}
        lies[self.provider.tenant_claim] = faults.tenant
        return {name: lie for name, lie in lies.items() if lie is not None and name in claims}

    def pick(self, authorize_url: str, person: Person, tenant: Tenant | None = None, browser: Any = None) -> str:
        """Pick a person on the sign-in page, as their click would; the address that the browser is sent on to.

        `browser` is a requests.Session that keeps the provider's cookie.
        """
        form = {"person": person.subject, "tenant": tenant.id if tenant else ""}
        response = (browser or requests).post(authorize_url, data=form, allow_redirects=False, timeout=PATIENCE)
        return response.headers["Location"]

    def throttle(self, path_prefix: str, times: int | None = 1, seconds: int = 1) -> None:
        """Answer 429 instead, in the provider's way of saying when to come back."""
        body, headers = self.provider.throttled(seconds)
        self.faults.answer(path_prefix, 429, times, body, headers)

    def event(self, name: str, *, person: Person | None = None, tenant: Tenant | None = None) -> dict[str, Any]:
        """The body of one of the provider's events, to be changed before it is sent, or sent twice."""
        return self.provider.event(name, person, tenant)

    def webhook(
        self,
        event: str | Mapping[str, Any],
        *,
        person: Person | None = None,
        tenant: Tenant | None = None,
        variant: str = "signed",
        secret: str | None = None,
    ) -> Message:
        """An event as it would be sent. `event` is a name of the provider's or a whole body.

        Variants: "signed", "wrong" (another secret), "absent", "none" (unsigned), "plain" (the secret itself).
        """
        body = self.event(event, person=person, tenant=tenant) if isinstance(event, str) else event
        return self.provider.webhook(body, variant=variant, secret=secret)

    def send_webhook(
        self, url: str, event: str | Mapping[str, Any], *, host: str | None = None, **options: Any
    ) -> requests.Response:
        """Send what `webhook` makes. `host` is the Host header, for a site that is told apart by its name."""
        return post(url, self.webhook(event, **options), host)

    def send_logout_token(
        self, url: str, person: Person, *, host: str | None = None, token: str | None = None, variant: str = "signed"
    ) -> requests.Response:
        """Back-channel log-out, as OpenID Connect has it. `token` sends one of `logout_token` (again)."""
        form = urlencode({"logout_token": token or self.logout_token(person, variant=variant)})
        return post(url, Message({"Content-Type": "application/x-www-form-urlencoded"}, form.encode()), host)

    def logout_token(self, person: Person, *, variant: str = "signed") -> str:
        """One such token. Variants: "signed"; badly signed "wrong" (a key of nobody's) and "none"; and ill-said "nonce"
        (has one), "audience" (another's), "no_event", "list" (the event in a list)."""
        return self.provider.logout_token(person, variant)


def post(url: str, message: Message, host: str | None = None) -> requests.Response:
    headers = {**message.headers, **({"Host": host} if host else {})}
    return requests.post(url, data=message.body, headers=headers, allow_redirects=False, timeout=PATIENCE)


def recorded(request: Request) -> Recorded:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Recorded(request.method, request.path, request.args.to_dict(), headers, request.get_data())


def allow_scripts(request: Request, response: Response) -> None:
    """Let pages of the site ask it, as a widget does. Every origin on loopback, with cookies."""
    origin = request.headers.get("Origin")
    if origin and Addresses.is_here(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Allow-Headers"] = request.headers.get("Access-Control-Request-Headers", "")
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"
        response.headers.add("Vary", "Origin")
