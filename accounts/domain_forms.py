"""What is typed about domains."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.hosts import LONGEST_HOST, clean_host


class DomainForm(forms.Form):
    domain = forms.CharField(
        label=_("Domain"),
        max_length=LONGEST_HOST,
        help_text=_("For example shop.example.com. In other scripts, its xn-- form."),
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "url"}),
    )

    def clean_domain(self):
        return clean_host(self.cleaned_data["domain"])
