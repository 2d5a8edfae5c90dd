"""Members: the list, and what one may do with each."""

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic import DetailView, FormView, ListView, TemplateView

from accounts import access
from accounts.exceptions import LastOwner
from accounts.flows import membership, role_sync
from accounts.forms import MemberSearchForm, RoleForm
from accounts.guards import ObjectAccessMixin, members_only
from accounts.models import Role, User
from accounts.pages import PageMixin
from accounts.providers.directory import Can

from . import at_provider


class MemberListView(PageMixin, ObjectAccessMixin, ListView):
    permission_required = "accounts.view_user"
    template_name = "accounts/member_list.html"
    fragment_name = "accounts/_member_table.html"
    context_object_name = "members"

    def get_queryset(self):
        members = super().get_queryset().members().prefetch_related("groups__role")
        self.form = MemberSearchForm(self.request.GET)
        words = self.form.cleaned_data["q"] if self.form.is_valid() else ""
        if words:
            members = members.filter(Q(name__icontains=words) | Q(email__icontains=words))
        return members

    queryset = User.objects.all()

    def get_context_data(self, **kwargs):
        context = super().get_context_data(form=self.form, **kwargs)
        context["manageable"] = self.manageable(context["members"])
        return context | self.by_provider(context["members"])

    def by_provider(self, members) -> dict:
        """Where people come by an identity provider: who does, and which of their roles are its word."""
        found = at_provider.context(self.request)
        owned = role_sync.roles_by_word(members) if found else {}
        for member in members:
            member.comes_by_provider = bool(found) and member.issuer in found["provider"].issuers
            member.roles_by_provider = owned.get(member.pk, set())
        return found

    def manageable(self, members) -> set[int]:
        """Keys of those whom the viewer may manage: the rule of `demand_may_manage`, for a page of rows at once."""
        if not {"accounts.change_user", "accounts.delete_user"} & access.role_permissions(self.request.user):
            return set()
        below = {role.pk for role in Role.objects.may_be_given_by(self.request.user)}
        return {member.pk for member in members if {group.pk for group in member.groups.all()} <= below}


class MemberActionView(ObjectAccessMixin, DetailView):
    """One change of one member: GET asks, POST does. What may go wrong is said on the same page."""

    queryset = User.objects.members()
    template_name = "accounts/member_confirm.html"
    context_object_name = "person"
    success_url = reverse_lazy("accounts:member-list")

    question: str
    done: str
    verb: str
    danger = True
    what: Can  # at the identity provider

    def act(self, member: User) -> None:
        raise NotImplementedError

    def get_object(self, queryset=None):
        """The door first, then the rule on people: nobody manages somebody who holds more than he does."""
        member = super().get_object(queryset)
        membership.demand_may_manage(self.request.user, member, self.permission_required)
        return member

    def get_context_data(self, **kwargs):
        question = self.question % {"name": self.object}
        there = at_provider.what_becomes_of_it(self.request.tenant, self.object, self.what)
        return super().get_context_data(question=question, there=there, **kwargs)

    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        try:
            self.act(self.object)
        except User.DoesNotExist as error:  # gone while the page was open
            raise Http404 from error
        except LastOwner as error:
            return self.refuse(error)
        messages.success(request, self.done % {"name": self.object})
        return HttpResponseRedirect(self.success_url)

    def refuse(self, error):
        return self.render_to_response(self.get_context_data(error=error.message), status=409)


class MemberDeactivateView(MemberActionView):
    permission_required = "accounts.change_user"
    verb = _("Deactivate")
    what = Can.DEACTIVATE
    question = _("Deactivate %(name)s? They are signed out at once and cannot sign in until reactivated.")
    done = _("%(name)s is deactivated.")

    def act(self, member):
        membership.deactivate(actor=self.request.user, member=member)


class MemberReactivateView(MemberActionView):
    permission_required = "accounts.change_user"
    verb = _("Reactivate")
    what = Can.DEACTIVATE
    danger = False
    question = _("Reactivate %(name)s? Their roles and shared items come back.")
    done = _("%(name)s can sign in again.")

    def act(self, member):
        membership.reactivate(actor=self.request.user, member=member)


class MemberRemoveView(MemberActionView):
    permission_required = "accounts.delete_user"
    verb = _("Remove")
    what = Can.REMOVE
    question = _("Remove %(name)s? Their sessions, roles, shared items and open invitations end at once.")
    done = _("%(name)s is no longer a member.")

    def act(self, member):
        membership.remove(actor=self.request.user, member=member)


class MemberRoleView(ObjectAccessMixin, DetailView, FormView):
    permission_required = "accounts.change_user"
    queryset = User.objects.members()
    template_name = "accounts/member_role.html"
    context_object_name = "person"
    form_class = RoleForm

    def get_object(self, queryset=None):
        member = super().get_object(queryset)
        membership.demand_may_manage(self.request.user, member, self.permission_required)
        return member

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "actor": self.request.user}

    def get_initial(self):
        role = self.object.roles[0] if self.object.roles else None
        return {"role": role and role.key}

    def get_context_data(self, **kwargs):
        there = at_provider.what_becomes_of_it(self.request.tenant, self.object, Can.SET_ROLES)
        return super().get_context_data(there=there, still=role_sync.still_said(self.object), **kwargs)

    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        role = form.cleaned_data["role"]
        try:
            membership.change_role(actor=self.request.user, member=self.object, role=role)
        except User.DoesNotExist as error:
            raise Http404 from error
        except LastOwner as error:
            form.add_error("role", error.message)
            return self.render_to_response(self.get_context_data(form=form), status=409)
        messages.success(self.request, _("%(name)s is now %(role)s.") % {"name": self.object, "role": role.name})
        return redirect("accounts:member-list")

    def form_invalid(self, form):
        status = 403 if "role" in form.data else 422
        return self.render_to_response(self.get_context_data(form=form), status=status)


@members_only("everyone may leave")
class LeaveView(TemplateView):
    template_name = "accounts/leave.html"

    def post(self, request, *args, **kwargs):
        try:
            membership.leave(member=request.user)
        except User.DoesNotExist:  # the second click of two
            pass
        except LastOwner as error:
            return render(request, self.template_name, {"error": error.message}, status=409)
        return redirect(reverse("account_login"))


class RoleListView(ObjectAccessMixin, ListView):
    permission_required = "accounts.view_role"
    template_name = "accounts/role_list.html"
    context_object_name = "roles"
    queryset = Role.objects.with_permissions()
