"""allauth's passkey forms. What no browser's dialogue would send is a wrong answer, and no error of ours."""

import struct

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.forms.fields import InvalidJSONInput

# The library raises whatever its parsers trip over: a missing key, 5,000 digits, 90,000 brackets, a list for a text.
WRONG = (AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error)


class CredentialField(forms.JSONField):
    """The dialogue's answer. Never shown again: its challenge is used up."""

    widget = forms.HiddenInput

    def bound_data(self, data, initial):
        return InvalidJSONInput("")


class CredentialForm(forms.Form):
    """Mix in before one of allauth's forms."""

    credential = CredentialField()

    def full_clean(self):
        try:
            super().full_clean()
        except WRONG:
            self.add_error("credential", get_adapter().validation_error("incorrect_code"))


class AddPasskeyForm(CredentialForm, webauthn.AddWebAuthnForm):
    pass


class AuthenticatePasskeyForm(CredentialForm, webauthn.AuthenticateWebAuthnForm):
    pass


class LoginPasskeyForm(CredentialForm, webauthn.LoginWebAuthnForm):
    pass


class ReauthenticatePasskeyForm(CredentialForm, webauthn.ReauthenticateWebAuthnForm):
    pass
