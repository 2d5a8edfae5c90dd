"""Descope's audit webhook, signed by HMAC: over the body as it was sent, or over the same in compact JSON.

Source: docs/providers/directory.md, Descope's pages on the audit webhook and its HMAC
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from .events import (
    MOST_EVENTS,
    Event,
    EventRefused,
    Events,
    demand_recent,
    fingerprint,
    json_of,
    moment_of,
    text,
)
from .texts import mapping

HEADER = "x-descope-webhook-s256"
ABOUT = ("User", "Users", "Tenant", "Role", "SSO", "Group")


class DescopeEvents(Events):
    def read(self, request: HttpRequest) -> list[Event]:
        said = self.signed(request.body, request.headers.get(HEADER, ""))
        rows = said if isinstance(said, list) else [said]
        if not 0 < len(rows) <= MOST_EVENTS or not all(text(row, "action") for row in rows):
            raise EventRefused("no event")
        for row in rows:
            demand_recent(moment_of(row.get("occurred")))
            if text(row, "projectId") != self.values["PROJECT_ID"]:
                raise EventRefused("another project's")
        return [event for row in rows if text(row, "action").startswith(ABOUT) for event in events_of(row)]

    def signed(self, body: bytes, signature: str) -> Any:
        """What the body says, if it was signed with our secret. Raises EventRefused."""
        secret = self.values["WEBHOOK_SECRET"]
        if not secret or not signature:
            raise EventRefused("no signature")
        if is_signed(body, signature, secret):
            return json_of(body)
        said = json_of(body)
        compact = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        if not is_signed(compact, signature, secret):
            raise EventRefused("another signature")
        return said


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    made = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return constant_time_compare(made, signature)


def events_of(row: Mapping[str, Any]) -> list[Event]:
    """One for each tenant that it names."""
    tenants = row.get("tenants")
    named = [each for each in tenants if isinstance(each, str)][:MOST_EVENTS] if isinstance(tenants, list) else []
    said = json.dumps(mapping(row), sort_keys=True)
    kind, subject = text(row, "action"), text(row, "userId")
    return [Event(fingerprint(said, tenant), kind, tenant, subject) for tenant in named]
