"""Descope's OpenID Connect endpoints: the shared code flow, with refresh tokens that are JWTs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from werkzeug.routing import Rule

from ..grants import Grant, Ledger
from ..oauth import CodeFlow
from ..reading import Unreadable, read
from ..signin import SignIn

if TYPE_CHECKING:
    from ..server import StandIn
    from . import Descope


class JwtLedger(Ledger):
    """Refresh tokens are JWTs (DSR), the same for the code flow and for the project's API."""

    def __init__(self, idp: "StandIn") -> None:
        super().__init__()
        self.idp = idp
        self.known: set[str] = set()  # refresh tokens that were ever in it
        self.ended_at: dict[str, int] = {}  # by subject: when all of somebody's sessions were ended

    def add(self, tokens: dict[str, Grant], grant: Grant) -> str:
        if tokens is not self.refresh_tokens:
            return super().add(tokens, grant)
        value = self.idp.issue("refresh", grant.person, grant.tenant)
        self.known.add(value)
        tokens[value] = grant
        return value

    def adopt(self, token: str) -> None:
        """Take up a refresh token that a test minted. Raises Unreadable for one that is none."""
        if token in self.known:
            return
        claims = read(self.idp, token)
        person = self.idp.world.people.get(claims.get("dsub") or claims.get("sub", ""))
        if person is None or claims.get("drn") != "DSR" or claims["iat"] < self.ended_at.get(person.subject, 0):
            raise Unreadable("No refresh token, or of nobody any more")
        self.known.add(token)
        self.refresh_tokens[token] = self.grant(person.subject, str(claims.get("dct", "")), sid=token)

    def grant(self, subject: str, tenant_id: str, *, sid: str) -> Grant:
        world, now = self.idp.world, self.idp.now()
        return Grant(
            person=world.people[subject],
            tenant=world.tenants.get(tenant_id),
            sid=sid,
            auth_time=now,
            redirect_uri="",
            scope="openid",
            nonce="",
            audience="",
            challenge="",
            issued=now,
        )

    def end_all(self, subject: str) -> None:
        """End every session of a person, those of tokens never seen included."""
        self.ended_at[subject] = self.idp.now() + 1
        tokens = list(self.refresh_tokens.items())
        for sid in {grant.sid for _, grant in tokens if grant.person.subject == subject}:
            self.end(sid)


class ProjectFlow(CodeFlow):
    """Key set and discovery lie below the project's id, which is an option and so known only when rules are asked."""

    ledger: JwtLedger

    def __init__(self, idp: "StandIn", descope: "Descope") -> None:
        super().__init__(
            idp,
            descope,
            authorize="/oauth2/v1/authorize",
            token=["/oauth2/v1/token"],
            log_out=["/oauth2/v1/logout"],
            userinfo="/oauth2/v1/userinfo",
        )
        self.descope = descope
        self.ledger = JwtLedger(idp)
        self.sign_in = SignIn(idp, descope, self.ledger)

    def rules(self) -> Iterator[Rule]:
        project = self.descope.project_id
        self.paths["jwks_uri"] = f"/{project}/.well-known/jwks.json"
        self.discovery_path = f"/{project}/.well-known/openid-configuration"
        yield from super().rules()
