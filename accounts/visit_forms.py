"""What is typed about support visits: on the platform, and in the organisation that is visited."""

from datetime import timedelta

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from .flows.support import SHORTEST_PASS, SHORTEST_VISIT
from .forms import PlainTextField

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class VisitForm(forms.Form):
    """Why, and for how long. Both are shown to the customer."""

    reason = PlainTextField(
        label=_("Reason"),
        min_length=10,
        max_length=500,
        help_text=_("The customer reads it, in a mail and in the audit log. 10 characters at least."),
    )
    minutes = forms.IntegerField(
        label=_("Minutes"),
        initial=60,
        min_value=SHORTEST_VISIT // MINUTE,
        max_value=settings.SUPPORT_VISIT_LONGEST // MINUTE,
    )

    @property
    def length(self) -> timedelta:
        return self.cleaned_data["minutes"] * MINUTE


class PassForm(forms.Form):
    hours = forms.IntegerField(
        label=_("Hours"),
        initial=4,
        min_value=SHORTEST_PASS // HOUR,
        max_value=settings.SUPPORT_PASS_LONGEST // HOUR,
    )

    @property
    def length(self) -> timedelta:
        return self.cleaned_data["hours"] * HOUR
