"""What every played provider has: its claims, its keys, its webhooks, its part of the environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from .keys import KeyRing
from .routing import Part
from .world import Person, Tenant, World

if TYPE_CHECKING:
    from .server import StandIn


@dataclass(frozen=True)
class Message:
    """A request that the provider sends by itself: a webhook, a log-out token."""

    headers: dict[str, str]
    body: bytes


class Provider(Part):
    """A subclass a provider. Its own marked methods and those of its `parts` answer requests.

    What a test changes (`client_id`, `jwt_algorithm` and the like) are attributes, set as options of the StandIn.
    """

    name: ClassVar[str]  # as the site names it: "frontegg"
    title: ClassVar[str]  # as its pages name it: "Frontegg"
    tenant_claim: ClassVar[str] = ""  # where the lie about the tenant goes
    lifetimes: ClassVar[Mapping[str, timedelta]] = {}  # of tokens, by kind: what `mint` knows
    events: ClassVar[Sequence[str]] = ()  # that the console offers to send
    open_to_scripts: ClassVar[bool] = False  # whether pages of the site may ask it (CORS), as widgets do

    def __init__(self, idp: "StandIn") -> None:
        super().__init__(idp)
        self.parts: list[Part] = [self]

    def subject_of(self, handle: str) -> str:
        """The subject of somebody new. Stable, so that a restarted demo knows the same people."""
        return World(self.name).subject_of(handle)

    def new_keys(self) -> KeyRing:
        return KeyRing(prefix=self.name)

    @property
    def issuer(self) -> str:
        return self.idp.url

    def environment(self) -> dict[str, str]:
        """The variables that point the site at it, beside those that name the provider."""
        raise NotImplementedError

    def claims(self, kind: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
        """What a token of `kind` says, but for `iat` and `exp`."""
        raise NotImplementedError

    def header(self, kind: str) -> dict[str, Any]:
        """Header fields of a token of `kind` beside typ, alg and kid."""
        return {}

    def signing(self, kind: str) -> tuple[str, Any]:
        """Algorithm and key that a token of `kind` is signed with."""
        return self.idp.keys.algorithm, self.idp.keys.current

    def throttled(self, seconds: int) -> tuple[Any, dict[str, str]]:
        """Body and headers of a 429 that says to come back in so many seconds."""
        return {"message": "Too many requests"}, {"Retry-After": str(seconds)}

    def event(self, name: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
        """The body of the webhook `name`."""
        raise NotImplementedError

    def webhook(self, body: Mapping[str, Any], *, variant: str, secret: str | None) -> Message:
        """The body as it is sent, signed as the provider signs. See StandIn.webhook for the variants."""
        raise NotImplementedError

    def logout_token(self, person: Person, variant: str) -> str:
        """See StandIn.logout_token."""
        raise NotImplementedError(f"{self.title} sends no log-out tokens.")
