"""What is answered to a credential that is not accepted, and what the platform keeps a note of.

A tenant's own log never hears of it: anybody may send rubbish to anybody's host. Nothing here holds a token.
"""

import logging
from datetime import timedelta

from django.utils import timezone

from tenants.models import PlatformEvent, Tenant
from tenants.problems import problem, unauthorised
from tenants.schema import in_public

from . import limits
from .exceptions import CredentialRefused, ForeignCredential, NotAdmitted, ProviderAway, TooMany

logger = logging.getLogger(__name__)

ALERT_AFTER = 3
ALERT_WITHIN = timedelta(hours=1)
COME_LATER = {"Retry-After": "60"}  # seconds


def answer(request, refusal: CredentialRefused):
    """401 with one body for every cause, 403 for another tenant's good token, 429 to one who goes on guessing.

    Only refusals are counted, by the address they come from: a good credential from there is still good.
    """
    with in_public():  # counted and noted over all tenants
        try:
            count(request, refusal)
        except TooMany as error:
            return problem(request, 429, detail=error.message, headers=COME_LATER)
    if isinstance(refusal, ForeignCredential | NotAdmitted):
        return problem(request, 403, detail=refusal.message)
    return unauthorised(request)


def count(request, refusal: CredentialRefused) -> None:
    """Note it, and count it by the address that it came from. Raises TooMany, with the note kept."""
    note(request, refusal)
    limits.spend(request, "refused_credential")


def ask_again(request, error: ProviderAway):
    """503: whether the credential is good cannot be said while its provider does not answer."""
    logger.warning("An identity provider does not answer: %s.", error.reason)
    return problem(request, 503, detail=error.message, headers={"Retry-After": "10"})


def note(request, refusal: CredentialRefused, tenant: Tenant | None = None) -> None:
    """A line of the platform's log: at most twenty an hour from one address. `tenant`: where no host says it."""
    logger.info("Credential refused: %s.", refusal.reason)
    try:
        limits.spend(request, "note_refused_credential")
    except TooMany:
        return
    foreign = isinstance(refusal, ForeignCredential)
    PlatformEvent.objects.create(
        kind=PlatformEvent.Kind.CROSS_ACCESS if foreign else PlatformEvent.Kind.TOKEN_REJECTED,
        schema_name=getattr(tenant or request.tenant, "schema_name", ""),  # the public host is nobody's
        actor=refusal.actor[:300],
        address=limits.client_address(request),
        request_id=request.id,
        detail=refusal.reason[:300],
    )
    if foreign:
        alert_if_it_goes_on(refusal)


def alert_if_it_goes_on(refusal: CredentialRefused) -> None:
    lately = PlatformEvent.objects.filter(at__gt=timezone.now() - ALERT_WITHIN, actor=refusal.actor)
    if lately.filter(kind=PlatformEvent.Kind.CROSS_ACCESS).count() == ALERT_AFTER:
        logger.error("ALERT: %s knocks at organisations that are not theirs.", refusal.actor)
