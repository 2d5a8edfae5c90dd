"""What the pages of the operator console share."""

from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property

from accounts import access
from accounts.flows.organisations import MAY_OPERATE
from accounts.flows.support import MAY_ENTER
from accounts.guards import ObjectAccessMixin
from accounts.pages import PageMixin
from tenants.models import Tenant
from tenants.schema import in_public

MAY_VIEW = "accounts.view_organisations"


class ConsoleMixin(ObjectAccessMixin):
    """A page of the console: a right on the platform opens it, whichever organisation it is about.

    Organisations are rows in `public`, which the request's own schema does not hold: whatever reads them
    does so inside `in_public()`, and hands the template rows, not questions.
    """

    permission_required = MAY_VIEW

    def has_permission(self):
        return access.allows(self.request.user, self.permission_required)

    def get_context_data(self, **kwargs):
        held = access.role_permissions(self.request.user)
        return super().get_context_data(may_operate=MAY_OPERATE in held, may_enter=MAY_ENTER in held, **kwargs)


class ConsoleListMixin(PageMixin, ConsoleMixin):
    """A list of rows in `public`. They are fetched here, page by page: the template would ask the wrong schema."""

    def paginate_queryset(self, queryset, page_size):
        with in_public():
            paginator, page, rows, has_others = super().paginate_queryset(queryset, page_size)
            page.object_list = list(rows)
        return paginator, page, page.object_list, has_others


class OrganisationMixin(ConsoleMixin):
    """A page about one organisation: `self.organisation`, its usage with it. 404 for none, and for the platform."""

    @cached_property
    def organisation(self) -> Tenant:
        with in_public():
            return get_object_or_404(Tenant.objects.customers().select_related("usage"), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs):
        return super().get_context_data(organisation=self.organisation, **kwargs)
