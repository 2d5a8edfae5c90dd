"""The public host: landing, sign-up, find my organisation. Nothing of a tenant."""

from django.conf import settings
from django.urls import path

from accounts.views import public, tokens
from config import dev_mail

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

urlpatterns = [
    path("", public.LandingView.as_view(), name="landing"),
    path("sign-up/", public.SignUpView.as_view(), name="sign-up"),
    path("sign-up/address/", public.check_address, name="sign-up-address"),
    path("find/", public.FindView.as_view(), name="find"),
    path("health/", public.health, name="health"),
    path(".well-known/jwks.json", tokens.key_set, name="jwks"),
]

if settings.DEBUG:
    urlpatterns += [
        path("dev/mail/", dev_mail.mail_list, name="dev-mail"),
        path("dev/mail/<str:name>/", dev_mail.mail_detail, name="dev-mail-detail"),
    ]
