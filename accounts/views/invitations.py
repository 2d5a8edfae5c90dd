"""Invitations: the sender's side, and the page the link leads to."""

from allauth.core.ratelimit import respond_429
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import DetailView, FormView, ListView
from django.views.generic.edit import FormMixin

from accounts import limits
from accounts.exceptions import AddressUnproven, InvitationError, TooMany
from accounts.flows import invite, sign_in
from accounts.forms import AcceptForm, InviteForm
from accounts.guards import ObjectAccessMixin, open_to_all
from accounts.models import Invitation, Role
from accounts.pages import PageMixin

from . import at_provider
from .hosted import offer_invitation


class InvitationListView(PageMixin, ObjectAccessMixin, ListView):
    permission_required = "accounts.view_invitation"
    template_name = "accounts/invitation_list.html"
    fragment_name = "accounts/_invitation_table.html"
    context_object_name = "invitations"
    queryset = Invitation.objects.select_related("role__group", "invited_by")

    def get_context_data(self, **kwargs):
        givable = {role.pk for role in Role.objects.may_be_given_by(self.request.user)}
        return super().get_context_data(givable=givable, **at_provider.context(self.request), **kwargs)


class InviteView(ObjectAccessMixin, FormView):
    permission_required = "accounts.add_invitation"
    template_name = "accounts/invitation_form.html"
    form_class = InviteForm
    success_url = reverse_lazy("accounts:invitation-list")

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "actor": self.request.user}

    def form_valid(self, form):
        addresses, role = form.cleaned_data["addresses"], form.cleaned_data["role"]
        try:
            invite.spend_limit(self.request, times=len(addresses))
            outcome = invite.invite(actor=self.request.user, addresses=addresses, role=role)
        except (AddressUnproven, TooMany) as error:
            form.add_error("addresses", error.message)
            status = 429 if isinstance(error, TooMany) else 422
            return self.render_to_response(self.get_context_data(form=form), status=status)
        self.tell(outcome)
        return super().form_valid(form)

    def tell(self, outcome: invite.Outcome) -> None:
        if outcome.sent:
            count = len(outcome.sent)
            text = ngettext("%(count)d invitation sent.", "%(count)d invitations sent.", count)
            messages.success(self.request, text % {"count": count})
        if outcome.members:
            messages.info(self.request, _("Members already: %(names)s") % {"names": ", ".join(outcome.members)})
        if outcome.waiting:
            text = _("Invited before; use “Send again” instead: %(names)s")
            messages.warning(self.request, text % {"names": ", ".join(outcome.waiting)})

    def form_invalid(self, form):
        # A role that is not among the choices is one that the inviter may not give.
        status = 403 if form.has_error("role", "invalid_choice") else 422
        return self.render_to_response(self.get_context_data(form=form), status=status)


class InvitationActionView(ObjectAccessMixin, DetailView):
    """One button on one invitation: POST only."""

    permission_required = "accounts.add_invitation"
    queryset = Invitation.objects.select_related("role__group")
    http_method_names = ["post"]
    done: str

    def act(self, invitation: Invitation) -> None:
        raise NotImplementedError

    def post(self, request, *args, **kwargs):
        invitation = self.get_object()
        try:
            self.act(invitation)
        except TooMany:
            return respond_429(request)
        except (AddressUnproven, InvitationError) as error:
            messages.error(request, error.message)
        else:
            messages.success(request, self.done % {"email": invitation.email})
        return HttpResponseRedirect(reverse_lazy("accounts:invitation-list"))


class InvitationResendView(InvitationActionView):
    done = _("Sent again to %(email)s. The link sent before no longer works.")

    def act(self, invitation):
        invite.spend_limit(self.request)
        invite.resend(actor=self.request.user, invitation=invitation)


class InvitationRevokeView(InvitationActionView):
    done = _("The invitation of %(email)s is withdrawn.")

    def act(self, invitation):
        invite.revoke(actor=self.request.user, invitation=invitation)


@open_to_all("the token in the address is the invitation")
class InvitationAcceptView(FormMixin, DetailView):
    """GET shows who invites whom to what and changes nothing; POST makes the account, once."""

    template_name = "accounts/invitation_accept.html"
    context_object_name = "invitation"
    form_class = AcceptForm
    success_url = reverse_lazy("home")

    def get_object(self, queryset=None):
        invitation = Invitation.objects.select_related("role__group", "invited_by").find(self.kwargs["token"])
        if invitation is None:
            raise Http404
        return invitation

    def dispatch(self, request, *args, **kwargs):
        try:
            limits.spend(request, "open_invitation")
        except TooMany:
            return respond_429(request)
        self.object = self.get_object()
        try:
            invite.refuse_unacceptable(self.object)
        except InvitationError as error:
            return self.ended(error)
        if request.user.is_authenticated:
            return render(request, "accounts/invitation_other.html", self.get_context_data(), status=403)
        if request.tenant.provider != "local":
            return offer_invitation(request, self.object)
        return super().dispatch(request, *args, **kwargs)

    def ended(self, error: InvitationError):
        context = {"invitation": self.object, "error": error.message}
        return render(self.request, "accounts/invitation_ended.html", context, status=410)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "email": self.object.email}

    def post(self, request, *args, **kwargs):
        form = self.get_form()
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        try:
            user = invite.accept(token=self.kwargs["token"], visitor=request.user, **form.cleaned_data)
        except Invitation.DoesNotExist as error:
            raise Http404 from error
        except InvitationError as error:
            return self.ended(error)
        sign_in.start_session(request, user)
        messages.success(request, _("Welcome to %(tenant)s!") % {"tenant": request.tenant})
        return redirect(self.get_success_url())
