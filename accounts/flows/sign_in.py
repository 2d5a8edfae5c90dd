"""One hop from the public host to the tenant's: a signed, single-use, short-lived ticket."""

import hashlib
import secrets
from datetime import datetime

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.core import signing
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import SignInTicket, User
from tenants.schema import current_schema

BACKEND = "accounts.backends.LocalBackend"


def _signer(schema_name: str) -> signing.TimestampSigner:
    """Salted with the schema: a ticket of one tenant is noise to another."""
    return signing.TimestampSigner(salt=f"tenantry.ticket.{schema_name}")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def issue_ticket(user: User) -> str:
    """A ticket that signs `user` in once. Only its digest is stored, in the tenant's own schema."""
    using = user._state.db or DEFAULT_DB_ALIAS
    secret = secrets.token_urlsafe(32)
    SignInTicket.objects.using(using).create(
        digest=_digest(secret), user=user, expires_at=timezone.now() + settings.SIGN_IN_TICKET_LIFETIME
    )
    return _signer(current_schema(using)).sign(secret)


def issue_hop(tokens: str, mark: str, began_at: datetime) -> str:
    """A ticket for whoever the sealed `tokens` name, good in the browser alone whose mark has this hash.

    In the schema that the connection is bound to. Its time runs from `began_at`, when the tokens were asked for.
    """
    secret = secrets.token_urlsafe(32)
    SignInTicket.objects.create(
        digest=_digest(secret),
        tokens=tokens,
        attempt=mark,
        expires_at=began_at + settings.SIGN_IN_TICKET_LIFETIME,
    )
    return _signer(current_schema()).sign(secret)


def redeem_hop(ticket: str, schema_name: str, mark: str) -> SignInTicket | None:
    """The ticket, used up, or None if the ticket is forged, foreign, old, used, or another browser's. Works once.

    In another browser it is not used up: whoever only has the link can do nothing with it.
    """
    hops = SignInTicket.objects.select_for_update().exclude(tokens="")
    row = _found(hops, ticket, schema_name)
    if row is None or not mark or not constant_time_compare(row.attempt, mark):
        return None
    row.delete()
    return row


def _found(tickets, ticket: str, schema_name: str) -> SignInTicket | None:
    """Among `tickets`, if it still holds. Old ones go."""
    try:
        secret = _signer(schema_name).unsign(ticket, max_age=settings.SIGN_IN_TICKET_LIFETIME)
    except signing.BadSignature:
        return None
    row = tickets.filter(digest=_digest(secret), expires_at__gt=timezone.now()).first()
    SignInTicket.objects.filter(expires_at__lte=timezone.now()).delete()
    return row


def redeem_ticket(ticket: str, schema_name: str, kind: str = User.Kind.PERSON) -> User | None:
    """The person the ticket is for, or None if it is forged, foreign, old or used. Works once.

    A ticket for somebody of another kind is left alone: support has a way in of its own.
    """
    tickets = SignInTicket.objects.select_for_update(of=("self",)).filter(tokens="", user__kind=kind)
    row = _found(tickets.select_related("user"), ticket, schema_name)
    if row is None:
        return None
    row.delete()
    return row.user if row.user and row.user.is_active else None


def start_session(request, user: User) -> None:
    """Sign `user` in, under a new session key, as someone who has just proved who he is."""
    login(request, user, backend=BACKEND)
    record_authentication(request, user, method="ticket")
