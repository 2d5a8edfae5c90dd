"""What list pages share: a capped page size, and one view for the page and its htmx fragment."""

from django.core.paginator import Paginator
from django.utils.cache import patch_vary_headers

MOST_PER_PAGE = 100


class ClampingPaginator(Paginator):
    """A page number that is out of range or no number means the nearest page, not an error."""

    def validate_number(self, number):
        try:
            number = int(str(number)[:9])
        except ValueError:
            number = 1
        return max(1, min(number, self.num_pages))


class FragmentMixin:
    """One view for a page and the part of it that htmx swaps, `fragment_name`."""

    fragment_name: str

    def get_template_names(self):
        fragment = self.request.htmx and not self.request.htmx.boosted
        return [self.fragment_name] if fragment else super().get_template_names()

    def render_to_response(self, context, **kwargs):
        response = super().render_to_response(context, **kwargs)
        patch_vary_headers(response, ["HX-Request"])
        return response


class PageMixin(FragmentMixin):
    """For ListView: numbered pages of a size with a cap."""

    paginate_by = 24
    paginator_class = ClampingPaginator

    def get_paginate_by(self, queryset):
        wanted = self.request.GET.get("per_page", "")[:4]
        return min(max(int(wanted), 1), MOST_PER_PAGE) if wanted.isdecimal() else self.paginate_by

    def paginate_queryset(self, queryset, page_size):
        """As ListView's, without its 404 for a page that is no number."""
        paginator = self.get_paginator(queryset, page_size)
        page = paginator.page(self.request.GET.get(self.page_kwarg, 1))
        return paginator, page, page.object_list, page.has_other_pages()
