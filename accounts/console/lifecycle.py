"""What is done with one organisation: each a page that asks, and a form that does."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm, Form
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView

from accounts.flows import organisations
from tenants.exceptions import AddressTaken, LifecycleError
from tenants.models import Tenant

from .forms import MoveForm, NameForm, SuspendForm, TypedNameForm
from .organisations import TAKEN
from .pages import MAY_OPERATE, OrganisationMixin


class ActView(OrganisationMixin, FormView):
    """GET asks, POST does. What the flow refuses is said on the same page, with 409."""

    permission_required = MAY_OPERATE
    template_name = "console/organisation_act.html"
    form_class: type[BaseForm] = Form

    verb: str | Promise
    question: str | Promise
    done: str | Promise
    danger = False

    def act(self, tenant: Tenant, form) -> None:
        raise NotImplementedError

    def get_context_data(self, **kwargs):
        names = {"name": self.organisation.name, "days": settings.TENANT_CLOSING_GRACE.days}
        return super().get_context_data(question=self.question % names, **kwargs)

    def form_valid(self, form):
        name = self.organisation.name
        try:
            self.act(self.organisation, form)
        except AddressTaken:
            form.add_error("slug", TAKEN)
        except ValidationError as error:
            form.add_error("slug", error)
        except LifecycleError as error:
            form.add_error(None, error.message)
        if form.errors:
            return self.render_to_response(self.get_context_data(form=form), status=409)
        messages.success(self.request, self.done % {"name": name})
        return redirect("console:organisation-detail", self.organisation.pk)

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)


class OrganisationSuspendView(ActView):
    form_class = SuspendForm
    verb = _("Suspend")
    danger = True
    question = _("Close %(name)s to everyone, pages and API, until it is resumed? Nothing is lost.")
    done = _("%(name)s is suspended.")

    def act(self, tenant, form):
        organisations.suspend(actor=self.request.user, tenant=tenant, notice=form.cleaned_data["notice"])


class OrganisationResumeView(ActView):
    verb = _("Resume")
    question = _("Open %(name)s again? Everybody comes back to what they had.")
    done = _("%(name)s is open again.")

    def act(self, tenant, form):
        organisations.resume(actor=self.request.user, tenant=tenant)


class OrganisationRenameView(ActView):
    form_class = NameForm
    verb = _("Rename")
    question = _("The name that people see. The address stays.")
    done = _("%(name)s is renamed.")

    def get_initial(self):
        return {"name": self.organisation.name}

    def act(self, tenant, form):
        organisations.rename(actor=self.request.user, tenant=tenant, name=form.cleaned_data["name"])


class OrganisationMoveView(ActView):
    form_class = MoveForm
    verb = _("Change address")
    question = _(
        "The old address leads to the new one for 90 days, and nobody else gets it so long. "
        "Everybody signs in again there."
    )
    done = _("%(name)s has a new address.")

    def get_initial(self):
        return {"slug": self.organisation.slug}

    def act(self, tenant, form):
        organisations.move(actor=self.request.user, tenant=tenant, slug=form.cleaned_data["slug"])


class OrganisationCloseView(ActView):
    form_class = TypedNameForm
    verb = _("Close for good")
    danger = True
    question = _(
        "Nobody can come in from now on. After %(days)s days everything in it is deleted: people, products, files, "
        "its log. Until then it can be undone."
    )
    done = _("%(name)s is closed.")

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "expected": self.organisation.name}

    def act(self, tenant, form):
        organisations.close(actor=self.request.user, tenant=tenant)


class OrganisationReopenView(ActView):
    verb = _("Undo the closing")
    question = _("Have %(name)s back as it was? People sign in again; roles, shares and API keys are as before.")
    done = _("%(name)s is back.")

    def act(self, tenant, form):
        organisations.reopen(actor=self.request.user, tenant=tenant)
