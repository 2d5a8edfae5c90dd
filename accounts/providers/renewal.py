"""New tokens for a refresh token. Asked for in one place, under the session's lock (flows/provider_sessions.py)."""

from collections.abc import Mapping
from typing import Any

from authlib.integrations.base_client import OAuthError

from accounts.exceptions import ProviderAway

from .base import Provider
from .hosted import Hosted
from .oauth import client_of
from .tokens import Tokens


class RenewalRefused(Exception):
    """The provider says that the session is over, or gives no new token of the kind that stands for a person."""


def renew(provider: Provider, tokens: Tokens) -> Tokens:
    """The new tokens, with a refresh token that is good from now on: the old one may be worth nothing any more.

    Tokens of a code flow have come with an ID token, or from a provider that has no way of its own.
    Raises RenewalRefused, ProviderAway.
    """
    if not tokens.refresh:
        raise RenewalRefused
    if provider.renew and not tokens.id:
        return provider.renew(tokens)
    if provider.hosted:
        return by_code_flow(provider.hosted, tokens)
    raise RenewalRefused


def by_code_flow(hosted: Hosted, tokens: Tokens) -> Tokens:
    with client_of(hosted) as client:
        try:
            answer = client.refresh_token(hosted.token(), refresh_token=tokens.refresh)
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise RenewalRefused from error
            raise ProviderAway(f"refresh: {error.error}") from error  # ours to mend: nobody is signed out for it
        except (ValueError, TypeError, AttributeError) as error:
            raise ProviderAway("refresh: an odd answer") from error
    return tokens_in(answer, hosted, before=tokens)


def tokens_in(answer: Mapping[str, Any], hosted: Hosted, before: Tokens) -> Tokens:
    """Of a token endpoint's answer. What it does not repeat stays as it was, but for the session's own token."""
    session = text(answer, hosted.session_token)
    if not session:
        raise RenewalRefused
    refresh, id_token = text(answer, "refresh_token"), text(answer, "id_token")
    return Tokens(session=session, refresh=refresh or before.refresh, id=id_token or before.id)


def text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    return value if isinstance(value, str) else ""
