"""Support in the organisation: its way in and out, and the page from which people watch and end it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django.views.generic import DetailView, ListView, TemplateView, View

from accounts.flows import support
from accounts.guards import ObjectAccessMixin, members_only, open_to_all
from accounts.models import SupportVisit
from accounts.pages import PageMixin
from accounts.visit_forms import PassForm


@open_to_all("the signed, single-use ticket in the address is the proof")
@never_cache
@require_GET
def arrive(request, ticket: str):
    if support.arrive(request, ticket) is None:
        return render(request, "accounts/support_ended.html", {"was_late": True}, status=410)
    return redirect("home")


@members_only("the visitor himself ends his visit")
@require_POST
def leave(request):
    if request.support_visit is None:
        raise PermissionDenied("no support visit")
    support.end(actor=request.user, visit=request.support_visit)
    return redirect("accounts:support-ended")


@open_to_all("says that a visit has ended")
class VisitEndedView(TemplateView):
    """Open, since a picture of the page before may be the request that ends the session."""

    template_name = "accounts/support_ended.html"


class SupportView(PageMixin, ObjectAccessMixin, ListView):
    """Who is here, who was, and whether they may write."""

    permission_required = "accounts.view_supportvisit"
    template_name = "accounts/support.html"
    fragment_name = "accounts/_visit_table.html"
    context_object_name = "visits"
    queryset = SupportVisit.objects.select_related("visitor", "ended_by")

    def get_context_data(self, **kwargs):
        context = {"form": PassForm(), "running_pass": support.running_pass(), **kwargs}
        return super().get_context_data(running=self.get_queryset().running(), **context)


class VisitEndView(ObjectAccessMixin, DetailView):
    permission_required = "accounts.change_supportvisit"
    queryset = SupportVisit.objects.select_related("visitor")
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        visit = self.get_object()
        support.end(actor=request.user, visit=visit)
        messages.success(request, _("The visit of %(name)s has ended.") % {"name": visit.visitor})
        return redirect("accounts:support")


class PassIssueView(SupportView):
    """The same page, when the form on it was sent."""

    permission_required = "accounts.add_supportpass"
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        form = PassForm(request.POST)
        if not form.is_valid():
            self.object_list = self.get_queryset()
            return self.render_to_response(self.get_context_data(form=form), status=422)
        issued = support.issue_pass(actor=request.user, length=form.length)
        end = date_format(issued.expires_at, "j M, H:i")
        messages.success(request, _("Support may make changes until %(end)s UTC.") % {"end": end})
        return redirect("accounts:support")


class PassRevokeView(ObjectAccessMixin, View):
    permission_required = "accounts.add_supportpass"
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        support.revoke_passes(actor=request.user)
        messages.success(request, _("Support can no longer change anything."))
        return redirect("accounts:support")
