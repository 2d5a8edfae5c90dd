"""The border: everything typed about people passes here and leaves clean."""

import re
import uuid

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant
from tenants.slugs import clean_slug

from .models import Role, User
from .texts import clean_addresses, picture_address, plain_line, validate_address

CURRENCIES = [
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "CAD",
    "AUD",
    "NZD",
    "JPY",
    "INR",
    "BRL",
    "ZAR",
]


class PlainTextMixin:
    def to_python(self, value):
        value = super().to_python(value)
        plain_line(value or "")
        return value


class PlainTextField(PlainTextMixin, forms.CharField):
    """A line of text typed by a person."""


class PictureAddressField(PlainTextMixin, forms.URLField):
    """The address of a picture on the web. Only https: the pages' policy shows no other."""

    def __init__(self, **kwargs):
        kwargs.setdefault("help_text", _("Starting with https://"))
        super().__init__(max_length=255, required=False, assume_scheme="https", **kwargs)
        self.validators = [picture_address, *self.validators[1:]]


def email_field() -> forms.EmailField:
    widget = forms.EmailInput(attrs={"autocomplete": "email"})
    return forms.EmailField(label=_("E-mail"), max_length=254, widget=widget, validators=[validate_address])


class NewPasswordMixin:
    """A password typed once, checked against the person's own name and address."""

    def clean_with_password(self, cleaned: dict, email: str) -> dict:
        password = cleaned.get("password")
        if password:
            try:
                validate_password(password, User(email=email, name=cleaned.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


def password_field(**kwargs) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(
        label=_("Password"),
        widget=widget,
        strip=False,
        max_length=128,
        help_text=_("At least 10 characters."),
        **kwargs,
    )


class SlugField(forms.CharField):
    def __init__(self, **kwargs):
        super().__init__(max_length=63, **kwargs)
        self.widget.attrs.pop("maxlength", None)

    def clean(self, value):
        return clean_slug(super().clean(value))


class SignUpForm(NewPasswordMixin, forms.Form):
    organisation = PlainTextField(label=_("Organisation"), max_length=80)
    slug = SlugField(label=_("Address"))
    currency = forms.ChoiceField(label=_("Currency of your prices"), choices=[(code, code) for code in CURRENCIES])
    name = PlainTextField(label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = email_field()
    password = password_field()
    # Made once per page: tells a form that is sent twice from two people who want the same address.
    attempt = forms.UUIDField(initial=uuid.uuid4, required=False, widget=forms.HiddenInput)

    def clean_email(self):
        return self.cleaned_data["email"].lower()

    def clean(self):
        cleaned = super().clean()
        return self.clean_with_password(cleaned, cleaned.get("email", ""))


class SetUpForm(forms.Form):
    """The organisation of somebody whom a provider vouches for: his address is known, a password not wanted."""

    organisation = PlainTextField(label=_("Organisation"), max_length=80)
    slug = SlugField(label=_("Address"))
    currency = forms.ChoiceField(label=_("Currency of your prices"), choices=[(code, code) for code in CURRENCIES])
    name = PlainTextField(label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class FindForm(forms.Form):
    email = email_field()


class MemberSearchForm(forms.Form):
    q = PlainTextField(label=_("Search"), max_length=100, required=False)


class RoleChoiceField(forms.ModelChoiceField):
    """The roles that the actor may give, and no others: a made-up value is simply not a choice."""

    def __init__(self, **kwargs):
        super().__init__(queryset=Role.objects.none(), empty_label=None, to_field_name="key", **kwargs)

    def offer(self, actor: User) -> None:
        allowed = Role.objects.may_be_given_by(actor)
        self.queryset = Role.objects.with_permissions().filter(pk__in=[role.pk for role in allowed])


class RoleForm(forms.Form):
    role = RoleChoiceField(label=_("Role"))

    def __init__(self, *args, actor: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].offer(actor)


class InviteForm(RoleForm):
    addresses = forms.CharField(
        label=_("E-mail addresses"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("Up to 50, one per line or separated by commas."),
    )
    role = RoleChoiceField(label=_("Role"), initial="viewer")
    field_order = ["addresses", "role"]

    def clean_addresses(self) -> list[str]:
        return clean_addresses([part for part in re.split(r"[\s,;]+", self.cleaned_data["addresses"]) if part])


class AcceptForm(NewPasswordMixin, forms.Form):
    name = PlainTextField(label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = password_field()

    def __init__(self, *args, email: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self):
        return self.clean_with_password(super().clean(), self.email)


class ProfileForm(forms.ModelForm):
    name = PlainTextField(label=_("Name"), max_length=80)
    picture = PictureAddressField(label=_("Picture address"))

    class Meta:
        model = User
        fields = ["name", "picture"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance.is_local:  # what is sent for it is not looked at
            self.fields["name"].disabled = True
            self.fields["name"].help_text = _("Kept at your identity provider: change it there.")

    def save(self, commit=True):
        """Write these two alone: the row may have been deactivated since it was read."""
        self.instance.save(update_fields=self.Meta.fields)
        return self.instance


class OrganisationForm(forms.ModelForm):
    name = PlainTextField(label=_("Name"), max_length=80)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])

    class Meta:
        model = Tenant
        fields = ["name", "currency", "catalogue_is_public", "session_idle_minutes", "session_longest_hours"]

    def save(self, commit=True):
        """Write these alone: the organisation may have been suspended since it was read."""
        Tenant.objects.filter(pk=self.instance.pk).update(**self.cleaned_data)
        return self.instance


class ShareForm(forms.Form):
    """Who gets which rights on one object. No right ticked takes all of them away."""

    principal = forms.ChoiceField(label=_("Person or role"))
    rights = forms.MultipleChoiceField(label=_("May"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args, rights: list[tuple[str, str]], **kwargs):
        super().__init__(*args, **kwargs)
        self.principals = {f"user-{user.pk}": user for user in User.objects.members()}
        self.principals |= {f"role-{role.pk}": role for role in Role.objects.select_related("group")}
        people = [(key, f"{who} ({who.email})") for key, who in self.principals.items() if isinstance(who, User)]
        roles = [(key, who.name) for key, who in self.principals.items() if isinstance(who, Role)]
        self.fields["principal"].choices = [(_("People"), people), (_("Roles"), roles)]
        self.fields["rights"].choices = rights

    def clean_principal(self) -> User | Role:
        return self.principals[self.cleaned_data["principal"]]
