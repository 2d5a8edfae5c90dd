"""Where the sign-in widgets of Descope and Rownd hand over their tokens, by the names and answers that they know."""

from django.http import HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View
from rest_framework.exceptions import APIException

from accounts import refusals
from accounts.api import parsers
from accounts.credentials import IN_HEADER
from accounts.exceptions import CredentialRefused, ProviderAway
from accounts.flows import provider_sessions, widget_sign_in
from accounts.guards import open_to_all
from accounts.providers.base import Provider
from accounts.providers.descope_sessions import REFRESH_COOKIE
from accounts.providers.tokens import Tokens
from accounts.widget_forms import DescopeTokensForm, RowndTokenForm
from tenants.schema import in_public


class WidgetView(View):
    """POST alone, with the page's CSRF token. What is refused is noted, and never explained."""

    http_method_names = ["post"]
    kind: str
    refused_with = 400

    def dispatch(self, request, *args, **kwargs):
        try:
            return super().dispatch(request, *args, **kwargs)
        except CredentialRefused as refusal:
            with in_public():
                refusals.note(request, refusal)
            return HttpResponse(status=self.refused_with)
        except ProviderAway as error:
            refusals.logger.warning("An identity provider does not answer: %s.", error.reason)
            return HttpResponse(status=503, headers={"Retry-After": "10"})

    @property
    def provider(self) -> Provider:
        """The tenant's. Raises CredentialRefused where its people come in another way."""
        return widget_sign_in.provider_of(self.request.tenant, self.kind)


@method_decorator(never_cache, name="dispatch")
@open_to_all("the provider's tokens, to a flow that this browser began, are the proof")
class StoreTokensView(WidgetView):
    """Descope: form fields DS and DSR; a cookie DSR, which no script can read, goes before the field."""

    kind = "descope"

    def post(self, request):
        form = DescopeTokensForm(self.fields(request))
        if not form.is_valid():
            return HttpResponse(status=400)
        provider = self.provider
        widget_sign_in.demand_begun(request.session)
        widget_sign_in.sign_in(request, provider, Tokens(form.cleaned_data["DS"], form.cleaned_data["DSR"]))
        return JsonResponse({"success": True})

    def fields(self, request) -> dict[str, str]:
        refresh = request.COOKIES.get(REFRESH_COOKIE) or request.POST.get("DSR", "")
        return {"DS": request.POST.get("DS", ""), "DSR": refresh}


@method_decorator(never_cache, name="dispatch")
@open_to_all("the provider's token, to a browser that was shown the snippet, is the proof")
class RowndAuthenticateView(WidgetView):
    """Rownd's Hub calls it at each page it stands on. The page is to be loaded again only if somebody else is there
    now: else it would be loaded for ever.
    """

    kind = "rownd"
    refused_with = 401

    def post(self, request):
        provider, tokens = self.provider, Tokens(self.token(request))
        if widget_sign_in.go_on(request, provider, tokens):
            return JsonResponse({"message": "Already authenticated"})
        widget_sign_in.demand_begun(request.session)
        widget_sign_in.sign_in(request, provider, tokens)
        return JsonResponse({"message": "Authentication successful", "should_refresh_page": True})

    def token(self, request) -> str:
        """In the header, or else in the body. Raises CredentialRefused."""
        if header := request.META.get("HTTP_AUTHORIZATION", ""):
            found = IN_HEADER.fullmatch(header)
            if found:
                return found[1]
            raise CredentialRefused("no Bearer credential in Authorization")
        form = RowndTokenForm(self.body(request))
        if not form.is_valid():
            raise CredentialRefused("no access_token in the body")
        return form.cleaned_data["access_token"]

    def body(self, request) -> dict:
        try:
            body = parsers.read(request.body)
        except APIException as error:
            raise CredentialRefused("no JSON in the body") from error
        return body if isinstance(body, dict) else {}


@method_decorator(never_cache, name="dispatch")
@open_to_all("whoever is signed in here signs out; a visitor has nothing to end")
class RowndSignOutView(WidgetView):
    kind = "rownd"
    refused_with = 401

    def post(self, request):
        if self.provider and request.user.is_authenticated:
            provider_sessions.end(request)
        return JsonResponse({"message": "Sign-out successful", "should_refresh_page": True})
