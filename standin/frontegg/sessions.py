"""Sessions of Frontegg's embedded box: refresh by cookie, and switching to another tenant."""

from dataclasses import replace
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from ..routing import Part, Refused, answer, bearer, body_of, route
from .tokens import moment

if TYPE_CHECKING:
    from ..server import StandIn
    from . import Frontegg


class Sessions(Part):
    def __init__(self, idp: "StandIn", provider: "Frontegg") -> None:
        super().__init__(idp)
        self.provider = provider

    @property
    def cookie(self) -> str:
        return f"fe_refresh_{self.provider.client_id.replace('-', '', 1)}"

    @route("/identity/resources/auth/v1/user/token/refresh", "POST")
    def refresh(self, request: Request) -> Response:
        value = request.cookies.get(self.cookie, "")
        try:
            grant = self.provider.flow.refreshed(value)
        except Refused:
            raise Refused(401, {"errors": ["Refresh token is not valid"]}) from None
        tokens = self.provider.tokens(grant)
        seconds = tokens["expires_in"]
        times = {"expiresIn": seconds, "expires": moment(self.idp.now() + seconds)}
        return answer({"accessToken": tokens["access_token"], "refreshToken": value, **times, "mfaRequired": False})

    @route("/identity/resources/users/v1/tenant", "PUT")
    def switch(self, request: Request) -> Response:
        """The active tenant of somebody: of the next tokens, those of a refresh included."""
        world, body = self.idp.world, body_of(request)
        person = world.people.get(request.headers.get("frontegg-user-id", ""))
        tenant = world.tenants.get(str(body.get("tenantId", "")))
        if not self.is_known(bearer(request) or request.headers.get("x-access-token", "")):
            raise Refused(401, {"errors": ["Unauthorized"]})
        if person is None or tenant is None or self.provider.flow.sign_in.hindrance(person, tenant):
            raise Refused(404, {"errors": ["The user is not in this tenant"]})
        for session in self.provider.flow.sign_in.sessions.values():
            session.tenant = tenant if session.person is person else session.tenant
        tokens = self.provider.flow.ledger.refresh_tokens
        for value, grant in list(tokens.items()):
            if grant.person is person:
                tokens[value] = replace(grant, tenant=tenant)
        return answer({"tenantId": tenant.id})

    def is_known(self, token: str) -> bool:
        return token in self.provider.gateway.vendor_tokens or token in self.provider.flow.ledger.access_tokens
