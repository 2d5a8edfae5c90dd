"""The ways out: at the provider too, by its back channel, and the page afterwards. Out of here alone is allauth's."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from accounts import refusals
from accounts.exceptions import CredentialRefused
from accounts.flows import back_channel, provider_sign_out
from accounts.guards import open_to_all
from accounts.providers import registry
from accounts.widget_forms import LogoutTokenForm


@open_to_all("whoever is signed in signs out; a visitor is told that he is")
@never_cache
@require_POST
def at_provider(request):
    """A page leads on to the provider's: the redirect of a form is held to `form-action`, which names no provider."""
    farewell = provider_sign_out.leave(request)
    if farewell.address or not farewell.was_told:
        return render(request, "providers/leaving.html", {"farewell": farewell})
    return redirect("accounts:signed-out")


@method_decorator(never_cache, name="dispatch")
@open_to_all("says that one is signed out")
class SignedOutView(TemplateView):
    """In place of the sign-in page, which would ask the provider, who may say at once that he knows the person."""

    template_name = "providers/signed_out.html"

    def get(self, request, *args, **kwargs):
        if request.user.is_authenticated:
            return redirect("home")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        return super().get_context_data(provider=registry.provider_of(self.request.tenant), **kwargs)


@open_to_all("the provider's signed token is the proof")
@csrf_exempt  # sent by the provider itself: there is neither a cookie nor a page
@never_cache
@require_POST
def by_back_channel(request, provider: str):
    """OpenID Connect Back-Channel Logout 1.0, section 2.8: 200 or 400, and nothing to be kept."""
    form = LogoutTokenForm(request.POST)
    found = registry.hosted_providers().get(provider)
    if found is None or not form.is_valid():
        return HttpResponse(status=400)
    try:
        back_channel.log_out(form.cleaned_data["logout_token"], found)
    except CredentialRefused as refusal:
        refusals.logger.info("A log-out by the back channel was refused: %s.", refusal.reason)
        return HttpResponse(status=400)
    return HttpResponse(status=200)
