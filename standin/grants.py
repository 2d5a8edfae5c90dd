"""The token endpoint: client authentication, codes that work once, PKCE, refresh tokens."""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote_plus

from werkzeug.wrappers import Request

from .routing import Refused
from .tokens import base64url
from .world import Person, Tenant

CODE_LIFETIME = 60  # seconds


@dataclass(frozen=True)
class Grant:
    """What somebody signed in for: the ground on which tokens are issued."""

    person: Person
    tenant: Tenant | None
    sid: str  # of the provider's own session
    auth_time: int
    redirect_uri: str
    scope: str
    nonce: str
    audience: str
    challenge: str
    issued: int


class Ledger:
    """What was issued and still counts. A provider's flow has one."""

    def __init__(self) -> None:
        self.codes: dict[str, Grant] = {}
        self.refresh_tokens: dict[str, Grant] = {}
        self.access_tokens: dict[str, Grant] = {}
        self.spent: dict[str, str] = {}  # a code or rotated refresh token -> sid

    def add(self, tokens: dict[str, Grant], grant: Grant) -> str:
        value = secrets.token_urlsafe(32)
        tokens[value] = grant
        return value

    def spend(self, tokens: dict[str, Grant], value: str) -> Grant:
        """Take it once. The second time, all that came of it ends too. Raises Refused."""
        grant = tokens.pop(value, None)
        if grant is None:
            self.end(self.spent.get(value, ""))
            raise invalid_grant("It is unknown, expired or used already.")
        self.spent[value] = grant.sid
        return grant

    def end(self, sid: str) -> None:
        """End what was issued in one session of the provider's."""
        for tokens in (self.codes, self.refresh_tokens, self.access_tokens):
            for value in [value for value, grant in list(tokens.items()) if grant.sid == sid]:
                tokens.pop(value, None)


def invalid_grant(why: str) -> Refused:
    return Refused(400, {"error": "invalid_grant", "error_description": why})


def authenticate(request: Request, body: dict[str, Any], client_id: str, client_secret: str) -> None:
    """The client by Basic or by its body. Raises Refused with 401."""
    given_id, given_secret = basic(request) or (str(body.get("client_id", "")), str(body.get("client_secret", "")))
    same_id = compare_digest(given_id.encode(), client_id.encode())
    if not (compare_digest(given_secret.encode(), client_secret.encode()) and same_id):
        refusal = {"error": "invalid_client", "error_description": "Client id or secret is wrong."}
        raise Refused(401, refusal, {"WWW-Authenticate": "Basic"})


def basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        given_id, _, given_secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(given_id), unquote_plus(given_secret)


def check_verifier(challenge: str, verifier: str) -> None:
    """PKCE, S256: the verifier that belongs to the challenge, or none where none was announced. Raises Refused."""
    if not challenge and not verifier:
        return
    digest = base64url(hashlib.sha256(verifier.encode()).digest())
    if not compare_digest(digest.encode(), challenge.encode()):
        raise invalid_grant("The code verifier does not belong to the challenge.")
