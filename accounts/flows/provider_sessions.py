"""Browsers of people who signed in at an identity provider. Their tokens are kept on the server, beside the session.

Each request of such a session asks anew: is the token still good, is it of this tenant, is it the session's person.
A token that is about to end is exchanged for a new one, in one place, under a lock.
Source: docs/decisions/0018-provider-sessions.md
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY, login, logout
from django.core.cache import cache
from django.db import OperationalError, transaction
from django.utils import timezone

from accounts.audit.context import in_the_name_of
from accounts.exceptions import CredentialRefused, ProviderAway, SessionOver
from accounts.identity import Identity
from accounts.models import ProviderSession, User
from accounts.providers import verifier
from accounts.providers.base import SESSION, Claims, Provider
from accounts.providers.renewal import OddAnswer, RenewalRefused, renew
from accounts.providers.tokens import Tokens
from tenants.sealing import Unsealable

from . import profiles, recognise, session_places

__all__ = ["BACKEND", "Tokens", "end", "identity_of", "start"]

logger = logging.getLogger(__name__)

BACKEND = "accounts.backends.ProviderBackend"
# A token is renewed this long before its end. Whoever meets another's renewal meanwhile goes on with the old one.
EARLY = timedelta(seconds=60)
# After a renewal that was not answered, nobody of this tenant waits for another one for so long.
AWAY_FOR = timedelta(seconds=10)


def start(request, user: User, claims: Claims, provider: Provider, tokens: Tokens) -> None:
    """Sign `user` in, as somebody who has just proved at his provider who he is.

    `claims` are those of `tokens.session`, verified for this tenant; `user` is whom they name here. The session has
    a new key afterwards; one that this browser had before is over.
    """
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    if SESSION_KEY in request.session:  # of the same person, login() would keep the key
        request.session.cycle_key()
    login(request, user, backend=BACKEND)
    record_authentication(request, user, method="provider", provider=provider.key)
    kept = ProviderSession.objects.create(
        listed=UserSession.objects.get(session_key=request.session.session_key),
        provider=provider.key,
        subject=claims.subject,
        sid=sid_of(claims),
        tokens=tokens.seal(),
        expires_at=end_of(claims),
    )
    session_places.note(kept, provider)
    request.identity = Identity("session", user, token=claims)


def end(request) -> None:
    """Sign out here. The tokens go with the session (accounts/receivers.py)."""
    logout(request)
    request.identity = None


def identity_of(request, provider: Provider) -> Identity:
    """Whose session this is, by the token that is kept with it. His roles follow the token, if it is a new one.

    Raises SessionOver, CredentialRefused for a token that is not this person's here, and ProviderAway where the
    token has ended and the provider cannot be asked for another.
    """
    user = request.user
    token, claims = current(request, provider)
    claims = recognise.in_tenant_of(claims, provider, request.tenant)
    if (claims.issuer, claims.subject) != (user.issuer, str(user.subject)):
        raise CredentialRefused("a session with another person's token", actor=claims.actor)
    claims = profiles.completed(claims, provider, token)
    with in_the_name_of(provider.name):
        recognise.with_roles(user, claims, request.tenant)
    return Identity("session", user, token=claims)


def current(request, provider: Provider) -> tuple[str, Claims]:
    """The session's token, renewed if that was due, and what it says."""
    kept = kept_with(request)
    if kept is None or kept.provider != provider.key:
        raise SessionOver("no tokens of this provider")
    found = verified(kept, provider)
    if found is None or is_due(found[1]):
        return renewed(kept, provider, found)
    return found


def kept_with(request) -> ProviderSession | None:
    return ProviderSession.objects.filter(listed__session_key=request.session.session_key).first()


def keep(kept: ProviderSession, claims: Claims, tokens: Tokens) -> bool:
    """Put new tokens in the place of those that the session had. False if it has ended meanwhile."""
    rows = ProviderSession.objects.filter(pk=kept.pk)
    return rows.update(tokens=tokens.seal(), expires_at=end_of(claims)) > 0


