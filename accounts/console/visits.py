"""Entering an organisation as support."""

from csp.decorators import csp_update
from django.conf import settings
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.generic import FormView

from accounts.exceptions import SupportError
from accounts.flows import support
from accounts.visit_forms import VisitForm
from tenants.models import absolute_url

from .pages import MAY_ENTER, OrganisationMixin


# A browser holds the redirect after a form's POST to form-action as well, and it leads to the customer's host.
@method_decorator(csp_update({"form-action": absolute_url(f"*.{settings.BASE_DOMAIN}", "")}), name="dispatch")
class VisitCreateView(OrganisationMixin, FormView):
    permission_required = MAY_ENTER
    template_name = "console/visit_form.html"
    form_class = VisitForm

    def form_valid(self, form):
        try:
            path = support.enter(
                operator=self.request.user,
                tenant=self.organisation,
                reason=form.cleaned_data["reason"],
                length=form.length,
            )
        except SupportError as error:
            form.add_error(None, error.message)
            return self.render_to_response(self.get_context_data(form=form), status=409)
        return redirect(self.organisation.absolute_url(path))

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)
