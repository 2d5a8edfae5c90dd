"""The border for API keys: what may be typed about one."""

import ipaddress
from datetime import datetime, time, timedelta
from typing import cast

from django import forms
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import access
from .flows import api_keys
from .forms import PlainTextField
from .models import User
from .templatetags.page_tags import SUBJECTS, VERBS

USUAL_LIFE, LONGEST_LIFE = timedelta(days=90), timedelta(days=365)
MOST_ADDRESSES = 20


class NetworksField(forms.CharField):
    """Addresses and networks, one a line or separated by commas -> a list in CIDR form."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"})

    def clean(self, value) -> list[str]:
        typed = super().clean(value).replace(",", " ").split()
        if len(typed) > MOST_ADDRESSES:
            raise ValidationError(_("At most %(most)d addresses."), params={"most": MOST_ADDRESSES})
        return list(dict.fromkeys(as_network(text) for text in typed))


def as_network(text: str) -> str:
    """`192.0.2.7` -> `192.0.2.7/32`. Raises ValidationError."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        network = None
    if network is None or "%" in text:  # a zone names an interface of the server, not a client
        raise ValidationError(_("Not an address or network: %(text)s"), params={"text": text[:60]})
    return str(network)


class ApiKeyForm(forms.Form):
    """`service`: the organisation's own key, which may hold only what the maker holds by role."""

    name = PlainTextField(label=_("Name"), max_length=80, help_text=_("Which program will use it, and where."))
    rights = forms.MultipleChoiceField(
        label=_("May"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one: a key without rights opens nothing.")},
    )
    expires_on = forms.DateField(
        label=_("Ends on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("At the end of that day (UTC), at most a year from now."),
    )
    addresses = NetworksField(
        label=_("Only from these addresses"),
        required=False,
        max_length=2000,
        help_text=_("Like 192.0.2.7 or 192.0.2.0/24, one per line. Empty: from anywhere."),
    )

    def __init__(self, *args, actor: User, service: bool, **kwargs):
        super().__init__(*args, **kwargs)
        cast(forms.MultipleChoiceField, self.fields["rights"]).choices = grouped(
            api_keys.rights_for_key(actor, service=service)
        )
        self.fields["expires_on"].initial = today() + USUAL_LIFE
        self.fields["expires_on"].widget.attrs |= {"min": str(today()), "max": str(today() + LONGEST_LIFE)}

    def clean_expires_on(self):
        day = self.cleaned_data["expires_on"]
        if not today() <= day <= today() + LONGEST_LIFE:
            raise ValidationError(_("Choose a day from today on, at most a year ahead."), code="range")
        return day

    @property
    def for_flow(self) -> dict:
        """The clean values, as `api_keys.create` takes them."""
        clean = self.cleaned_data
        end = datetime.combine(clean["expires_on"], time.max, tzinfo=timezone.get_default_timezone())
        return {
            "name": clean["name"],
            "rights": clean["rights"],
            "addresses": clean["addresses"],
            "expires_at": end,
        }


def today():
    return timezone.localdate()


def grouped(rights: set[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Permission names as choices in plain words: [("Products", [("catalog.view_product", "See"), …]), …].

    Only those of what the API serves, which is what has a subject: the others would open nothing.
    """
    groups: dict[str, list[tuple[str, str]]] = {noun: [] for noun in SUBJECTS}
    for permission in Permission.objects.select_related("content_type").order_by("pk"):
        name = f"{permission.content_type.app_label}.{permission.codename}"
        if name in rights and (noun := noun_of(name)) in groups:
            groups[noun].append((name, in_words(permission.name)))
    order = [word.capitalize() for word in VERBS.values()]
    return [
        (
            SUBJECTS[noun],
            sorted(choices, key=lambda choice: order.index(choice[1]) if choice[1] in order else len(order)),
        )
        for noun, choices in groups.items()
        if choices
    ]


def noun_of(permission: str) -> str:
    """The model that a right is about; none for those on the organisation as a whole."""
    try:
        return access.model_of(permission)._meta.model_name or ""
    except LookupError:
        return ""


def in_words(name: str) -> str:
    """ "Can view product" -> "See"; what says more than a verb and its noun stays whole."""
    words = name.removeprefix("Can ")
    verb, _space, noun = words.partition(" ")
    return (VERBS[verb] if verb in VERBS and noun in SUBJECTS else words).capitalize()
