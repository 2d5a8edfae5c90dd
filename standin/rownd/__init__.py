"""Rownd: the API (app, keys, users, groups) and the Hub's script on one host.

Sources: Rownd's OpenAPI file and documentation of August 2025, its packages for Django and Go; SuperTokens' migration
plugin. Status codes and error texts are what its clients expect where these are silent.
"""

import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from ..keys import KeyRing
from ..provider import Message, Provider
from ..reading import Unreadable, read
from ..routing import answer, bearer, body_of, route
from ..world import Person, Tenant, stable_id
from . import tokens
from .directory import Groups, Members, Users
from .errors import wrong
from .hub import Hub
from .invitations import Invitation, Invitations, Links

if TYPE_CHECKING:
    from ..server import StandIn


class Rownd(Provider):
    """`app_key` is public, on every page; `app_secret` is the server's."""

    name, title = "rownd", "Rownd"
    open_to_scripts = True
    lifetimes = tokens.LIFETIMES
    events = ("data_insert", "data_update", "visibility_update", "delete")

    app_id = "app_standin"
    app_name = "Stand-in"
    app_key = "key_standin"
    app_secret = "ras_standin_secret"

    def __init__(self, idp: "StandIn") -> None:
        super().__init__(idp)
        self.refresh_tokens: dict[str, str] = {}  # token -> subject
        self.invitations: dict[str, Invitation] = {}
        self.levels: dict[str, str] = {}  # by subject, where it does not follow from `verified`: instant, guest
        self.parts += [Hub(idp, self), Links(self), Users(idp, self), Groups(idp, self), Members(idp, self)]
        self.parts += [Invitations(idp, self)]

    def subject_of(self, handle: str) -> str:
        """The user id. The token's own `sub` is another one; see tokens.sign_in_identity."""
        return "user_" + stable_id(self.name, "person", handle).replace("-", "")[:20]

    def new_keys(self) -> KeyRing:
        return KeyRing("EdDSA", prefix="sig")

    def environment(self) -> dict[str, str]:
        return {
            "ROWND_API_URL": self.idp.url,
            "ROWND_HUB_SRC": self.idp.url + Hub.SCRIPT,
            "ROWND_APP_KEY": self.app_key,
            "ROWND_APP_SECRET": self.app_secret,
            "ROWND_APP_ID": self.app_id,
        }

    def claims(self, kind: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
        """`tenant` changes nothing: Rownd's tokens name none."""
        return tokens.claims(kind, self, person)

    def level(self, person: Person) -> str:
        """How sure Rownd is of somebody: verified, unverified, guest or instant."""
        return self.levels.get(person.subject) or ("verified" if person.verified else "unverified")

    def issued(self, person: Person) -> dict[str, str]:
        """A fresh pair of tokens."""
        refresh_token = self.idp.issue("refresh", person, None)
        self.refresh_tokens[refresh_token] = person.subject
        return {"access_token": self.idp.issue("user", person, None), "refresh_token": refresh_token}

    def sign_out(self, person: Person) -> None:
        """End what was issued to somebody; access tokens live on until they expire, as Rownd's do."""
        for token in [token for token, subject in self.refresh_tokens.items() if subject == person.subject]:
            del self.refresh_tokens[token]

    @route("/hub/auth/keys")
    def key_set(self, request: Request) -> Response:
        return answer({"keys": []} if self.idp.faults.keys_dropped else self.idp.keys.jwks())

    @route("/hub/auth/.well-known/oauth-authorization-server")
    def metadata(self, request: Request) -> Response:
        ours = {"token_endpoint": "/hub/auth/token", "jwks_uri": "/hub/auth/keys"}
        issuer = self.idp.faults.discovery_issuer or self.issuer
        return answer({"issuer": issuer, **{name: self.idp.url + path for name, path in ours.items()}})

    @route("/hub/auth/token", "POST")
    def refresh(self, request: Request) -> Response:
        """A refresh token against a fresh pair; it keeps its worth unless it is to rotate."""
        token = str(body_of(request).get("refresh_token", ""))
        person = self.idp.world.people.get(self.refresh_tokens.get(token, ""))
        if person is None or person.locked:
            raise wrong(400, "Invalid refresh token")
        if self.idp.faults.rotate_refresh_tokens:
            del self.refresh_tokens[token]
            return answer(self.issued(person))
        return answer({"access_token": self.idp.issue("user", person, None), "refresh_token": token})

    @route("/plugin/rownd/migrate", "POST")
    @route("/auth/plugin/rownd/migrate", "POST")
    def migrate(self, request: Request) -> Response:
        """The way out: SuperTokens' plugin takes a Rownd token and starts a session of its own."""
        try:
            claims = read(self.idp, bearer(request))
        except Unreadable:
            raise wrong(401, "Invalid token") from None
        handle = secrets.token_hex(16)
        headers = {"st-access-token": handle, "front-token": handle[::-1]}
        return answer({"status": "OK", "userId": claims.get(tokens.USER_ID)}, headers=headers)

    def event(self, name: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
        """Of changed data alone: there are no events about groups, members or roles."""
        if name not in self.events or person is None:
            raise ValueError(f"Rownd sends {', '.join(self.events)}, each about a person.")
        looked_up = [{"field": "email", "value": person.email}] if person.email else []
        data = {"user_id": person.subject, "email": person.email}
        return {"data": data, "redacted": [], "meta": {"operation": name, "lookup_values": looked_up}}

    def webhook(self, body: Mapping[str, Any], *, variant: str, secret: str | None) -> Message:
        """Rownd signs nothing, whatever the variant: a secret belongs in the address."""
        return Message({"Content-Type": "application/json"}, json.dumps(body).encode())


__all__ = ["Rownd"]
