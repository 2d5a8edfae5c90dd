"""Machine tokens: API tokens, exchanged for a JWT, and access tokens, whose roles the gateway knows."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from ..routing import Part, Refused, answer, body_of, route
from ..world import Person, Tenant, World
from .tokens import moment

if TYPE_CHECKING:
    from ..server import StandIn
    from . import Frontegg


@dataclass(eq=False)
class Machine:
    """`id` is the token's subject, and its client id where it is exchanged."""

    id: str
    kind: str
    person: Person | None
    tenant: Tenant | None
    roles: list[str] = field(default_factory=list)  # of a tenant's token; a person's follow the person
    active: bool = True
    secret: str = field(default_factory=secrets.token_hex)

    @property
    def creator(self) -> str:
        return self.person.subject if self.person else ""

    def roles_in(self, world: World) -> list[str]:
        return world.roles_of(self.person, self.tenant) if self.person else list(self.roles)


class Machines:
    """All of them, by id."""

    def __init__(self, idp: "StandIn") -> None:
        self.idp = idp
        self.by_id: dict[str, Machine] = {}

    def add(
        self, kind: str, *, person: Person | None = None, tenant: Tenant | None = None, roles: Iterable[str] = ()
    ) -> Machine:
        machine = Machine(f"tok-{len(self.by_id) + 1}", kind, person, tenant, list(roles))
        for key in machine.roles:
            if key not in self.idp.world.roles:
                self.idp.world.add_role(key)
        self.by_id[machine.id] = machine
        return machine

    def of(self, kind: str, person: Person | None, tenant: Tenant | None) -> Machine:
        """The one of this person and tenant, made at first sight."""
        for machine in self.by_id.values():
            if (machine.kind, machine.person, machine.tenant) == (kind, person, tenant):
                return machine
        return self.add(kind, person=person, tenant=tenant)


class ApiTokens(Part):
    """API tokens: id and secret against a JWT, and its refresh."""

    def __init__(self, idp: "StandIn", provider: "Frontegg") -> None:
        super().__init__(idp)
        self.provider = provider
        self.refresh_tokens: dict[str, Machine] = {}

    @route("/identity/resources/auth/v2/api-token", "POST")
    def exchange(self, request: Request) -> Response:
        body = body_of(request)
        machine = self.provider.machines.by_id.get(str(body.get("clientId", "")))
        if not (machine and machine.active and secrets.compare_digest(machine.secret, str(body.get("secret", "")))):
            raise Refused(401, {"errors": ["Invalid credentials"]})
        return self.issue(machine)

    @route("/identity/resources/auth/v2/api-token/token/refresh", "POST")
    def refresh(self, request: Request) -> Response:
        body = body_of(request)
        machine = self.refresh_tokens.pop(str(body.get("refreshToken", "")), None)
        if machine is None or not machine.active:
            raise Refused(401, {"errors": ["Refresh token is not valid"]})
        return self.issue(machine)

    def issue(self, machine: Machine) -> Response:
        refresh_token = secrets.token_urlsafe(24)
        self.refresh_tokens[refresh_token] = machine
        seconds = int(self.provider.lifetimes[machine.kind].total_seconds())
        tokens: dict[str, Any] = {
            "access_token": self.idp.issue(machine.kind, machine.person, machine.tenant, sub=machine.id),
            "refresh_token": refresh_token,
        }
        return answer({**tokens, "expires_in": seconds, "expires": moment(self.idp.now() + seconds)})
