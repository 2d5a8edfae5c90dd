"""A row's history is read from our audit log, which the library's own log would only repeat."""

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.audit.keyset import page_of
from accounts.audit.lines import READ_ALL, about, lines_for


class HistoryMixin:
    """What a DoorAdmin shows of a row's history, with its `words` and what the row is `called`."""

    def log_addition(self, request, obj, message):
        """Left to the audit log, as are the two below."""

    def log_change(self, request, obj, message):
        pass

    def log_deletions(self, request, queryset):
        pass

    def may_see_history(self, request, obj) -> bool:
        """As on the pages: who reads the log, and who may change the row."""
        return access.allows(request.user, READ_ALL) or self.has_change_permission(request, obj)

    def history_view(self, request, object_id, extra_context=None):
        obj = self.get_object(request, unquote(object_id))
        if not self.may_see_history(request, obj):
            raise PermissionDenied
        places = {side: request.GET.get(side, "") for side in ("before", "after")}
        page = page_of(about(request.user, obj), **places)
        context = {
            **self.admin_site.each_context(request),
            **self.words(request),
            "title": _("History"),
            "subtitle": self.called(obj),
            "page": page,
            "lines": lines_for(request.user, page.lines),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/object_history.html", context)
