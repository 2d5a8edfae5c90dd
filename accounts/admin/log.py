"""The audit log on the admin site: lines are read here, and changed nowhere."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.audit.filters import EntryFilter

from .base import SECURITY, ReadOnlyAdmin


class EntryAdmin(ReadOnlyAdmin):
    section = SECURITY
    singular, plural = _("line of the audit log"), _("audit log")
    viewed = [
        "at",
        "actor_name",
        "through",
        "credential",
        "action",
        "object_type",
        "object_id",
        "object_name",
        "changes",
        "detail",
        "address",
        "request_id",
    ]
    list_display = ["at", "actor_name", "through", "action", "what", "address"]
    list_filter = ["through"]
    search_fields = ["object_name"]

    def get_search_results(self, request, queryset, search_term):
        """By the index of the log's own page."""
        found = EntryFilter({"q": search_term}, queryset=queryset)
        return (found.qs if found.is_valid() else queryset.none()), False

    @admin.display(description=_("object"))
    def what(self, entry) -> str:
        return f"{entry.object_type} {entry.object_name}".strip()
