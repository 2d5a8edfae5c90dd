from django.urls import path

from . import views

app_name = "audit"

urlpatterns = [
    path("activity/", views.ActivityView.as_view(), name="activity"),
    path("activity/export/", views.ExportView.as_view(), name="export"),
    path("members/<int:pk>/history/", views.MemberHistoryView.as_view(), name="member-history"),
]
