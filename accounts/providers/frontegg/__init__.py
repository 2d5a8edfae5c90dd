"""Frontegg. Source: docs/providers/frontegg.md"""

from .profile import provider

__all__ = ["provider"]
