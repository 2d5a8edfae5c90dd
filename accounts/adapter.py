"""Where allauth asks us: links, the right to register, the name of the site."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.urls import reverse

from tenants.schema import current_tenant


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        """Nobody registers on a tenant's host: an account comes from sign-up or from an invitation."""
        return False

    # Links are built from the tenant's stored address: a forged Host header cannot aim them.

    def get_email_confirmation_url(self, request, emailconfirmation):
        return current_tenant().absolute_url(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key):
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return current_tenant().absolute_url(path.replace("UID-KEY", key))

    def render_mail(self, template_prefix, email, context, headers=None):
        return super().render_mail(template_prefix, email, {**context, "tenant": current_tenant()}, headers)

    def get_email_verification_redirect_url(self, email_address):
        return settings.LOGIN_REDIRECT_URL and reverse(settings.LOGIN_REDIRECT_URL)


class MFAAdapter(DefaultMFAAdapter):
    def get_totp_issuer(self) -> str:
        """What the authenticator app shows beside the code."""
        return current_tenant().name

    def get_public_key_credential_rp_entity(self):
        """A passkey belongs to one tenant's host and shows its name."""
        return {**super().get_public_key_credential_rp_entity(), "name": current_tenant().name}
