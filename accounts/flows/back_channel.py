"""A provider says that a session is over: ours that came of it are ended, in whichever tenants they are.

The token names no tenant. Where to look was noted when the sessions began (session_places.py): one question in
`public`, then one tenant after another of those few in which this person signed in.
Source: OpenID Connect Back-Channel Logout 1.0
"""

from datetime import timedelta

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
from tenants.schema import in_tenant

from . import session_places

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
    try:
        with transaction.atomic():
            ProviderMessage.objects.create(provider=provider.key, message_id=f"logout:{claims.raw['jti']}"[:255])
    except IntegrityError as error:
        raise CredentialRefused("came before") from error


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
