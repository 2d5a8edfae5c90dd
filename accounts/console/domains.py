"""A customer's domains, looked after by an operator."""

from django.shortcuts import redirect
from django.views.generic import FormView, View

from accounts.flows import domains as flow
from accounts.views.domains import DomainCheckMixin, DomainClaimMixin, DomainWithdrawMixin

from .pages import MAY_OPERATE, OrganisationMixin


class OperatorMixin(OrganisationMixin):
    permission_required = MAY_OPERATE
    claim_kwarg = "claim"

    def back(self):
        return redirect("console:domain-claim", self.organisation.pk)


class DomainClaimView(OperatorMixin, DomainClaimMixin, FormView):
    template_name = "console/domain_list.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(claims=flow.claims_of(self.organisation), **kwargs)


class DomainCheckView(OperatorMixin, DomainCheckMixin, View):
    pass


class DomainWithdrawView(OperatorMixin, DomainWithdrawMixin, View):
    pass
