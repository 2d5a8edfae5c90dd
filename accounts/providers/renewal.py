"""New tokens for a refresh token. Asked for in one place, under the session's lock (flows/provider_sessions.py)."""

from collections.abc import Mapping
from typing import Any

from authlib.integrations.base_client import OAuthError

from accounts.exceptions import ProviderAway

from .base import Provider
from .hosted import Hosted
from .oauth import client_of
from .tokens import Tokens

# Errors of a token endpoint (RFC 6749, 5.2; OpenID Connect Core, 3.1.2.6) that are about the person, and about us.
OF_THE_PERSON = {
    "invalid_grant",
    "access_denied",
    "unauthorized",
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
    "mfa_required",
}
OF_OURS = {"invalid_client", "unauthorized_client"}


class RenewalRefused(Exception):
    """The provider says that the session is over, or gives no new token of the kind that stands for a person."""


class OddAnswer(ProviderAway):
    """It answers, and does not say that the session is over. What it answers to others may be as it should."""


def renew(provider: Provider, tokens: Tokens) -> Tokens:
    """The new tokens, with a refresh token that is good from now on: the old one may be worth nothing any more.

    Tokens of a code flow have come with an ID token, or from a provider that has no way of its own.
    Raises RenewalRefused, OddAnswer, ProviderAway.
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
            raise meant_by(error.error) from error
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise OddAnswer("refresh: an odd answer") from error
    return tokens_in(answer, hosted, before=tokens)


def meant_by(error: Any) -> Exception:
    """By a token endpoint's error. For one that is ours to mend, as for an unknown one, nobody is signed out."""
    if not isinstance(error, str):
        return OddAnswer("refresh: an odd error")
    if error in OF_THE_PERSON:
        return RenewalRefused()
    return (ProviderAway if error in OF_OURS else OddAnswer)(f"refresh: {error!a:.60}")


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
