"""On the public host: the way to a provider's page, and the one place to which all of them send people back."""

from typing import Any

from django.core import signing
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import refusals
from accounts.exceptions import CredentialRefused, ForeignCredential, ProviderAway, SignInFailed
from accounts.flows import attempts, hosted_sign_in, set_up
from accounts.flows.attempts import Ask, Attempt
from accounts.flows.hosted_sign_in import Answer
from accounts.guards import open_to_all
from accounts.providers import registry
from tenants.models import Tenant

from .hosted import LONGEST_PARAMETER, failed, prompt_in
from .set_up import remember_newcomer

BEGIN_AGAIN = _("This link is too old. Begin again.")
WITHOUT_ANSWER = _("Your identity provider sent neither an answer nor an error.")


@open_to_all("the way to a provider's page")
@never_cache
@require_GET
def start(request):
    """With `?ask=`, signed by a tenant's host: to that tenant's provider. Without: to sign up a new organisation."""
    try:
        ask = Ask.signed(request.GET["ask"]) if "ask" in request.GET else Ask(prompt=prompt_in(request))
        url, attempt = hosted_sign_in.begin(ask, provider_for(ask))
    except signing.BadSignature:
        return failed(request, SignInFailed(BEGIN_AGAIN))
    except (SignInFailed, ProviderAway) as error:
        return failed(request, error)
    response = HttpResponseRedirect(url)
    attempts.keep(attempt, request, response)
    return response


def provider_for(ask: Ask) -> str:
    return hosted_sign_in.tenant_asked_for(ask).provider if ask.tenant else set_up.provider_key()


@open_to_all("providers send people back here; the state, bound to this browser, is the proof")
@never_cache
@require_GET
def callback(request, provider: str = ""):
    """Whatever comes of it, the attempt is over: its state works once."""
    state = request.GET.get("state", "")[:LONGEST_PARAMETER]
    attempt = attempts.kept(request, state)
    try:
        if attempt is None:
            raise SignInFailed(reason="no such attempt in this browser")
        response = answered(request, attempt, came_to=provider)
    except (SignInFailed, ProviderAway) as error:
        response = failed(request, error, **what_now(attempt))
    except CredentialRefused as refusal:
        response = failed(request, refused(request, attempt, refusal), **what_now(attempt))
    attempts.forget(response, state)
    return response


def what_now(attempt: Attempt | None) -> dict[str, Any]:
    """Where to begin again, and whose page it was."""
    if attempt is None:
        return {}
    return {
        "again": hosted_sign_in.url_to_begin_again(attempt.ask),
        "provider": registry.hosted_providers().get(attempt.provider),
    }


def answered(request, attempt: Attempt, *, came_to: str):
    """Raises SignInFailed, CredentialRefused, ProviderAway."""
    provider, _hosted = hosted_sign_in.provider_named(attempt.provider)
    hosted_sign_in.demand_same_issuer(attempt, provider, named=came_to, issuer=request.GET.get("iss"))
    hosted_sign_in.demand_no_error(provider, request.GET)
    if not request.GET.get("code"):
        raise SignInFailed(WITHOUT_ANSWER, reason="no code")
    answer = hosted_sign_in.finish(attempt, request.GET["code"])
    if attempt.ask.tenant:
        return HttpResponseRedirect(hosted_sign_in.hop(attempt, answer))
    return signed_up(request, attempt, answer)


def signed_up(request, attempt: Attempt, answer: Answer):
    """Somebody without an organisation here: to the one that he belongs to, or to the page that sets up a new one."""
    newcomer = set_up.newcomer_of(attempt, answer)
    if there := set_up.organisation_of(newcomer):
        return HttpResponseRedirect(set_up.sign_in_url(there))
    set_up.demand_may_found(newcomer, answer)
    response = redirect("set-up")
    remember_newcomer(response, newcomer)
    return response


def refused(request, attempt: Attempt | None, refusal: CredentialRefused) -> SignInFailed:
    """A good sign-in to another organisation is a line in the platform's log."""
    if attempt and attempt.ask.tenant:
        refusals.note(request, refusal, hosted_sign_in.tenant_asked_for(attempt.ask))
    message = hosted_sign_in.ELSEWHERE if isinstance(refusal, ForeignCredential) else refusal.message
    return SignInFailed(message, status=403, reason=refusal.reason)


@open_to_all("leads to the sign-in of the organisation that an invitation of the provider's names")
@never_cache
@require_GET
def login(request):
    """Where a provider's own invitation mail leads: `?invitation=…&organization=…`, which go along."""
    named = request.GET.get("organization", "")[:LONGEST_PARAMETER]
    mailing = [key for key, each in registry.hosted_providers().items() if each.hosted and each.hosted.for_invitation]
    tenants = Tenant.objects.served().filter(provider__in=mailing, provider_tenant_id=named)
    found = list(tenants[:2]) if named and "\0" not in named else []
    if len(found) != 1:  # the link does not say which of two providers it is of
        return redirect("find")
    query = request.GET.urlencode()
    return HttpResponseRedirect(f"{set_up.sign_in_url(found[0])}?{query}")
