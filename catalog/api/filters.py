"""What a list of the API may be narrowed by."""

from django_filters import rest_framework as filters

from catalog.filters import ProductFilter
from catalog.models import Category


class ProductApiFilter(ProductFilter):
    """As on the page. The order is the pagination's, since a page begins where another ended."""

    order = None

    class Meta(ProductFilter.Meta):
        fields = ["q", "category", "status"]

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, request=request, user=request.user, **kwargs)


class CategoryFilter(filters.FilterSet):
    parent = filters.ModelChoiceFilter(label="Directly inside this one.", queryset=Category.objects.none())

    class Meta:
        model = Category
        fields = ["parent"]

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, request=request, **kwargs)
        self.filters["parent"].queryset = Category.objects.for_user(request.user)
