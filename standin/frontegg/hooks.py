"""Frontegg's webhooks. The header `x-webhook-secret` holds a JWT made with the shared secret; the body is not bound."""

import json
from collections.abc import Mapping
from typing import Any

from ..provider import Message
from ..tokens import sign
from ..world import Person, Tenant, World
from .shapes import account, user

EVENTS = (
    *(f"frontegg.user.{what}" for what in ("updated", "created", "deleted", "invitedToTenant", "removedFromTenant")),
    *(f"frontegg.tenant.{what}" for what in ("updated", "created", "deleted")),
)


def event(world: World, client_id: str, name: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
    """`name` with or without its "frontegg." in front. Events of SCIM name no user but a constant."""
    key = name if name.startswith("frontegg.") else f"frontegg.{name}"
    context: dict[str, Any] = {"vendorId": client_id, "applicationId": client_id}
    body: dict[str, Any] = {"eventKey": key, "eventContext": context}
    if tenant:
        context["tenantId"] = tenant.id
        body["tenant"] = account(tenant)
    if person:
        context["userId"] = "idp_provisioned" if key.startswith("frontegg.scim.") else person.subject
        body["user"] = user(world, person, tenant)
    return body


def message(body: Mapping[str, Any], *, variant: str, secret: str, now: int) -> Message:
    headers = {"Content-Type": "application/json"}
    claims = {"iat": now}
    match variant:
        case "signed":
            headers["x-webhook-secret"] = sign(claims, header=None, algorithm="HS256", key=secret)
        case "wrong":
            headers["x-webhook-secret"] = sign(claims, header=None, algorithm="HS256", key=secret[::-1])
        case "none":
            headers["x-webhook-secret"] = sign(claims, header=None, algorithm="none")
        case "plain":
            headers["x-webhook-secret"] = secret
        case "absent":
            pass
        case _:
            raise ValueError(variant)
    return Message(headers, json.dumps(body).encode())
