"""One's own page, the hop that signs in after sign-up, and the way to one's other organisations."""

import json
from copy import copy
from datetime import UTC, datetime

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import Permission
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django.views.generic import TemplateView, UpdateView

from accounts import access
from accounts.audit import trail
from accounts.flows import people, sign_in
from accounts.forms import OrganisationForm, ProfileForm
from accounts.guards import ObjectAccessMixin, members_only, open_to_all
from accounts.providers import registry
from tenants import directory
from tenants.schema import in_public


@members_only("one's own page")
class ProfileView(UpdateView):
    template_name = "accounts/profile.html"
    form_class = ProfileForm
    success_url = reverse_lazy("accounts:profile")

    def get_object(self, queryset=None):
        return self.request.user

    def get_context_data(self, **kwargs):
        user, token = self.request.user, self.request.identity.token
        held = access.role_permissions(user)
        words = Permission.objects.select_related("content_type").order_by("content_type__app_label", "codename")
        return super().get_context_data(
            permissions=[p.name for p in words if f"{p.content_type.app_label}.{p.codename}" in held],
            own_data=json.dumps(own_data(user, token), indent=2, ensure_ascii=False),
            provider=registry.provider_of(self.request.tenant),
            account_url=registry.account_url(self.request.tenant),
            backend=self.request.session[BACKEND_SESSION_KEY],
            token=token,
            token_ends=token and datetime.fromtimestamp(token.expires_at, tz=UTC),
            session_count=UserSession.objects.filter(user=user).count(),
            by_provider={synced.role_id for synced in user.synced_roles.filter(taken_here=False)},
            **kwargs,
        )

    def form_valid(self, form):
        messages.success(self.request, _("Saved."))
        return super().form_valid(form)

    def form_invalid(self, form):
        self.request.user.refresh_from_db()  # the bar shows the saved name, the form what was typed
        return self.render_to_response(self.get_context_data(form=form), status=422)


def own_data(user, token=None) -> dict:
    """What is kept about a person, for himself to see; of his session's token what it says, and never itself."""
    told = {"claims": dict(token.raw), "claims_end_at": token.expires_at} if token else {}
    return {
        "id": user.pk,
        "name": user.name,
        "email": user.email,
        "picture": user.picture,
        "issuer": user.issuer,
        "subject": str(user.subject),
        "roles": [role.key for role in user.roles],
        "joined_at": user.joined_at.isoformat(timespec="seconds"),
        "last_seen": user.last_seen and user.last_seen.isoformat(timespec="seconds"),
        **told,
    }


@open_to_all("the signed, single-use ticket in the address is the proof")
@never_cache
@require_GET  # what looks at a link first, a mail scanner or a chat, asks by HEAD: the ticket must outlive that
def arrive(request, ticket: str):
    """Redeem a sign-in ticket from the public host: signed in, and a confirmation mail if it is due."""
    user = sign_in.redeem_ticket(ticket, request.tenant.schema_name)
    if user is None:
        return render(request, "accounts/ticket_ended.html", status=410)
    sign_in.start_session(request, user)
    people.ask_to_confirm(request, user)
    return redirect("home")


@members_only("one's own organisations, found by one's own proven address")
class OrganisationsView(TemplateView):
    """The switcher. An unproven address finds nothing: it may be somebody else's."""

    template_name = "accounts/organisations.html"

    def get_context_data(self, **kwargs):
        user = self.request.user
        found = directory.organisations_of(user.email) if user.has_proven_address else []
        return super().get_context_data(organisations=found, **kwargs)


class OrganisationView(ObjectAccessMixin, UpdateView):
    """The organisation's own settings: a row in `public`, written by those whom the tenant's roles allow."""

    permission_required = "accounts.change_organisation"
    template_name = "accounts/organisation_form.html"
    form_class = OrganisationForm
    context_object_name = "organisation"
    success_url = reverse_lazy("accounts:organisation")

    def has_permission(self):
        return access.allows(self.request.user, self.permission_required)

    def get_object(self, queryset=None):
        return copy(self.request.tenant)  # the bar shows the saved name, the form what was typed

    def form_valid(self, form):
        self.write_guard()
        with in_public():
            form.save()
        if form.has_changed():
            before = {name: form.get_initial_for_field(form.fields[name], name) for name in form.changed_data}
            changes = {name: [value, form.cleaned_data[name]] for name, value in before.items()}
            trail.note("organisation_changed", self.request.tenant, changes=changes)
        messages.success(self.request, _("Saved."))
        return redirect(self.success_url)

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)
