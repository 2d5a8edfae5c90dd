"""A tenant's host: its people and its catalogue. Nothing of the public pages."""

from django.urls import include, path
from django.views.generic import RedirectView

from accounts.guards import open_to_all
from accounts.views import tokens
from config import admin

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

home = open_to_all("leads to the catalogue, which has a guard of its own")(
    RedirectView.as_view(pattern_name="catalog:product-list")
)

urlpatterns = [
    # First, since programs ask most: an address is compared with one pattern after the other.
    path("api/auth/", include("accounts.app_urls")),
    path("api/", include(("config.api", "api"))),
    path("", home, name="home"),
    path("", include("catalog.urls")),
    path("", include("accounts.urls")),
    path("", include("accounts.audit.urls")),
    path("account/", include("allauth.urls")),
    path("auth/", include("accounts.descope_urls")),
    path("rownd/", include("accounts.rownd_urls")),
    path(".well-known/jwks.json", tokens.key_set, name="jwks"),
    path("admin/", admin.site.urls),
]
