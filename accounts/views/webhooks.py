"""What identity providers send by themselves, at the public host."""

from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import refusals
from accounts.exceptions import CredentialRefused, TooMany
from accounts.flows import provider_events
from accounts.guards import open_to_all
from accounts.providers import registry
from accounts.providers.events import EventRefused

MOST_BYTES = 256 * 1024


@csrf_exempt  # no browser sends it, and no session counts here
@open_to_all("an identity provider's message: its signature is the proof")
@require_POST
@never_cache
def receive(request, provider):
    """202 once it is noted: what it says is asked of the provider afterwards. 400 for whatever is not to be believed,
    without a word of why, and 429 to who goes on guessing.
    """
    sender = registry.hosted_providers().get(provider)
    if sender is None or sender.events is None:
        raise Http404
    try:
        if len(request.body) > MOST_BYTES:
            raise EventRefused("too large")
        events = sender.events.read(request)
    except EventRefused as refusal:
        return refused(request, f"event of {sender.key}: {refusal.reason}")
    provider_events.take(sender, events)
    return HttpResponse(status=202)


def refused(request, reason: str) -> HttpResponse:
    try:
        refusals.count(request, CredentialRefused(reason))
    except TooMany:
        return HttpResponse(status=429, headers=refusals.COME_LATER)
    return HttpResponse(status=400)
