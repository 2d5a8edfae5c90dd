"""What is typed about an organisation's identity provider: who comes in by it, and what its roles are here."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.hosts import clean_host
from tenants.models import Tenant

from .forms import PlainTextField, RoleChoiceField
from .models import User


class SignInForm(forms.ModelForm):
    """The organisation's own choices about people who come by its provider."""

    admits = forms.ChoiceField(label=_("Who comes in at first sight"), choices=Tenant.Admission)
    admitted_domains = PlainTextField(
        label=_("Domains of addresses"),
        max_length=300,
        required=False,
        help_text=_("For the choice by domain, as in “example.com example.org”. Subdomains are other domains."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    staff_role = PlainTextField(
        label=_("Role of staff at the provider"),
        max_length=100,
        required=False,
        help_text=_("Whoever has it there opens the admin site here. It gives no other right."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    signs_out_at_provider = forms.BooleanField(
        label=_("Sign out at the provider, too"),
        required=False,
        help_text=_("What the button in the bar does. The profile page always offers both."),
    )

    class Meta:
        model = Tenant
        fields = ["admits", "admitted_domains", "staff_role", "signs_out_at_provider"]

    def clean_admitted_domains(self) -> str:
        typed = [part.removeprefix("@") for part in re.split(r"[\s,;]+", self.cleaned_data["admitted_domains"]) if part]
        return " ".join(dict.fromkeys(clean_host(part) for part in typed))

    def clean(self):
        cleaned = super().clean() or {}
        by_domain = cleaned.get("admits") == Tenant.Admission.DOMAIN
        if by_domain and not cleaned.get("admitted_domains") and not self.has_error("admitted_domains"):
            self.add_error("admitted_domains", _("Name at least one domain, or choose another rule."))
        return cleaned


class RoleLinkForm(forms.Form):
    """What a role of the provider's is here. `word` is written as the provider has it, to the letter."""

    word = PlainTextField(
        label=_("Role at the provider"),
        max_length=255,
        help_text=_("As it stands in the provider's tokens: capital letters count."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "list": "provider-roles"}),
    )
    role = RoleChoiceField(label=_("Role here"), required=False)

    def __init__(self, *args, actor: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].empty_label = _("Nothing: it is ignored")  # type: ignore[attr-defined]
        self.fields["role"].offer(actor)  # type: ignore[attr-defined]


class RoleRelinkForm(RoleLinkForm):
    """The same for one that is there: its word stays."""

    word = None  # type: ignore[assignment]
