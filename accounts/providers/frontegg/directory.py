"""Frontegg's directory of people, by its SDK."""

from collections.abc import Mapping

from accounts.providers.directory import Directory


class FronteggDirectory(Directory):
    def __init__(self, values: Mapping[str, str]):
        self.values = values
