"""API keys: one's own, and for those who may, all of the organisation's."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import DetailView, FormView, ListView

from accounts import access, limits
from accounts.exceptions import NoRoleForKey, TooMany
from accounts.flows import api_keys
from accounts.guards import ObjectAccessMixin, members_only
from accounts.key_forms import ApiKeyForm
from accounts.models import ApiKey
from accounts.pages import PageMixin


@members_only("one's own keys")
class ApiKeyListView(PageMixin, ListView):
    template_name = "accounts/api_key_list.html"
    fragment_name = "accounts/_api_key_table.html"
    context_object_name = "keys"

    def get_queryset(self):
        return ApiKey.objects.select_related("user", "created_by").filter(user_id=self.request.user.pk)

    def get_context_data(self, **kwargs):
        return super().get_context_data(may_revoke_all=False, **kwargs)


class OrganisationKeyListView(PageMixin, ObjectAccessMixin, ListView):
    permission_required = api_keys.SEE_ALL
    template_name = "accounts/organisation_key_list.html"
    fragment_name = "accounts/_api_key_table.html"
    context_object_name = "keys"
    queryset = ApiKey.objects.select_related("user", "created_by")

    def get_context_data(self, **kwargs):
        may_revoke_all = access.allows(self.request.user, api_keys.REVOKE_ALL)
        return super().get_context_data(everybodys=True, may_revoke_all=may_revoke_all, **kwargs)


class ApiKeyCreateView(ObjectAccessMixin, FormView):
    """The answer to the POST shows the key, once: it is neither kept nor redirected to."""

    permission_required = api_keys.MAKE_OWN
    template_name = "accounts/api_key_form.html"
    form_class = ApiKeyForm
    service = False

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "actor": self.request.user, "service": self.service}

    def get_context_data(self, **kwargs):
        return super().get_context_data(service=self.service, back=self.back, **kwargs)

    @property
    def back(self) -> str:
        return reverse("accounts:organisation-key-list" if self.service else "accounts:api-key-list")

    def form_valid(self, form):
        try:
            limits.spend(self.request, "make_api_key", key=str(self.request.user.pk))
            key, text = api_keys.create(actor=self.request.user, service=self.service, **form.for_flow)
        except (NoRoleForKey, TooMany) as error:
            form.add_error(error.field or None, error.message)
            return self.form_invalid(form, status=429 if isinstance(error, TooMany) else 422)
        context = {
            "key": key,
            "text": text,
            "back": self.back,
            "api_url": self.request.tenant.absolute_url("/api/v1/me/"),
        }
        return render(self.request, "accounts/api_key_made.html", context)

    def form_invalid(self, form, status=None):
        # A right that is not among the choices is one that the maker may not give.
        status = status or (403 if form.has_error("rights", "invalid_choice") else 422)
        return self.render_to_response(self.get_context_data(form=form), status=status)


class ServiceKeyCreateView(ApiKeyCreateView):
    permission_required = api_keys.MAKE_SERVICE
    service = True


@members_only("one's own keys; the flow asks for the right to end another's")
class ApiKeyRevokeView(DetailView):
    """GET asks, POST does."""

    template_name = "accounts/api_key_revoke.html"
    context_object_name = "key"
    http_method_names = ["get", "head", "options", "post"]

    def get_queryset(self):
        return api_keys.visible_to(self.request.user)

    def get_context_data(self, **kwargs):
        return super().get_context_data(back=self.back, **kwargs)

    @property
    def back(self) -> str:
        own = self.object.user_id == self.request.user.pk
        return reverse("accounts:api-key-list" if own else "accounts:organisation-key-list")

    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        api_keys.revoke(actor=request.user, key=self.object)
        messages.success(request, _("%(name)s no longer opens anything.") % {"name": self.object.name})
        return HttpResponseRedirect(self.back)
