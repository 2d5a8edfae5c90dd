"""Reading the audit log: all of it, the history of one object, and a file to take away."""

from allauth.core.ratelimit import respond_429
from django import forms
from django.contrib import messages
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import DetailView, ListView

from accounts import access, limits
from accounts.exceptions import TooMany
from accounts.guards import ObjectAccessMixin
from accounts.models import User
from accounts.pages import FragmentMixin

from . import exports, trail
from .filters import EntryFilter
from .keyset import count_up_to, page_of
from .lines import READ_ALL, about, lines_for
from .models import Entry

COUNT_UP_TO = 1000


class LinesMixin(FragmentMixin):
    """One page of lines; `before` and `after` say where it begins."""

    fragment_name = "audit/_lines.html"

    def page_context(self, entries) -> dict:
        query = self.request.GET
        page = page_of(entries, before=query.get("before", ""), after=query.get("after", ""))
        return {
            "page": page,
            "lines": lines_for(self.request.user, page.lines),
            "zone": timezone.get_current_timezone_name(),
        }


class ActivityView(LinesMixin, ObjectAccessMixin, ListView):
    permission_required = READ_ALL
    template_name = "audit/activity.html"
    fragment_name = "audit/_results.html"
    queryset = Entry.objects.all()

    def get_queryset(self):
        self.filter = EntryFilter(self.request.GET, queryset=super().get_queryset())
        return self.filter.qs

    def get_context_data(self, **kwargs):
        count = count_up_to(self.object_list, COUNT_UP_TO)
        return super().get_context_data(
            filter=self.filter,
            count=min(count, COUNT_UP_TO),
            is_counted=count <= COUNT_UP_TO,
            most_lines=exports.MOST_LINES,
            **self.page_context(self.object_list),
            **kwargs,
        )


class ExportForm(forms.Form):
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in exports.KINDS])


class ExportView(ActivityView):
    """What the filter of the address finds, as a file. POST only: it writes a line of its own."""

    permission_required = "audit.export_entry"
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        form = ExportForm(request.POST)
        self.object_list = self.get_queryset()
        if not (form.is_valid() and self.filter.form.is_valid()):
            return self.render_to_response(self.get_context_data(), status=422)
        try:
            limits.spend(request, "export_audit", key=str(request.user.pk))
        except TooMany:
            return respond_429(request)
        return self.answer(form.cleaned_data["kind"])

    def answer(self, kind: str) -> FileResponse:
        made = exports.export(self.object_list, kind)
        # The right once more, after the work and before a byte leaves.
        access.require_for_write(self.request.user, self.permission_required)
        trail.note("exported", detail=self.detail(kind, made))
        if made.is_cut:
            text = _("The file holds the newest %(count)d lines. For older ones, choose an earlier last day.")
            messages.warning(self.request, text % {"count": made.count})
        name = f"activity-{self.request.tenant.slug}-{timezone.localdate()}.{kind}"
        return FileResponse(made.file, as_attachment=True, filename=name, content_type=exports.CONTENT_TYPES[kind])

    def detail(self, kind: str, made: exports.Export) -> str:
        asked = [f"{name}={value}" for name, value in self.filter.form.cleaned_data.items() if value not in (None, "")]
        return ", ".join([f"{kind}, {made.count} lines", *asked])[:500]


class HistoryView(LinesMixin, ObjectAccessMixin, DetailView):
    """What became of one object, for those who may change it and those who read the whole log."""

    template_name = "audit/history.html"

    def has_permission(self) -> bool:
        return access.allows(self.request.user, READ_ALL) or super().has_permission()

    def get_object(self, queryset=None):
        if access.allows(self.request.user, READ_ALL):
            return super(ObjectAccessMixin, self).get_object(queryset)
        return super().get_object(queryset)

    def get_context_data(self, **kwargs):
        return super().get_context_data(**self.page_context(about(self.request.user, self.object)), **kwargs)


class MemberHistoryView(HistoryView):
    permission_required = "accounts.change_user"
    template_name = "accounts/member_history.html"
    queryset = User.objects.members()
