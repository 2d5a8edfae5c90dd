"""On a tenant's host, where people come by an identity provider: the way there, the way in, and what is closed."""

import logging
from urllib.parse import urlencode

from allauth.account.utils import get_next_redirect_url
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django.views.generic import TemplateView

from accounts import refusals
from accounts.exceptions import (
    AccountsError,
    CredentialRefused,
    ForeignCredential,
    NotAdmitted,
    ProviderAway,
    SignInFailed,
)
from accounts.flows import attempts, hosted_sign_in, provider_sessions, sign_in
from accounts.flows.attempts import Ask
from accounts.guards import members_only, open_to_all
from accounts.models import Invitation, User
from accounts.providers import registry
from accounts.providers.base import Provider
from accounts.providers.tokens import Tokens
from accounts.roles import OWNER
from tenants.hosts import normalise
from tenants.problems import problem, wants_problem
from tenants.schema import in_public
from tenants.sealing import Unsealable

logger = logging.getLogger(__name__)

PROMPTS = ("login", "select_account")
LONGEST_PARAMETER = 200
MOST_NAMED = 3  # owners, to ask
TICKET_ENDED = _("This link signs in once, within a minute, in the browser that it was made for.")
LEFT = _("Your account in this organisation is deactivated. Ask an owner or admin of it.")


# --- The way there ------------------------------------------------------------------------------------


@never_cache
def to_provider(request, *, prompt: str = ""):
    """Called in place of the local sign-in page (accounts/local_pages.py). Leads on by itself: no button to press."""
    prompt = prompt or prompt_in(request)
    if request.method not in ("GET", "HEAD"):
        return closed(request)
    if request.user.is_authenticated and not prompt:
        return HttpResponseRedirect(next_of(request) or reverse("home"))
    provider = registry.provider_of(request.tenant)
    if provider is None or not request.tenant.provider_tenant_id:
        return render(request, "providers/not_ready.html", {"provider": provider}, status=503)
    if provider.hosted:
        return begin(request, provider, prompt)
    context = {"provider": provider, "next": next_of(request) or reverse("home")}
    return render(request, "providers/sign_in.html", context)


def prove_again(request):
    """In place of asking for a password once more: the provider is to ask, though somebody is signed in there."""
    return to_provider(request, prompt="login")


def begin(request, provider: Provider, prompt: str):
    mark = attempts.mark_of(request) or attempts.new_mark()
    wanted = next_of(request)
    ask = Ask(
        tenant=request.tenant.pk,
        host=normalise(request.get_host()),
        next=wanted if attempts.fits(wanted, attempts.LONGEST_NEXT) else "",
        mark=attempts.hash_of(mark),
        invitation=invitation_in(request, provider),
        prompt=prompt,
    )
    response = HttpResponseRedirect(ask.url)
    attempts.keep_mark(response, mark)
    return response


def prompt_in(request) -> str:
    """Whether the provider is to ask who is there though somebody is signed in: to use another account."""
    wanted = request.GET.get("prompt", "")
    return wanted if wanted in PROMPTS else ""


def next_of(request) -> str:
    """Where to go afterwards: a path of this host, by the rule of all our pages (AccountAdapter.is_safe_url)."""
    return get_next_redirect_url(request) or ""


def invitation_in(request, provider: Provider) -> dict[str, str]:
    """The parameters of a provider's own invitation, as they came, if this page was reached by one."""
    names = provider.hosted.for_invitation if provider.hosted else ()
    found = {name: request.GET.get(name, "") for name in names}
    return found if all(each and attempts.fits(each, attempts.LONGEST_TICKET) for each in found.values()) else {}


def offer_invitation(request, invitation: Invitation):
    """In place of the form with a password: it is accepted by signing in with the address that it was sent to."""
    again = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
    context = {"invitation": invitation, "again": again, "provider": registry.provider_of(request.tenant)}
    status = 200 if request.method in ("GET", "HEAD") else 403
    return render(request, "providers/invitation.html", context, status=status)


