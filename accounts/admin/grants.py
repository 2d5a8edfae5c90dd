"""Grants on single objects, one line a right. Given and taken as in the share panel of a page."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts import access, shares
from accounts.models import Role, User

from .base import DoorAdmin
from .forms import DoorForm


class GrantForm(DoorForm):
    """Whom to give which right on what. The rights are those that can be given on one row of this model."""

    right = forms.ChoiceField(label=_("May"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        names = shares.rights_of(target_of(self._meta.model))
        words = shares.words_for(names)
        self.fields["right"].choices = [(name, words[name]) for name in names]

    def principal(self) -> User | Role:
        raise NotImplementedError


class PersonGrantForm(GrantForm):
    def principal(self):
        return self.cleaned_data["user"]


class RoleGrantForm(GrantForm):
    role = forms.ModelChoiceField(label=_("Role"), queryset=Role.objects.select_related("group"))

    def principal(self):
        return self.cleaned_data["role"]


def target_of(model) -> type[access.Shareable]:
    """What the grants of this model are on."""
    return model._meta.get_field("content_object").related_model


class GrantAdmin(DoorAdmin):
    """The grants on one model, for those who may share its rows."""

    viewed = ["content_object", "holder", "right"]
    list_display = ["content_object", "holder", "right"]
    ordering = ["-pk"]
    autocomplete_fields = ["content_object"]
    erase_word = _("Take away")
    erase_question = _("Viewing comes with every other right: without it, none of them stays.")
    erased = _("Taken away: %(name)s")

    # Who may share a row may give and take on it. Grants have no rights of their own.

    def may_share(self, request, obj=None) -> bool:
        share = shares.share_permission(target_of(self.model))
        return access.allows(request.user, share, obj and obj.content_object)

    def narrowed(self, request, queryset):
        target = target_of(self.model)
        rows = access.narrow(target._default_manager.all(), request.user, shares.share_permission(target))
        return queryset.filter(content_object__in=rows.values("pk"))

    def has_view_permission(self, request, obj=None):
        return self.may_share(request, obj)

    def has_add_permission(self, request):
        return self.may_share(request)

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return self.may_share(request, obj)

    def principal(self, grant) -> User | Role:
        raise NotImplementedError

    def called(self, grant) -> str:
        return f"{grant.content_object}: {self.holder(grant)}, {self.right(grant)}"

    @admin.display(description=_("who"))
    def holder(self, grant) -> str:
        return str(self.principal(grant))

    @admin.display(description=_("may"))
    def right(self, grant) -> str:
        return grant.permission.name

    def write(self, request, obj, form, change):
        target, principal, right = form.cleaned_data["content_object"], form.principal(), form.cleaned_data["right"]
        shares.give(actor=request.user, obj=target, principal=principal, permission=right)
        holder = principal.group if isinstance(principal, Role) else principal
        return shares.direct_grants(target, holder).get(permission__codename=right.partition(".")[2])

    def erase(self, request, obj):
        right = f"{obj.permission.content_type.app_label}.{obj.permission.codename}"
        target, principal = obj.content_object, self.principal(obj)
        shares.take(actor=request.user, obj=target, principal=principal, permission=right)


class PersonGrantAdmin(GrantAdmin):
    form = PersonGrantForm
    edited = ["content_object", "user", "right"]
    autocomplete_fields = ["content_object", "user"]
    list_select_related = ["content_object", "user", "permission__content_type"]

    def principal(self, grant) -> User:
        return grant.user


class RoleGrantAdmin(GrantAdmin):
    form = RoleGrantForm
    edited = ["content_object", "role", "right"]
    list_select_related = ["content_object", "group__role__group", "permission__content_type"]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(group__role__isnull=False)

    def principal(self, grant) -> Role:
        return grant.group.role
