"""Where allauth asks us: links, the right to register, the name of the site."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tenants.models import public_url
from tenants.schema import current_tenant

from .audit import trail
from .models import LOCAL_ISSUER, User
from .texts import validate_address


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        """Nobody registers on a tenant's host: an account comes from sign-up or from an invitation."""
        return False

    def clean_email(self, email):
        validate_address(email)
        return super().clean_email(email)

    def confirm_email(self, request, email_address):
        """Refuse an address that another account, perhaps a former member's, signs in with."""
        others = User.objects.exclude(pk=email_address.user_id)
        if others.filter(email=email_address.email, issuer=LOCAL_ISSUER).exists():
            text = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, text, {"email": email_address.email})
            return False
        with trail.act("address_confirmed", email_address.user):
            return super().confirm_email(request, email_address)

    def pre_login(self, request, user, **kwargs):
        """The last step of each of allauth's ways in. None of them is for people of an identity provider."""
        if not user.is_local:
            raise PermissionDenied("signs in at his provider")
        return super().pre_login(request, user, **kwargs)

    def get_logout_redirect_url(self, request):
        """Not to the sign-in page where that asks a provider, who may say at once that he knows the person."""
        if request.tenant.provider != "local":
            return reverse("accounts:signed-out")
        return super().get_logout_redirect_url(request)

    def is_safe_url(self, url):
        """Whole paths of this host alone. allauth's goes by ALLOWED_HOSTS, which opens the way to every other tenant.

        A text like "foo" would be taken for the name of a view by whoever redirects there.
        """
        return bool(url) and url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    # Links are built from the tenant's stored address: a forged Host header cannot aim them.

    def get_email_confirmation_url(self, request, emailconfirmation):
        return current_tenant().absolute_url(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key):
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return current_tenant().absolute_url(path.replace("UID-KEY", key))

    def send_account_already_exists_mail(self, email):
        address = current_tenant().absolute_url(reverse("account_reset_password"))
        self.send_mail("account/email/account_already_exists", email, {"password_reset_url": address})

    def send_mail(self, template_prefix, email, context):
        """Written now, sent after the commit. A mail server that is down is logged, and keeps nobody out."""
        context = {"request": allauth_context.request, "email": email, **context}
        message = self.render_mail(template_prefix, email, context)
        transaction.on_commit(message.send, robust=True)

    def render_mail(self, template_prefix, email, context, headers=None):
        tenant = current_tenant()
        stored = {
            "tenant": tenant,
            "current_site": {"name": tenant.name, "domain": tenant.host},
            "signup_url": public_url(reverse("sign-up", urlconf=settings.PUBLIC_SCHEMA_URLCONF)),
        }
        return super().render_mail(template_prefix, email, {**context, **stored}, headers)

    def get_email_verification_redirect_url(self, email_address):
        return settings.LOGIN_REDIRECT_URL and reverse(settings.LOGIN_REDIRECT_URL)


class MFAAdapter(DefaultMFAAdapter):
    def get_totp_issuer(self) -> str:
        """What the authenticator app shows beside the code."""
        return current_tenant().name

    def get_public_key_credential_rp_entity(self):
        """A passkey belongs to one tenant's host and shows its name."""
        return {**super().get_public_key_credential_rp_entity(), "name": current_tenant().name}
