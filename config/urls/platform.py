"""The platform's host: the operator console, the operators' own pages and their log. No catalogue, no API."""

from django.urls import include, path
from django.views.generic import RedirectView

from accounts.guards import open_to_all

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

home = open_to_all("leads to the console, which has a guard of its own")(
    RedirectView.as_view(pattern_name="console:organisation-list")
)

urlpatterns = [
    path("", home, name="home"),
    path("console/", include("accounts.console.urls")),
    path("", include("accounts.urls")),
    path("", include("accounts.audit.urls")),
    path("account/", include("allauth.urls")),
    path("auth/", include("accounts.descope_urls")),
    path("rownd/", include("accounts.rownd_urls")),
]
