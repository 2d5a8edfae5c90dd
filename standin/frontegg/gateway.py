"""The gateway: who may make management calls, the public key, roles of access tokens, audit lines."""

from collections.abc import Iterator
from functools import partial
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from ..routing import Handler, Part, Refused, answer, bearer, body_of, route
from ..world import Person, Role, Tenant
from .machines import Machine

if TYPE_CHECKING:
    from ..server import StandIn
    from . import Frontegg

LOOKUPS = {"users": "userAccessToken", "tenants": "tenantAccessToken"}


class Gateway(Part):
    """What needs no vendor token is here by itself: getting one. The rest is guarded; see VendorPart."""

    def __init__(self, idp: "StandIn", provider: "Frontegg") -> None:
        super().__init__(idp)
        self.provider = provider
        self.vendor_tokens: set[str] = set()
        self.audits: list[dict[str, Any]] = []

    def rules(self) -> Iterator[Rule]:
        yield from super().rules()
        yield from Vendor(self.idp, self).rules()

    @route("/auth/vendor/", "POST")
    def authenticate(self, request: Request) -> Response:
        body = body_of(request)
        pair = (str(body.get("clientId", "")), str(body.get("secret", "")))
        ours = (self.provider.client_id, self.provider.api_key)
        if not all(compare_digest(given.encode(), own.encode()) for given, own in zip(pair, ours, strict=True)):
            raise Refused(401, {"errors": ["Invalid credentials"]})
        token = self.idp.issue("vendor", None, None)
        self.vendor_tokens.add(token)
        return answer({"token": token, "expiresIn": int(self.provider.lifetimes["vendor"].total_seconds())})


class VendorPart(Part):
    """Management calls. Each needs a vendor token, as Bearer or, as the SDK sends it, in `x-access-token`."""

    def __init__(self, idp: "StandIn", gateway: Gateway) -> None:
        super().__init__(idp)
        self.gateway = gateway

    def rules(self) -> Iterator[Rule]:
        for rule in super().rules():
            rule.endpoint = partial(self.guarded, rule.endpoint)
            yield rule

    def guarded(self, handler: Handler, request: Request, **values: Any) -> Response:
        token = bearer(request) or request.headers.get("x-access-token", "")
        if token not in self.gateway.vendor_tokens:
            raise Refused(401, {"errors": ["Unauthorized"]})
        return handler(request, **values)

    def tenant_of(self, request: Request) -> Tenant:
        """The tenant of the header, which is needed. Raises Refused."""
        tenant = self.tenant_named(request)
        if tenant is None:
            raise Refused(400, {"errors": ["frontegg-tenant-id header is required"]})
        return tenant

    def tenant_named(self, request: Request) -> Tenant | None:
        """The tenant of the header, if there is one. Raises Refused where it names none of ours."""
        name = request.headers.get("frontegg-tenant-id")
        return self.tenant(name) if name else None

    def tenant(self, name: str) -> Tenant:
        if name not in self.world.tenants:
            raise Refused(404, {"errors": ["Tenant not found"]})
        return self.world.tenants[name]

    def person(self, subject: str) -> Person:
        if subject not in self.world.people:
            raise Refused(404, {"errors": ["User not found"]})
        return self.world.people[subject]

    def roles(self, ids: Any) -> list[Role]:
        """The roles of these ids. Raises Refused with 400 for one that is unknown."""
        by_id = {role.id: role for role in self.world.roles.values()}
        if not isinstance(ids, list) or any(not isinstance(each, str) or each not in by_id for each in ids):
            raise Refused(400, {"errors": ["Role not found"]})
        return [by_id[each] for each in ids]


class Vendor(VendorPart):
    @route("/identity/resources/configurations/v1/")
    def configuration(self, request: Request) -> Response:
        provider = self.gateway.provider
        own = {"publicKey": self.idp.keys.current.public_pem, "jwtAlgorithm": provider.jwt_algorithm}
        return answer({**own, "jwtSecret": provider.jwt_secret})

    @route("/identity/resources/vendor-only/<any(users, tenants):whose>/access-tokens/v1/active")
    def active(self, request: Request, whose: str) -> Response:
        return answer([machine.id for machine in self.machines(whose)])

    @route("/identity/resources/vendor-only/<any(users, tenants):whose>/access-tokens/v1/<token_id>")
    def lookup(self, request: Request, whose: str, token_id: str) -> Response:
        for machine in self.machines(whose):
            if machine.id == token_id:
                roles = machine.roles_in(self.world)
                rights = {"roles": roles, "permissions": self.world.permissions_of(roles)}
                return answer({"id": machine.id, "tenantId": machine.tenant and machine.tenant.id, **rights})
        raise Refused(404, {"errors": ["Access token not found"]})

    def machines(self, whose: str) -> list[Machine]:
        machines = self.gateway.provider.machines.by_id.values()
        return [each for each in list(machines) if each.kind == LOOKUPS[whose] and each.active]

    @route("/audits/", "POST")
    def audit(self, request: Request) -> Response:
        self.gateway.audits.append({**body_of(request), "tenantId": request.headers.get("frontegg-tenant-id")})
        return answer(self.gateway.audits[-1])
