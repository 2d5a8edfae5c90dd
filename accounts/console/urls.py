from django.urls import path

from . import domains, lifecycle, organisations, records, visits

app_name = "console"

urlpatterns = [
    path("organisations/", organisations.OrganisationListView.as_view(), name="organisation-list"),
    path("organisations/new/", organisations.OrganisationCreateView.as_view(), name="organisation-create"),
    path("organisations/<int:pk>/", organisations.OrganisationDetailView.as_view(), name="organisation-detail"),
    path("organisations/<int:pk>/name/", lifecycle.OrganisationRenameView.as_view(), name="organisation-rename"),
    path("organisations/<int:pk>/address/", lifecycle.OrganisationMoveView.as_view(), name="organisation-move"),
    path("organisations/<int:pk>/suspend/", lifecycle.OrganisationSuspendView.as_view(), name="organisation-suspend"),
    path("organisations/<int:pk>/resume/", lifecycle.OrganisationResumeView.as_view(), name="organisation-resume"),
    path("organisations/<int:pk>/close/", lifecycle.OrganisationCloseView.as_view(), name="organisation-close"),
    path("organisations/<int:pk>/reopen/", lifecycle.OrganisationReopenView.as_view(), name="organisation-reopen"),
    path("organisations/<int:pk>/domains/", domains.DomainClaimView.as_view(), name="domain-claim"),
    path("organisations/<int:pk>/domains/<int:claim>/check/", domains.DomainCheckView.as_view(), name="domain-check"),
    path(
        "organisations/<int:pk>/domains/<int:claim>/remove/",
        domains.DomainWithdrawView.as_view(),
        name="domain-withdraw",
    ),
    path("organisations/<int:pk>/enter/", visits.VisitCreateView.as_view(), name="visit-create"),
    path("events/", records.EventListView.as_view(), name="event-list"),
    path("jobs/", records.JobListView.as_view(), name="job-list"),
]
