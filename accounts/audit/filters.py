"""What the audit log may be asked: an allow-list, so that no query text reaches the ORM."""

from datetime import datetime, time

import django_filters
from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.search import LONGEST_QUERY, matching

from . import words
from .models import Entry
from .text import SEARCHED

HIGHEST_KEY = 2**63 - 1
MOST_PEOPLE = 100


class EntryFilterForm(forms.Form):
    """`people`: the keys of those whom `person` means."""

    people: list[int] = []

    def clean_person(self) -> str:
        """By the name and address that people have today; the search finds the names they had."""
        text = self.cleaned_data["person"]
        found = User.objects.filter(Q(name__icontains=text) | Q(email__icontains=text))
        # As keys: joined, the database read the whole of a million lines (5 s; like this it takes 2 ms).
        self.people = list(found.values_list("pk", flat=True)[: MOST_PEOPLE + 1]) if text else []
        if len(self.people) > MOST_PEOPLE:
            self.people = []
            raise forms.ValidationError(
                _("More than %(count)d people have this. Type more."), params={"count": MOST_PEOPLE}
            )
        return text


class KeyFilter(django_filters.Filter):
    field_class = forms.IntegerField


def day(label, **kwargs) -> django_filters.DateFilter:
    return django_filters.DateFilter(label=label, widget=forms.DateInput(attrs={"type": "date"}), **kwargs)


class EntryFilter(django_filters.FilterSet):
    """`actor`, `type` with `number`: everything by one person, about one object. The page links to them."""

    q = django_filters.CharFilter(label=_("Search"), method="search", max_length=LONGEST_QUERY)
    person = django_filters.CharFilter(label=_("Person"), method="by_person", max_length=LONGEST_QUERY)
    action = django_filters.ChoiceFilter(label=_("Action"), choices=words.action_choices, empty_label=_("Any action"))
    type = django_filters.ChoiceFilter(
        label=_("Type"), field_name="object_type", choices=words.type_choices, empty_label=_("Any type")
    )
    through = django_filters.ChoiceFilter(
        label=_("Through"), choices=Entry.Through.choices, empty_label=_("Through any door")
    )
    since = day(_("From"), method="from_day")
    until = day(_("To"), method="to_day")
    actor = KeyFilter(field_name="actor_id", min_value=1, max_value=HIGHEST_KEY, widget=forms.HiddenInput)
    number = django_filters.CharFilter(field_name="object_id", max_length=40, widget=forms.HiddenInput)

    class Meta:
        model = Entry
        form = EntryFilterForm
        fields = ["q", "person", "action", "type", "through", "since", "until", "actor", "number"]

    def search(self, queryset, name, value):
        return matching(queryset.alias(search=SEARCHED), value)

    def by_person(self, queryset, name, value):
        return queryset.filter(actor_id__in=self.form.people)

    def from_day(self, queryset, name, value):
        return queryset.filter(at__gte=at_time(value, time.min))

    def to_day(self, queryset, name, value):
        return queryset.filter(at__lte=at_time(value, time.max))


def at_time(day, of_day: time) -> datetime:
    """The site's time zone, which the page names. Compared as instants, so that the index serves."""
    return timezone.make_aware(datetime.combine(day, of_day))
