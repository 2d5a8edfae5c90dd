"""The audit webhook: what it says, and its HMAC in `x-descope-webhook-s256`."""

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from ..provider import Message
from ..world import Person, Tenant

if TYPE_CHECKING:
    from . import Descope

HEADER = "x-descope-webhook-s256"


def event(descope: "Descope", action: str, person: Person | None, tenant: Tenant | None) -> dict[str, Any]:
    """Actions: UserCreated, UserModified, UserDeleted, LoginSucceed, LoginFailed and the like."""
    return {
        "action": action,
        "actorId": "standin",
        "userId": person.subject if person else "",
        "externalIds": [person.email] if person else [],
        "occurred": descope.idp.now() * 1000,
        "tenants": [tenant.id] if tenant else [],
        "projectId": descope.project_id,
        "data": {},
    }


def message(body: Any, *, variant: str, secret: str) -> Message:
    """Beside StandIn.webhook's variants, "restyled": signed as compact JSON, but sent with blanks."""
    compact = json.dumps(body, separators=(",", ":")).encode()
    sent = json.dumps(body, indent=1).encode() if variant == "restyled" else compact
    signature = {
        "signed": hmac_of(compact, secret),
        "restyled": hmac_of(compact, secret),
        "wrong": hmac_of(compact, "another " + secret),
        "absent": None,
        "none": "",
        "plain": secret,
    }[variant]
    headers = {"Content-Type": "application/json"}
    return Message(headers if signature is None else {**headers, HEADER: signature}, sent)


def hmac_of(raw: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()
