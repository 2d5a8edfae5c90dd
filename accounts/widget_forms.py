"""The border for what providers and their sign-in widgets send. Whether a token is good is the verifier's to say."""

from django import forms

from .providers.verifier import MOST_BYTES


def token_field() -> forms.CharField:
    return forms.CharField(max_length=MOST_BYTES, strip=False)


class DescopeTokensForm(forms.Form):
    DS = token_field()
    DSR = token_field()


class RowndTokenForm(forms.Form):
    access_token = token_field()


class LogoutTokenForm(forms.Form):
    logout_token = token_field()
