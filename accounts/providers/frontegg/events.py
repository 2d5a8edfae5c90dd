"""Frontegg's webhooks."""

from collections.abc import Mapping

from django.http import HttpRequest

from accounts.providers.events import Event, EventRefused, Events


class FronteggEvents(Events):
    def __init__(self, key: str, values: Mapping[str, str]):
        self.key, self.values = key, values

    def read(self, request: HttpRequest) -> list[Event]:
        raise EventRefused("no webhooks yet")
