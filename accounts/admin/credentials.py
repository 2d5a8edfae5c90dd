"""With what people come in: sessions and API keys. Never what opens them: no session key, no hash."""

from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.flows import api_keys, sessions

from .base import SECURITY, DoorAdmin


class SessionAdmin(DoorAdmin):
    """Where people are signed in, for those who may manage them: to look at and to end."""

    section = SECURITY
    singular, plural = _("session"), _("sessions")
    viewed = ["user", "ip", "user_agent", "created_at", "last_seen_at"]
    list_display = ["user", "ip", "user_agent", "created_at", "last_seen_at"]
    list_select_related = ["user"]
    ordering = ["-created_at", "-pk"]
    erase_word = _("End")
    erase_question = _("That browser is signed out at its next click.")
    erased = _("The session is ended: %(name)s")

    def narrowed(self, request, queryset):
        return sessions.within_reach(request.user, queryset)

    def has_view_permission(self, request, obj=None):
        if obj is None:
            return access.allows(request.user, sessions.MAY_END)
        return self.narrowed(request, self.model.objects.filter(pk=obj.pk)).exists()

    def has_delete_permission(self, request, obj=None):
        return self.has_view_permission(request, obj)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def erase(self, request, obj):
        sessions.end(actor=request.user, session=obj)


class ApiKeyAdmin(DoorAdmin):
    """API keys: one's own, and everybody's for those who may see them. Made on a page that shows them once."""

    section = SECURITY
    singular, plural = _("API key"), _("API keys")
    viewed = [
        "name",
        "prefix",
        "user",
        "rights",
        "addresses",
        "created_by",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_from",
        "revoked_at",
    ]
    list_display = ["name", "prefix", "user", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["user", "created_by"]
    erase_word = _("Revoke")
    erase_question = _("Whatever uses it is refused from now on. A key cannot be brought back.")
    erased = _("Revoked: %(name)s")

    def narrowed(self, request, queryset):
        return queryset.filter(pk__in=api_keys.visible_to(request.user).values("pk"))

    def has_view_permission(self, request, obj=None):
        return obj is None or api_keys.visible_to(request.user).filter(pk=obj.pk).exists()

    def has_delete_permission(self, request, obj=None):
        if obj is None or obj.user_id == request.user.pk:
            return True
        return access.allows(request.user, api_keys.REVOKE_ALL)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def erase(self, request, obj):
        api_keys.revoke(actor=request.user, key=obj)
