"""The organisation's sign-in page: who comes in by its identity provider, and what the provider's roles are here."""

from copy import copy

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import DetailView, FormView, UpdateView

from accounts import access
from accounts.exceptions import AccountsError, LinkedAlready
from accounts.flows import directory, role_map, role_sync, sign_in_rules
from accounts.guards import ObjectAccessMixin
from accounts.models import Role, RoleLink
from accounts.provider_forms import RoleLinkForm, RoleRelinkForm, SignInForm
from accounts.providers.base import Provider

from . import at_provider


class SignInRulesMixin(ObjectAccessMixin):
    """For those who may change the organisation. `provider` is its provider; None for people of our own."""

    permission_required = role_map.MAY_CHANGE
    success_url = reverse_lazy("accounts:sign-in-rules")

    def has_permission(self):
        return access.allows(self.request.user, self.permission_required)

    @cached_property
    def provider(self) -> Provider | None:
        return at_provider.provider_of(self.request.tenant)

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def refuse(self, form, error: AccountsError, status: int):
        form.add_error(error.field or None, error.message)
        return self.render_to_response(self.get_context_data(form=form), status=status)


class SignInRulesView(SignInRulesMixin, UpdateView):
    template_name = "accounts/sign_in_rules.html"
    form_class = SignInForm
    context_object_name = "organisation"

    def get_object(self, queryset=None):
        return copy(self.request.tenant)

    def get_context_data(self, **kwargs):
        return super().get_context_data(provider=self.provider, **self.role_lines(), **kwargs)

    def role_lines(self) -> dict:
        if self.provider is None:
            return {}
        known = directory.provider_roles(self.request.tenant)
        givable = {role.pk for role in Role.objects.may_be_given_by(self.request.user)}
        lines = role_map.lines(self.provider.key, known)
        staff = role_sync.staff_word(self.request.tenant)
        return {"lines": lines, "known": known, "givable": givable, "staff_word": staff}

    def post(self, request, *args, **kwargs):
        if self.provider is None:
            raise Http404
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        before = {name: form.get_initial_for_field(form.fields[name], name) for name in form.changed_data}
        changes = {name: [value, form.cleaned_data[name]] for name, value in before.items()}
        if changes:
            sign_in_rules.change(actor=self.request.user, tenant=self.request.tenant, changes=changes)
        messages.success(self.request, _("Saved."))
        return redirect(self.success_url)


class RoleLinkFormMixin(SignInRulesMixin, FormView):
    """Says what one of the provider's roles is here."""

    template_name = "accounts/role_link_form.html"

    def has_permission(self):
        """Asked first: whoever may not, is not told whether there is a provider."""
        if not super().has_permission():
            return False
        if self.provider is None:
            raise Http404
        return True

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "actor": self.request.user}

    def get_context_data(self, **kwargs):
        return super().get_context_data(provider=self.provider, link=getattr(self, "object", None), **kwargs)

    def form_invalid(self, form):
        # A role that is not among the choices is one that the actor may not give.
        status = 403 if form.has_error("role", "invalid_choice") else 422
        return self.render_to_response(self.get_context_data(form=form), status=status)

    def done(self, word: str, role: Role | None):
        meaning = {"word": word, "role": role and role.name}
        text = _("“%(word)s” is %(role)s here.") if role else _("“%(word)s” is ignored here.")
        messages.success(self.request, f"{text % meaning} {_('It counts from each person’s next request on.')}")
        return redirect(self.success_url)


class RoleLinkCreateView(RoleLinkFormMixin):
    form_class = RoleLinkForm

    def get_initial(self):
        return {"word": self.request.GET.get("word", "")[:255]}

    def get_context_data(self, **kwargs):
        known = directory.provider_roles(self.request.tenant)
        taken = set(RoleLink.objects.filter(provider=self.provider.key).values_list("key", flat=True))
        return super().get_context_data(known=[word for word in known if word not in taken], **kwargs)

    def form_valid(self, form):
        try:
            role_map.link(actor=self.request.user, provider=self.provider.key, **form.cleaned_data)
        except LinkedAlready as error:
            return self.refuse(form, error, 409)
        return self.done(**form.cleaned_data)


class RoleLinkObjectMixin:
    """One link of this provider's. 404 for others."""

    def link_or_404(self) -> RoleLink:
        links = RoleLink.objects.filter(provider=self.provider.key if self.provider else "")
        found = links.select_related("role__group").filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found


class RoleLinkChangeView(RoleLinkObjectMixin, RoleLinkFormMixin):
    form_class = RoleRelinkForm

    @cached_property
    def object(self) -> RoleLink:
        return self.link_or_404()

    def get_initial(self):
        role = self.object.role
        return {"role": role and role.key}

    def form_valid(self, form):
        link, role = self.object, form.cleaned_data["role"]
        try:
            role_map.relink(actor=self.request.user, link=link, role=role)
        except RoleLink.DoesNotExist as error:
            raise Http404 from error
        return self.done(link.key, role)


class RoleLinkRemoveView(RoleLinkObjectMixin, SignInRulesMixin, DetailView):
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        link = self.link_or_404()
        try:
            role_map.unlink(actor=request.user, link=link)
        except RoleLink.DoesNotExist as error:
            raise Http404 from error
        messages.success(request, _("“%(word)s” is what its name says again.") % {"word": link.key})
        return redirect(self.success_url)
