"""Auth0's event streams: CloudEvents with a token that was agreed on. They come twice and in any order; since each
only has us ask Auth0 again, the order does not matter.

Source: docs/providers/directory.md, Auth0's page on best practices for events
"""

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from .events import Event, EventRefused, Events, demand_recent, json_of, moment_of, text
from .texts import mapping

ABOUT = ("organization.member.", "organization.group.", "organization.deleted", "group.", "user.")


class Auth0Events(Events):
    def read(self, request: HttpRequest) -> list[Event]:
        """Events of people name no organization: those are for the next reading of everybody."""
        agreed = self.values["WEBHOOK_TOKEN"]
        if not agreed or not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {agreed}"):
            raise EventRefused("another token")
        said = json_of(request.body)
        name, kind = text(said, "id"), text(said, "type")
        if not name or not kind:
            raise EventRefused("no event")
        demand_recent(moment_of(mapping(said).get("time")))
        if not kind.startswith(ABOUT):
            return []
        about = mapping(mapping(mapping(said).get("data")).get("object"))
        subject = text(about.get("user"), "user_id") or text(about, "user_id")
        return [Event(id=name, kind=kind, tenant=text(about.get("organization"), "id"), subject=subject)]
