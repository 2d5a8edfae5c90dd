"""A tenant's host: its people and its catalogue. Nothing of the public pages."""

from django.urls import include, path
from django.views.generic import RedirectView

from accounts.guards import open_to_all

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

home = open_to_all("leads to the catalogue, which has a guard of its own")(
    RedirectView.as_view(pattern_name="catalog:product-list")
)

urlpatterns = [
    path("", home, name="home"),
    path("", include("catalog.urls")),
    path("", include("accounts.urls")),
    path("account/", include("allauth.urls")),
]
