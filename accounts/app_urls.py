"""Signing in by a program in a person's hand: allauth's headless app client, and no more of it than that takes."""

from allauth.headless.account.views import LoginView, SessionView
from allauth.headless.constants import Client
from allauth.headless.mfa.views import AuthenticateView
from django.urls import path

from .views.tokens import RefreshView

app_name = "app"

urlpatterns = [
    path("login", LoginView.as_api_view(client=Client.APP), name="login"),
    path("2fa", AuthenticateView.as_api_view(client=Client.APP), name="second-factor"),
    path("session", SessionView.as_api_view(client=Client.APP), name="session"),
    path("refresh", RefreshView.as_api_view(client=Client.APP), name="refresh"),
]
