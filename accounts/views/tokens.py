"""Our key set, and the app client's way to a new access token."""

from allauth.headless.tokens.views import RefreshTokenView
from django.http import JsonResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from accounts import refusals
from accounts.exceptions import CredentialRefused
from accounts.guards import open_to_all
from tenants import signing


@open_to_all("public keys are for everyone")
@require_safe
def key_set(request):
    """The public halves of the keys that sign our access tokens (RFC 7517)."""
    response = JsonResponse({"keys": signing.published()}, content_type="application/jwk-set+json")
    patch_cache_control(response, public=True, max_age=int(signing.KEY_SET_MAX_AGE.total_seconds()))
    return response


class RefreshView(RefreshTokenView):
    """allauth's, but a token that is not accepted is answered and counted as any other credential."""

    def post(self, request):
        response = super().post(request)
        if response.status_code == 200:
            return response
        return refusals.answer(request, CredentialRefused("refresh token"))
