"""The addresses and the names that users of Rownd's own Django package know."""

from django.urls import path

from .views import widgets

app_name = "rownd"

urlpatterns = [
    path("session_authenticate", widgets.RowndAuthenticateView.as_view(), name="session_authenticate"),
    path("session_sign_out", widgets.RowndSignOutView.as_view(), name="session_sign_out"),
]
