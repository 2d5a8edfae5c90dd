"""Frontegg's webhooks. The header `x-webhook-secret` holds a JWT made with the shared secret, which does not bind the
body: whoever has seen one may send another body with it for five minutes, and has us ask Frontegg once more.

Source: docs/providers/directory.md, Frontegg's page on the authentication of webhooks
"""

from typing import Any

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts.exceptions import CredentialRefused
from accounts.providers import verifier
from accounts.providers.events import (
    Event,
    EventRefused,
    Events,
    demand_recent,
    fingerprint,
    json_of,
    moment_of,
    text,
)
from accounts.providers.texts import mapping

HEADER = "x-webhook-secret"
ABOUT = ("frontegg.user.", "frontegg.group.", "frontegg.tenant.", "frontegg.scim.")
# Of people, but of nothing that we keep.
OF_NO_INTEREST = ("authenticated", "failedAuthentication", "MFA", "Password")
NOBODY = "idp_provisioned"  # whom events of SCIM name


class FronteggEvents(Events):
    def read(self, request: HttpRequest) -> list[Event]:
        sent = request.headers.get(HEADER, "")
        self.demand_signed(sent)
        said = json_of(request.body)
        kind = text(said, "eventKey") or text(said, "key")
        if not kind:
            raise EventRefused("no event")
        if not kind.startswith(ABOUT) or any(word in kind for word in OF_NO_INTEREST):
            return []
        return [
            Event(
                id=fingerprint(sent, request.body),
                kind=kind,
                tenant=text(mapping(said).get("eventContext"), "tenantId"),
                subject=subject_of(said),
            )
        ]

    def demand_signed(self, sent: str) -> None:
        """By a JWT; by the mere secret only where the environment is set up for that, and then by nothing else."""
        plain = self.values["WEBHOOK_PLAIN_SECRET"]
        if plain:
            if not constant_time_compare(sent, plain):
                raise EventRefused("another secret")
            return
        try:
            claims = verifier.verify_shared(sent, self.values["WEBHOOK_SECRET"])
        except CredentialRefused as refusal:
            raise EventRefused(refusal.reason) from refusal
        if not isinstance(claims.get("iat"), int):
            raise EventRefused("a token that does not say when it was made")
        demand_recent(moment_of(claims["iat"] * 1000))


def subject_of(said: Any) -> str:
    named = text(mapping(said).get("eventContext"), "userId")
    if named and named != NOBODY:
        return named
    person = mapping(said).get("user") or mapping(mapping(said).get("data")).get("user")
    return text(person, "id")
