"""The organisations: the list, one of them, and a new one."""

from datetime import timedelta

from django.contrib import messages
from django.db.models import Count, Min, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import FormView, ListView, TemplateView

from accounts.flows import organisations
from accounts.forms import CURRENCIES
from tenants.exceptions import AddressTaken, SchemaExists
from tenants.models import DomainClaim, FormerAddress, PlatformEvent, Tenant, Usage
from tenants.schema import in_public

from .filters import STALE_AFTER, OrganisationFilter
from .forms import OrganisationCreateForm
from .pages import MAY_OPERATE, ConsoleListMixin, ConsoleMixin, OrganisationMixin

ERRORS_SINCE = timedelta(hours=24)
LATEST = 10
TAKEN = _("This address is taken, or was given up less than 90 days ago.")


def with_figures():
    """The organisations with their usage and the `errors` of the last day: one statement, in `public` alone."""
    recent = PlatformEvent.objects.filter(
        kind=PlatformEvent.Kind.ERROR, schema_name=OuterRef("schema_name"), at__gt=timezone.now() - ERRORS_SINCE
    )
    errors = recent.order_by().values("schema_name").annotate(number=Count("pk")).values("number")
    return Tenant.objects.customers().select_related("usage").annotate(errors=Coalesce(Subquery(errors), 0))


class OrganisationListView(ConsoleListMixin, ListView):
    template_name = "console/organisation_list.html"
    fragment_name = "console/_organisation_table.html"
    context_object_name = "organisations"

    def get_queryset(self):
        self.filter = OrganisationFilter(self.request.GET, queryset=with_figures())
        return self.filter.qs

    def get_context_data(self, **kwargs):
        with in_public():
            counted_at = Usage.objects.exclude(tenant__schema_name=self.request.tenant.schema_name).aggregate(
                oldest=Min("refreshed_at")
            )["oldest"]
        is_stale = counted_at is None or counted_at < timezone.now() - STALE_AFTER
        return super().get_context_data(filter=self.filter, counted_at=counted_at, is_stale=is_stale, **kwargs)


class OrganisationDetailView(OrganisationMixin, TemplateView):
    template_name = "console/organisation_detail.html"

    def get_context_data(self, **kwargs):
        with in_public():
            tenant = self.organisation
            errors = PlatformEvent.objects.filter(kind=PlatformEvent.Kind.ERROR, schema_name=tenant.schema_name)
            rows = {
                "errors": list(errors[:LATEST]),
                "claims": list(DomainClaim.objects.filter(tenant=tenant)),
                "former": list(FormerAddress.objects.held().filter(tenant=tenant).order_by("slug")),
            }
        return super().get_context_data(**rows, **kwargs)


class OrganisationCreateView(ConsoleMixin, FormView):
    permission_required = MAY_OPERATE
    template_name = "console/organisation_form.html"
    form_class = OrganisationCreateForm
    initial = {"currency": CURRENCIES[0]}

    def form_valid(self, form):
        try:
            tenant = organisations.create(actor=self.request.user, **form.cleaned_data)
        except (AddressTaken, SchemaExists):
            form.add_error("slug", TAKEN)
            return self.render_to_response(self.get_context_data(form=form), status=409)
        address = form.cleaned_data["email"]
        messages.success(
            self.request,
            _("%(name)s is ready. %(address)s was sent a link to set it up.") % {"name": tenant, "address": address},
        )
        return redirect("console:organisation-detail", tenant.pk)

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)
