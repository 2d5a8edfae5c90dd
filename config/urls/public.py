"""The public host: landing, sign-up, find my organisation. Nothing of a tenant."""

from django.conf import settings
from django.urls import path

from accounts.views import callback, public, set_up, sign_out, tokens, webhooks
from config import dev_mail

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

urlpatterns = [
    path("", public.LandingView.as_view(), name="landing"),
    path("sign-up/", public.SignUpView.as_view(), name="sign-up"),
    path("sign-up/address/", public.check_address, name="sign-up-address"),
    path("sign-up/organisation/", set_up.SetUpView.as_view(), name="set-up"),
    path("auth/start/", callback.start, name="hosted-start"),
    path("auth/login/", callback.login, name="hosted-login"),
    # Of two of one name the later is the one that is sent out; some providers drop the final slash.
    path("auth/callback", callback.callback, name="hosted-callback"),
    path("auth/callback/", callback.callback, name="hosted-callback"),
    path("auth/callback/<slug:provider>", callback.callback, name="hosted-callback-of"),
    path("auth/callback/<slug:provider>/", callback.callback, name="hosted-callback-of"),
    path("auth/backchannel/<slug:provider>/", sign_out.by_back_channel, name="provider-log-out"),
    path("auth/events/<slug:provider>/", webhooks.receive, name="provider-events"),
    path("find/", public.FindView.as_view(), name="find"),
    path("health/", public.health, name="health"),
    path("health/ready/", public.ready, name="ready"),
    path(".well-known/jwks.json", tokens.key_set, name="jwks"),
]

if settings.DEBUG:
    urlpatterns += [
        path("dev/mail/", dev_mail.mail_list, name="dev-mail"),
        path("dev/mail/<str:name>/", dev_mail.mail_detail, name="dev-mail-detail"),
    ]