@never_cache
def closed(request):
    """What has no use here: passwords, second factors and addresses are kept at the provider."""
    detail = _("People of this organisation sign in at its identity provider.")
    if wants_problem(request):
        return problem(request, 403, detail=detail)
    return render(request, "providers/closed.html", {"provider": registry.provider_of(request.tenant)}, status=403)


# --- The way in ---------------------------------------------------------------------------------------


@open_to_all("the signed, single-use ticket, in the browser that began, is the proof")
@never_cache
@require_GET
def arrive(request, ticket: str):
    """Redeem the ticket of a sign-in at the provider. It needs this browser's mark: a link sent to somebody else
    signs him in nowhere, and least of all as its sender.
    """
    tenant = request.tenant
    redeemed = sign_in.redeem_hop(ticket, tenant.schema_name, attempts.hash_of(attempts.mark_of(request)))
    try:
        if redeemed is None:
            raise SignInFailed(TICKET_ENDED, status=410)
        provider, _hosted = hosted_sign_in.provider_named(tenant.provider)
        tokens = Tokens.unseal(redeemed.tokens)
        user, claims = hosted_sign_in.arrive(tokens, provider, tenant, redeemed.began_at)
    except Unsealable:
        return failed(request, SignInFailed(TICKET_ENDED, status=410))
    except (SignInFailed, ProviderAway) as error:
        return failed(request, error)
    except CredentialRefused as refusal:
        return turned_away(request, refusal)
    provider_sessions.start(request, user, claims, provider, tokens)
    return HttpResponseRedirect(destination(request, user))


def destination(request, user: User) -> str:
    """Where he wanted to go. Without any role he is told why he sees nothing, first of all."""
    if not user.roles:
        return reverse("accounts:waiting")
    wanted = next_of(request)
    return wanted if wanted and not invitation_at(wanted) else reverse("home")


def invitation_at(path: str) -> Invitation | None:
    """The invitation whose page lies there."""
    try:
        match = resolve(path.partition("?")[0])
    except Resolver404:
        return None
    if match.view_name != "accounts:invitation-accept":
        return None
    return Invitation.objects.find(match.kwargs["token"])


def turned_away(request, refusal: CredentialRefused):
    """A good sign-in of somebody who may not come in. He can try with another account."""
    with in_public():
        refusals.note(request, refusal)
    if isinstance(refusal, NotAdmitted):
        owners = User.objects.members().active().holding(OWNER)[:MOST_NAMED]
        invitation = invitation_at(next_of(request))
        return failed(request, refusal, template="providers/not_admitted.html", owners=owners, invitation=invitation)
    message = hosted_sign_in.ELSEWHERE if isinstance(refusal, ForeignCredential) else LEFT
    return failed(request, SignInFailed(message, status=403))


def failed(
    request, error: AccountsError, *, again: str = "", template: str = "providers/failed.html", **context: object
):
    """What went wrong, in words, and a link to begin again. On both hosts: `again` is where, on the public one."""
    logger.info("Sign-in at a provider failed: %s %s", type(error).__name__, getattr(error, "reason", ""))
    if request.tenant:
        again = f"{reverse('account_login')}?{urlencode({'next': next_of(request)})}"
        context["provider"] = registry.provider_of(request.tenant)
    return render(request, template, {**context, "error": error, "again": again}, status=error.status)


@members_only("says what is still missing, to somebody without a role")
class WaitingView(TemplateView):
    """Signed in, and nothing to see yet: the address is not proven, or nobody has given a role."""

    template_name = "providers/waiting.html"

    def get(self, request, *args, **kwargs):
        if request.user.roles:
            return redirect("home")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        owners = User.objects.members().active().holding(OWNER)[:MOST_NAMED]
        return super().get_context_data(owners=owners, provider=registry.provider_of(self.request.tenant), **kwargs)
