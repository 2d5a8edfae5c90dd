"""Members, roles and invitations on the admin site."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.exceptions import AccountsError
from accounts.flows import invite, membership
from accounts.forms import RoleChoiceField, email_field
from accounts.models import Invitation, User
from accounts.shares import words_for

from .base import DoorAdmin, ReadOnlyAdmin
from .forms import DoorForm

PEOPLE = _("People")


class NotInvited(AccountsError):
    """There is nobody to invite at this address, or nobody any more."""

    field = "email"


class MemberForm(DoorForm):
    """What may be changed of a member: the role, and whether the account is active. Written by the flows alone."""

    role = RoleChoiceField(label=_("Role"))
    active = forms.BooleanField(label=_("Active"), required=False)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    gives_role = True

    class Meta:
        model = User
        fields: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        role, choice = next(iter(self.instance.roles), None), self.fields["role"]
        choice.offer(self.actor)
        if role is None:  # or the first role of the list, the mightiest, would be given by the way
            choice.required, choice.empty_label = False, _("— none —")
        choice.initial = role and role.key
        self.fields["active"].initial = self.instance.is_active
        self.fields["seen"].initial = self.now = f"{choice.initial or ''} {self.instance.is_active}"

    def clean_seen(self) -> str:
        """What the page showed when it was opened: saving it must not undo what somebody else did meanwhile."""
        seen = self.cleaned_data["seen"]
        if seen and seen != self.now:
            self.add_error(None, _("Somebody else has changed this member meanwhile. Open the page again."))
        return seen


class MemberAdmin(DoorAdmin):
    """People of the organisation. They come by invitation, and never with a password from somebody else."""

    form = MemberForm
    section = PEOPLE
    singular, plural = _("member"), _("members")
    edited = ["role", "active", "seen"]
    facts = ["name", "email", "joined_at", "last_seen"]
    viewed = ["name", "email", "role_names", "is_active", "joined_at", "last_seen"]
    list_display = ["name", "email", "role_names", "is_active", "last_seen"]
    list_filter = ["is_active"]
    search_fields = ["name", "email"]
    erase_word = _("Remove")
    erase_question = _("Their sessions, roles, shared items and open invitations end at once.")
    erased = _("%(name)s is no longer a member.")

    def get_queryset(self, request):
        return super().get_queryset(request).members().prefetch_related("groups__role__group")

    def has_add_permission(self, request):
        return False  # by invitation

    def has_change_permission(self, request, obj=None):
        return self.may_manage(request, "accounts.change_user", obj)

    def has_delete_permission(self, request, obj=None):
        return self.may_manage(request, "accounts.delete_user", obj)

    def may_manage(self, request, permission: str, member: User | None) -> bool:
        """The door, then the rule on people: nobody manages somebody who holds more than he does, nor himself."""
        if member is None:
            return access.allows(request.user, permission)
        try:
            membership.demand_may_manage(request.user, member, permission)
        except PermissionDenied:
            return False
        return True

    @admin.display(description=_("roles"))
    def role_names(self, member) -> str:
        return ", ".join(group.role.name for group in member.groups.all() if hasattr(group, "role"))

    def write(self, request, obj, form, change):
        act = {"actor": request.user, "member": obj}
        if "role" in form.changed_data:
            membership.change_role(**act, role=form.cleaned_data["role"])
        if "active" in form.changed_data:
            change_state = membership.reactivate if form.cleaned_data["active"] else membership.deactivate
            change_state(**act)
        return obj

    def erase(self, request, obj):
        membership.remove(actor=request.user, member=obj)


class RoleAdmin(ReadOnlyAdmin):
    """Roles and their rights, to look at: the system's are declared in accounts/roles.py, and there are no others."""

    section = PEOPLE
    viewed = ["name", "description", "rights", "opens_admin"]
    list_display = ["name", "description", "opens_admin"]
    list_select_related = ["group"]

    @admin.display(description=_("rights"))
    def rights(self, role) -> str:
        return ", ".join(sorted(words_for(sorted(role.permission_names)).values()))


class InvitationForm(DoorForm):
    email = email_field()
    role = RoleChoiceField(label=_("Role"), initial="viewer")
    gives_role = True

    class Meta:
        model = Invitation
        fields = ["email", "role"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].offer(self.actor)

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()


class InvitationAdmin(DoorAdmin):
    """Invitations: sent, sent again and withdrawn by the flows of the pages, within the same limits."""

    section = PEOPLE
    form = InvitationForm
    edited = ["email", "role"]
    viewed = ["email", "role", "state", "invited_by", "sent_at", "expires_at"]
    list_display = ["email", "role", "state", "invited_by", "sent_at", "expires_at"]
    list_select_related = ["role__group", "invited_by"]
    search_fields = ["email"]
    actions = ["send_again", "withdraw"]

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False  # withdrawn, and kept

    @admin.display(description=_("state"))
    def state(self, invitation) -> str:
        return invitation.state.label

    def write(self, request, obj, form, change):
        email, role = form.cleaned_data["email"], form.cleaned_data["role"]
        invite.spend_limit(request)
        outcome = invite.invite(actor=request.user, addresses=[email], role=role)
        if outcome.members:
            raise NotInvited(_("This person is a member already."))
        if outcome.waiting:
            raise NotInvited(_("This address has an open invitation: send that one again."))
        return Invitation.objects.open().get(email=email)

    @admin.action(permissions=["add"], description=_("Send again"))
    def send_again(self, request, queryset):
        if self.each(request, queryset.select_related("role__group"), self.resend):
            self.message_user(request, _("Sent again. The links sent before no longer work."))

    def resend(self, request, invitation):
        invite.spend_limit(request)
        invite.resend(actor=request.user, invitation=invitation)

    @admin.action(permissions=["add"], description=_("Withdraw"))
    def withdraw(self, request, queryset):
        if self.each(request, queryset, self.revoke):
            self.message_user(request, _("Withdrawn."))

    def revoke(self, request, invitation):
        invite.revoke(actor=request.user, invitation=invitation)
