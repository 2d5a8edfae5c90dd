"""What the lists of the console may be asked: allow-lists, so that no query text reaches the ORM."""

from datetime import timedelta

import django_filters
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models import PlatformEvent, Tenant

LONGEST_QUERY = 100
# Figures older than this are shown with a warning: the jobs that keep them do not run.
STALE_AFTER = timedelta(hours=1)


class OrganisationFilter(django_filters.FilterSet):
    """Over `organisations.with_figures()`."""

    q = django_filters.CharFilter(label=_("Search"), method="search", max_length=LONGEST_QUERY)
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Tenant.Status.choices, empty_label=_("Any status"))
    trouble = django_filters.ChoiceFilter(
        label=_("Trouble"),
        method="with_trouble",
        choices=[
            ("errors", _("Errors in 24 hours")),
            ("behind", _("Schema is behind")),
            ("closed", _("Not ready")),
            ("stale", _("Figures are old")),
        ],
        empty_label=_("Any condition"),
    )
    order = django_filters.OrderingFilter(
        label=_("Sort by"),
        fields={
            "name": "name",
            "created_at": "created",
            "usage__last_used_at": "used",
            "usage__people": "people",
            "usage__products": "products",
            "usage__bytes": "size",
            "errors": "errors",
        },
        choices=[
            ("name", _("Name, A to Z")),
            ("-created", _("Newest first")),
            ("-used", _("Used last")),
            ("used", _("Longest unused")),
            ("-people", _("Most people")),
            ("-products", _("Most products")),
            ("-size", _("Largest on disk")),
            ("-errors", _("Most errors")),
        ],
        empty_label=None,
    )

    class Meta:
        model = Tenant
        fields = ["q", "status", "trouble", "order"]

    def search(self, queryset, name, value):
        words = Q(name__icontains=value) | Q(slug__icontains=value)
        return queryset.filter(words | Q(pk__in=Tenant.objects.filter(domains__domain__icontains=value).values("pk")))

    def with_trouble(self, queryset, name, value):
        return queryset.filter(
            {
                "errors": Q(errors__gt=0) | ~Q(usage__problem="") & Q(usage__isnull=False),
                "behind": Q(usage__is_current=False),
                "closed": Q(schema_ready=False),
                "stale": Q(usage__isnull=True) | Q(usage__refreshed_at__lt=timezone.now() - STALE_AFTER),
            }[value]
        )

    def filter_queryset(self, queryset):
        """What is not known comes last, and the key decides between equals: pages never repeat or skip a row."""
        queryset = super().filter_queryset(queryset)
        order = queryset.query.order_by or queryset.model._meta.ordering
        ways = [F(name.lstrip("-")) for name in order]
        return queryset.order_by(
            *(
                way.desc(nulls_last=True) if name.startswith("-") else way.asc(nulls_last=True)
                for way, name in zip(ways, order, strict=True)
            ),
            "pk",
        )


class EventFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Search"), method="search", max_length=LONGEST_QUERY)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=PlatformEvent.Kind.choices, empty_label=_("Any kind"))

    class Meta:
        model = PlatformEvent
        fields = ["q", "kind"]

    def search(self, queryset, name, value):
        words = Q(schema_name__icontains=value) | Q(detail__icontains=value) | Q(actor__icontains=value)
        return queryset.filter(words | Q(request_id=value))
