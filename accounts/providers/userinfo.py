"""A person as his provider describes him when it is asked: for tokens that say nothing of his address."""

from collections.abc import Mapping
from typing import Any

from accounts.exceptions import CredentialRefused, ProviderAway

from . import http
from .base import Claims, Profile
from .texts import is_text


def answered(url: str, claims: Claims, **kwargs) -> Mapping[str, Any]:
    """Raises ProviderAway, and CredentialRefused where the provider does not know its own token, or its person."""
    answer = http.ask("GET", url, **kwargs)
    if answer.status in (400, 401, 403, 404):
        raise CredentialRefused(f"its provider answers {answer.status} about it", actor=claims.actor)
    if answer.status != 200:
        raise ProviderAway(f"status {answer.status}")
    said = answer.json()
    if not isinstance(said, Mapping):
        raise ProviderAway("an answer that is no object")
    return said


def profile_of(said: Any, *, subject: str, verified: str, claims: Claims) -> Profile:
    """`subject` and `verified` are the provider's words. An address counts as verified by the one value `true`.

    Raises ProviderAway for what is about somebody else (OpenID Connect Core 1.0, section 5.3.2).
    """
    if not isinstance(said, Mapping) or said.get(subject) != claims.subject:
        raise ProviderAway("a profile of somebody else")
    email, name = said.get("email"), said.get("name")
    known = email.lower() if is_text(email) else ""
    is_verified = said.get(verified) is True and bool(known)
    return Profile(email=known, email_verified=is_verified, name=name if is_text(name) else "")
