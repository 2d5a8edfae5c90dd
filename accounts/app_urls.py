"""Signing in by a program in a person's hand: allauth's headless app client, and no more of it than that takes."""

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.account.views import LoginView, SessionView
from allauth.headless.base.views import APIView
from allauth.headless.constants import Client
from allauth.headless.internal.restkit.views import RESTView
from allauth.headless.mfa.views import AuthenticateView
from django.urls import path
from rest_framework.exceptions import APIException

from tenants.problems import problem

from .api import parsers
from .views.tokens import RefreshView

app_name = "app"


class StrictMixin(RESTView):
    """allauth reads any JSON, for any method, before it looks at the method: 500 on odd bodies, and an oracle."""

    def handle(self, request, *args, **kwargs):
        if not hasattr(self, request.method.lower()):
            return problem(request, 405)
        return super().handle(request, *args, **kwargs)

    def _parse_json(self, request):
        try:
            data = parsers.read(request.body) if request.body else None
        except APIException as error:
            raise ImmediateHttpResponse(problem(request, 400, detail=error.detail)) from error
        if data is not None and not isinstance(data, dict):
            raise ImmediateHttpResponse(problem(request, 400))
        return data


def strict(view: type[APIView]):
    """The library's view as one of the app client's."""
    made: type[APIView] = type(view.__name__, (StrictMixin, view), {})
    return made.as_api_view(client=Client.APP)


urlpatterns = [
    path("login", strict(LoginView), name="login"),
    path("2fa", strict(AuthenticateView), name="second-factor"),
    path("session", strict(SessionView), name="session"),
    path("refresh", strict(RefreshView), name="refresh"),
]
