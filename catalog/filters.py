"""What a list of products may be asked: an allow-list, so that no query text reaches the ORM."""

import django_filters
from django.utils.translation import gettext_lazy as _

from accounts.listing import ordered
from accounts.search import LONGEST_QUERY

from .models import Category, Product


class ProductFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Search"), method="search", max_length=LONGEST_QUERY)
    category = django_filters.ModelChoiceFilter(
        label=_("Category"), queryset=Category.objects.none(), method="inside", empty_label=_("All categories")
    )
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Product.Status.choices, empty_label=_("Any status"))
    order = django_filters.OrderingFilter(
        label=_("Sort by"),
        fields={"title": "title", "price": "price", "changed_at": "changed"},
        choices=[
            ("title", _("Title, A to Z")),
            ("-title", _("Title, Z to A")),
            ("price", _("Price, low to high")),
            ("-price", _("Price, high to low")),
            ("-changed", _("Changed last")),
        ],
        empty_label=None,
    )

    class Meta:
        model = Product
        fields = ["q", "category", "status", "order"]

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.filters["category"].queryset = Category.objects.for_user(user)
        self.form.fields["category"].label_from_instance = lambda category: category.path_for(user)

    def search(self, queryset, name, value):
        return queryset.matching(value)

    def inside(self, queryset, name, category):
        """The category and everything below it."""
        below = Category.objects.filter(ancestors__contains=[category.pk])
        return queryset.filter(category__in=[category.pk, *below.values_list("pk", flat=True)])

    def filter_queryset(self, queryset):
        """Whatever it is sorted by, the key decides between equals: pages never repeat or skip a row."""
        queryset = super().filter_queryset(queryset)
        name = (queryset.query.order_by or queryset.model._meta.ordering)[0]
        return ordered(queryset, name)
