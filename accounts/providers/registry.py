"""The providers whose tokens are accepted here."""

from . import local
from .base import Provider


def providers() -> list[Provider]:
    return [local.provider()]
