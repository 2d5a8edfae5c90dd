"""Hosted sign-in as Frontegg, Auth0, Descope and plain OIDC share it: authorize, token, userinfo, log-out, discovery.

A provider that has it is a HostedProvider; its CodeFlow says at which paths, and asks it for what differs.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from .grants import CODE_LIFETIME, Grant, Ledger, authenticate, check_verifier, invalid_grant
from .provider import Provider
from .routing import Part, Refused, answer, bearer, body_of
from .signin import Session, SignIn
from .world import Person

if TYPE_CHECKING:
    from .server import StandIn


class HostedProvider(Provider):
    """A provider with a hosted sign-in page. `flow` is its CodeFlow."""

    client_id: str
    client_secret: str
    flow: "CodeFlow"
    needs_pkce: bool = False
    picks_tenant: ClassVar[bool] = True  # whether somebody signs in to a tenant though the site named none
    founds_tenant: ClassVar[bool] = False  # whether signing up makes a tenant too
    names_issuer: ClassVar[bool] = False  # whether `iss` goes along with the code (RFC 9207)

    def tokens(self, grant: Grant) -> dict[str, Any]:
        """`access_token`, `id_token` and `expires_in` of the answer of the token endpoint."""
        raise NotImplementedError

    def access_token(self, kind: str, grant: Grant, **facts: Any) -> str:
        """One that is issued to the site; under the fault of that name one that says nothing."""
        if self.idp.faults.opaque_access_tokens:
            return secrets.token_urlsafe(32)
        return self.idp.issue(kind, grant.person, grant.tenant, **facts)

    def gives_refresh_token(self, grant: Grant) -> bool:
        return True

    def machine_token(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to grant_type=client_credentials, from a client that said who it is."""
        raise Refused(400, {"error": "unsupported_grant_type"})

    def profile(self, grant: Grant) -> dict[str, Any]:
        """What userinfo says."""
        person = grant.person
        return {"sub": person.subject, "name": person.name, "email": person.email, "email_verified": person.verified}

    def asked_tenant(self, request: Request) -> str:
        """The id of the tenant that the site wants somebody to sign in to, or an empty text."""
        return request.args.get("organization", "")

    def accept(self, person: Person, ticket: str) -> None:
        """Take up the invitation of the ticket. Raises LookupError where it is not theirs."""
        raise LookupError(ticket)

    def signed_out(self, session: Session) -> None:
        """Somebody signed out here: tell the site, where the provider does."""

    def discovery(self) -> dict[str, Any]:
        """What the discovery document says beside the addresses."""
        return {}


class CodeFlow(Part):
    """The code flow at the paths that are given; the first of each is the one that discovery names."""

    def __init__(
        self,
        idp: "StandIn",
        provider: HostedProvider,
        *,
        authorize: str,
        token: Sequence[str],
        log_out: Sequence[str],
        userinfo: str,
        jwks: str = "/.well-known/jwks.json",
        discovery: str = "/.well-known/openid-configuration",
    ) -> None:
        super().__init__(idp)
        self.provider = provider
        self.paths = {
            "authorization_endpoint": authorize,
            "token_endpoint": token[0],
            "userinfo_endpoint": userinfo,
            "jwks_uri": jwks,
            "end_session_endpoint": log_out[0],
        }
        self.token_paths, self.log_out_paths, self.discovery_path = token, log_out, discovery
        self.ledger = Ledger()
        self.sign_in = SignIn(idp, provider, self.ledger)

    def rules(self) -> Iterator[Rule]:
        yield Rule(self.paths["authorization_endpoint"], methods=["GET", "POST"], endpoint=self.sign_in.authorize)
        for path in self.token_paths:
            yield Rule(path, methods=["POST"], endpoint=self.token)
        for path in self.log_out_paths:
            yield Rule(path, methods=["GET"], endpoint=self.sign_in.log_out)
        yield Rule(self.paths["userinfo_endpoint"], methods=["GET", "POST"], endpoint=self.userinfo)
        yield Rule(self.paths["jwks_uri"], methods=["GET"], endpoint=self.jwks)
        yield Rule(self.discovery_path, methods=["GET"], endpoint=self.discovery)

    def discovery(self, request: Request) -> Response:
        return answer(
            {
                "issuer": self.idp.faults.discovery_issuer or self.provider.issuer,
                **{name: self.idp.url + path for name, path in self.paths.items()},
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [self.idp.keys.algorithm],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                **({"authorization_response_iss_parameter_supported": True} if self.provider.names_issuer else {}),
                **self.provider.discovery(),
            }
        )

    def jwks(self, request: Request) -> Response:
        return answer({"keys": []} if self.idp.faults.keys_dropped else self.idp.keys.jwks())

    def token(self, request: Request) -> Response:
        body = body_of(request)
        authenticate(request, body, self.provider.client_id, self.provider.client_secret)
        match body.get("grant_type"):
            case "authorization_code":
                return self.issue(self.from_code(body), fresh=True)
            case "refresh_token":
                return self.from_refresh_token(body)
            case "client_credentials":
                return answer(self.provider.machine_token(body))
        raise Refused(400, {"error": "unsupported_grant_type"})

    def from_code(self, body: dict[str, Any]) -> Grant:
        grant = self.ledger.spend(self.ledger.codes, str(body.get("code", "")))
        if self.idp.now() - grant.issued > CODE_LIFETIME:
            raise invalid_grant("The code has expired.")
        if body.get("redirect_uri") != grant.redirect_uri:
            raise invalid_grant("The code belongs to another redirect_uri.")
        check_verifier(grant.challenge, str(body.get("code_verifier", "")))
        return grant

    def from_refresh_token(self, body: dict[str, Any]) -> Response:
        value = str(body.get("refresh_token", ""))
        grant = self.refreshed(value)
        if self.idp.faults.rotate_refresh_tokens:
            self.ledger.spend(self.ledger.refresh_tokens, value)
            return self.issue(grant, fresh=True)
        return self.issue(grant, fresh=False)

    def refreshed(self, value: str) -> Grant:
        """The ground of a refresh token, as long as the person still has what it was issued for. Raises Refused."""
        grant = self.ledger.refresh_tokens.get(value)
        if grant is None:
            grant = self.ledger.spend(self.ledger.refresh_tokens, value)
        if why := self.sign_in.hindrance(grant.person, grant.tenant):
            raise invalid_grant(why)
        return replace(grant, nonce="")

    def issue(self, grant: Grant, *, fresh: bool) -> Response:
        """Tokens on this ground, with a new refresh token if `fresh`."""
        tokens = {"token_type": "Bearer", "scope": grant.scope, **self.provider.tokens(grant)}
        if fresh and self.provider.gives_refresh_token(grant):
            tokens["refresh_token"] = self.ledger.add(self.ledger.refresh_tokens, grant)
        self.ledger.access_tokens[tokens["access_token"]] = grant
        return answer(tokens)

    def userinfo(self, request: Request) -> Response:
        grant = self.ledger.access_tokens.get(bearer(request))
        if grant is None:
            raise Refused(401, {"error": "invalid_token"}, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        lie = self.idp.faults.userinfo_subject
        return answer({**self.provider.profile(grant), **({"sub": lie} if lie else {})})
