"""What the platform keeps a record of: its events, its jobs, and the organisations that are gone."""

from django.views.generic import ListView

from tenants.models import Job, PlatformEvent, PurgeReport
from tenants.schema import in_public

from .filters import EventFilter
from .pages import ConsoleListMixin

MAY_READ_EVENTS = "audit.view_entry"


class EventListView(ConsoleListMixin, ListView):
    permission_required = MAY_READ_EVENTS
    template_name = "console/event_list.html"
    fragment_name = "console/_event_table.html"
    context_object_name = "events"
    paginate_by = 50

    def get_queryset(self):
        self.filter = EventFilter(self.request.GET, queryset=PlatformEvent.objects.all())
        return self.filter.qs

    def get_context_data(self, **kwargs):
        return super().get_context_data(filter=self.filter, **kwargs)


class JobListView(ConsoleListMixin, ListView):
    """The jobs' last runs, and below them the reports of deletions, page by page."""

    template_name = "console/job_list.html"
    fragment_name = "console/_purge_table.html"
    context_object_name = "reports"

    def get_queryset(self):
        return PurgeReport.objects.all()

    def get_context_data(self, **kwargs):
        with in_public():
            jobs = list(Job.objects.exclude(name__in=Job.LOCKS))
        return super().get_context_data(jobs=jobs, **kwargs)
