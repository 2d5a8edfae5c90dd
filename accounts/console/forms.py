"""What operators type about organisations."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import CURRENCIES, PlainTextField, SlugField, email_field
from tenants.models import Tenant


class OrganisationCreateForm(forms.Form):
    organisation = PlainTextField(label=_("Organisation"), max_length=80)
    slug = SlugField(label=_("Address"), help_text=_("The first part of its host name."))
    currency = forms.ChoiceField(label=_("Currency of its prices"), choices=[(code, code) for code in CURRENCIES])
    name = PlainTextField(label=_("The owner's name"), max_length=80)
    email = email_field()

    def clean_email(self):
        return self.cleaned_data["email"].lower()


class NameForm(forms.Form):
    name = PlainTextField(label=_("Name"), max_length=80)


class MoveForm(forms.Form):
    slug = SlugField(label=_("New address"))


class SuspendForm(forms.Form):
    notice = PlainTextField(
        label=_("Reason"),
        max_length=Tenant._meta.get_field("notice").max_length,
        required=False,
        help_text=_("Shown to everyone who comes to its address meanwhile."),
    )


class TypedNameForm(forms.Form):
    """For what cannot be undone for long: the organisation's name, typed."""

    typed = forms.CharField(
        label=_("Type the organisation's name"),
        max_length=80,
        strip=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(self, *args, expected: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_typed(self):
        if self.cleaned_data["typed"].strip() != self.expected.strip():
            raise ValidationError(_("That is not its name."), code="mistyped")
        return self.cleaned_data["typed"]