# --- Renewal ----------------------------------------------------------------------------------------


def renewed(kept: ProviderSession, provider: Provider, found: tuple[str, Claims] | None) -> tuple[str, Claims]:
    """A new token, and what it says. `found` are the old ones while they are good: then nobody waits for anything.

    One request asks the provider, holding the row: a refresh token may be worth nothing after its first use. Others
    wait for that one if they have nothing to go on with, and find its tokens.
    """
    try:
        with transaction.atomic():
            row = locked(kept, waits=found is None)
            if row is None:  # another is at it, or has signed out meanwhile
                return found or over("ended meanwhile")
            if row.tokens == kept.tokens:
                if found and not opened(row).refresh:
                    return found
                exchange(row, provider)
        return accepted(row, provider)
    except ProviderAway as error:
        logger.warning("A session could not be renewed at %s: %s.", provider.key, error.reason)
        if found is None:
            raise
        return found
    except RenewalRefused as error:
        # It may be that a request renewed them, and was rolled back with all that it had kept.
        return found or over("not renewed by its provider", error)


def locked(kept: ProviderSession, *, waits: bool) -> ProviderSession | None:
    """The row as it is now, held until the request ends. None if it is gone, or another's who is not waited for.

    Raises ProviderAway where the other waits for the provider longer than a statement may take.
    """
    rows = ProviderSession.objects.select_for_update(of=("self",), skip_locked=not waits)
    try:
        with transaction.atomic():  # a savepoint: the request goes on after the time-out
            return rows.filter(pk=kept.pk).first()
    except OperationalError as error:
        raise ProviderAway("another request waits for it") from error


def exchange(row: ProviderSession, provider: Provider) -> None:
    """Kept before they are verified: whatever comes of that, the refresh token of before may be spent.

    They are lost if the request's transaction is rolled back. Raises RenewalRefused, ProviderAway.
    """
    away = f"renewal-away:{provider.key}"
    if cache.get(away):
        raise ProviderAway("a moment ago it did not answer")
    try:
        row.tokens = renew(provider, opened(row)).seal()
    except OddAnswer:  # to this session's question: others are asked for all the same
        raise
    except ProviderAway:
        cache.set(away, True, AWAY_FOR.total_seconds())
        raise
    row.save(update_fields=["tokens"])


def accepted(row: ProviderSession, provider: Provider) -> tuple[str, Claims]:
    """Tokens that were renewed, verified as every other. Raises CredentialRefused, ProviderAway."""
    token = opened(row).session
    claims, _provider = verifier.verify(token, entry=SESSION, providers=[provider])
    if claims.subject != row.subject:
        raise CredentialRefused("renewed for another person", actor=claims.actor)
    row.expires_at = end_of(claims)
    row.save(update_fields=["expires_at"])
    return token, claims


def verified(kept: ProviderSession, provider: Provider) -> tuple[str, Claims] | None:
    """The token that is kept, and what it says; None where it is not, or no longer, good."""
    token = opened(kept).session
    try:
        return token, verifier.verify(token, entry=SESSION, providers=[provider])[0]
    except CredentialRefused as refusal:
        logger.info("The token of a session is not good any more: %s.", refusal.reason)
        return None


def opened(kept: ProviderSession) -> Tokens:
    try:
        return Tokens.unseal(kept.tokens)
    except Unsealable as error:
        raise SessionOver("tokens under a SECRET_KEY that is gone") from error


def over(reason: str, cause: Exception | None = None) -> NoReturn:
    raise SessionOver(reason) from cause


def is_due(claims: Claims) -> bool:
    return timezone.now() >= end_of(claims) - EARLY


def end_of(claims: Claims) -> datetime:
    return datetime.fromtimestamp(claims.expires_at, tz=UTC)


def sid_of(claims: Claims) -> str:
    """The provider's own name for the session, where it tells one."""
    sid = claims.raw.get("sid")
    return sid if isinstance(sid, str) and len(sid) <= 255 else ""
