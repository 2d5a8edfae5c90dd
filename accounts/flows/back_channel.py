"""A provider says that a session is over: ours that came of it are ended, in whichever tenants they are.

The token names no tenant. Where to look was noted when the sessions began (session_places.py): one question in
`public`, then one tenant after another of those few in which this person signed in.
Source: OpenID Connect Back-Channel Logout 1.0
"""

import hashlib
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import trail
from accounts.audit.context import in_the_name_of
from accounts.exceptions import CredentialRefused
from accounts.providers import verifier
from accounts.providers.base import LOGOUT, Claims, Provider
from accounts.providers.texts import is_text
from tenants.models import ProviderMessage
from tenants.schema import in_public, in_tenant

from . import provider_sessions, session_places

YOUNGEST, OLDEST = timedelta(seconds=60), timedelta(minutes=5)


@transaction.atomic
def log_out(token: str, provider: Provider) -> int:
    """End the sessions that the token means: of its `sid`, or else all of its `sub`. Says how many there were.

    Each token works once. Raises CredentialRefused, having changed nothing. Called on the public host.
    """
    claims, _provider = verifier.verify(token, entry=LOGOUT, providers=[provider])
    demand_young(claims)
    meant = who(claims)
    take_once(claims, provider)
    note_over(provider, **meant)
    ended = 0
    for tenant in session_places.tenants_with(provider, **meant):
        with in_tenant(tenant), in_the_name_of(provider.name):
            ended += end_here(provider, **meant)
    return ended


def who(claims: Claims) -> dict[str, str]:
    """`sub` and `sid`, of which one may be missing: then it is empty."""
    found = {"subject": claims.raw.get("sub", ""), "sid": claims.raw.get("sid", "")}
    if not all(value == "" or is_text(value) for value in found.values()) or not any(found.values()):
        raise CredentialRefused("names nobody's session")
    return found


def demand_young(claims: Claims) -> None:
    age = timezone.now().timestamp() - claims.issued_at
    if not -YOUNGEST.total_seconds() <= age <= OLDEST.total_seconds():
        raise CredentialRefused("too old")


def take_once(claims: Claims, provider: Provider) -> None:
    digest = hashlib.sha256(claims.raw["jti"].encode("utf-8", "replace")).hexdigest()  # prefixed it fits
    try:
        with transaction.atomic():
            ProviderMessage.objects.create(provider=provider.key, message_id=f"logout:{digest}")
    except IntegrityError as error:
        raise CredentialRefused("came before") from error


# --- Sign-ins under way -------------------------------------------------------------------------------


def note_over(provider: Provider, *, subject: str, sid: str) -> None:
    """For sign-ins that have no session yet: when this subject, or this session of the provider's, was logged out."""
    marks = marks_of(provider, subject="" if sid else subject, sid=sid)
    ProviderMessage.objects.bulk_create(
        [ProviderMessage(provider=provider.key, message_id=mark) for mark in marks],
        update_conflicts=True,
        unique_fields=["provider", "message_id"],
        update_fields=["at"],
    )


def is_over(claims: Claims, provider: Provider, *, since: datetime) -> bool:
    """Whether a log-out since then meant this sign-in. One that comes now waits for the end of the transaction, and
    finds the session that is made in it: its mark is held here, were it by writing one and taking it away again.
    """
    if LOGOUT not in provider.kinds:
        return False
    marks = marks_of(provider, subject=claims.subject, sid=provider_sessions.sid_of(claims))
    ended_at = []
    with in_public():
        for mark in marks:
            messages = ProviderMessage.objects.select_for_update()
            held, is_new = messages.get_or_create(provider=provider.key, message_id=mark)
            if is_new:
                held.delete()
            else:
                ended_at.append(held.at)
    return any(at >= since for at in ended_at)


def marks_of(provider: Provider, *, subject: str, sid: str) -> list[str]:
    return sorted(f"over:{digest}" for digest in session_places.digests_of(provider, subject=subject, sid=sid))


# --- Here ---------------------------------------------------------------------------------------------


def end_here(provider: Provider, *, subject: str, sid: str) -> int:
    """Those of this tenant. With both names given a session must have both."""
    wanted = {"at_provider__subject": subject, "at_provider__sid": sid}
    meant = {lookup: value for lookup, value in wanted.items() if value}
    listed = list(UserSession.objects.filter(at_provider__provider=provider.key, **meant).select_related("user"))
    Session.objects.filter(session_key__in=[each.session_key for each in listed]).delete()
    UserSession.objects.filter(pk__in=[each.pk for each in listed]).delete()
    for each in listed:
        trail.note("session_ended", each.user)
    return len(listed)
