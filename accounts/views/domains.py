"""The organisation's own domains: claimed, proven by a DNS record, given up."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import FormView, View

from accounts import access, limits
from accounts.domain_forms import DomainForm
from accounts.exceptions import TooMany
from accounts.flows import domains as flow
from accounts.guards import ObjectAccessMixin
from tenants import domains
from tenants.exceptions import ClaimError
from tenants.models import DomainClaim, Tenant
from tenants.schema import in_public


class DomainMixin(ObjectAccessMixin):
    """`organisation` is whose domains they are, `claim` the one that the address names. 404 for others' claims."""

    permission_required = flow.MAY_CHANGE
    claim_kwarg = "pk"

    def has_permission(self):
        return access.allows(self.request.user, self.permission_required)

    @cached_property
    def organisation(self) -> Tenant:
        if self.request.tenant.is_platform:
            raise Http404  # its host is the console's, and no other
        return self.request.tenant

    @cached_property
    def claim(self) -> DomainClaim:
        with in_public():
            claims = DomainClaim.objects.filter(tenant_id=self.organisation.pk)
            found = claims.filter(pk=self.kwargs[self.claim_kwarg]).first()
        if found is None:
            raise Http404
        return found

    def back(self):
        return redirect("accounts:domain-list")


class DomainClaimMixin(DomainMixin):
    """The form that claims one. What is refused is said on the same page."""

    form_class = DomainForm

    def form_valid(self, form):
        try:
            flow.claim(actor=self.request.user, tenant=self.organisation, domain=form.cleaned_data["domain"])
        except ClaimError as error:
            form.add_error("domain", error.message)
            return self.render_to_response(self.get_context_data(form=form), status=409)
        messages.success(self.request, _("Now make the DNS record that is shown, then check it."))
        return self.back()

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)


class DomainCheckMixin(DomainMixin):
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        claim = self.claim
        try:
            limits.spend(request, "check_domain", key=str(self.organisation.pk))
            answer = domains.ask(claim)  # before any lock: name servers may take their time
            settled = flow.settle(actor=request.user, tenant=self.organisation, claim=claim, answer=answer)
        except TooMany as error:
            messages.error(request, error.message)
        except DomainClaim.DoesNotExist as error:
            raise Http404 from error
        else:
            if settled.last_problem:
                messages.warning(request, settled.last_problem)
            else:
                messages.success(request, _("%(domain)s is proven, and served.") % {"domain": claim.domain})
        return self.back()


class DomainWithdrawMixin(DomainMixin):
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        flow.withdraw(actor=request.user, tenant=self.organisation, claim=self.claim)
        messages.success(request, _("%(domain)s is removed.") % {"domain": self.claim.domain})
        return self.back()


class DomainListView(DomainClaimMixin, FormView):
    template_name = "accounts/domain_list.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(claims=flow.claims_of(self.organisation), **kwargs)


class DomainCheckView(DomainCheckMixin, View):
    pass


class DomainWithdrawView(DomainWithdrawMixin, View):
    pass
