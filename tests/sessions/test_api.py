"""Header and session, and what a view of the API knows of who asks. (R02-R09, F28, F29, T13)"""

import pytest
from django.contrib.sessions.models import Session
from django.urls import path
from django.utils import timezone
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import CredentialAuthentication
from accounts.models import User
from config.urls import tenant as tenant_urls
from tests import addresses
from tests.conftest import HostClient

from .conftest import is_in


class Who(APIView):
    guard = "open: a test"
    permission_classes = [IsAuthenticated]

    def get(self, request):
        identity = request.auth
        return Response(
            {
                "is_user": isinstance(request.user, User),
                "who": request.user.name,
                "through": identity.through,
                "subject": identity.claims.get("sub"),
                "roles": list(identity.token.roles) if identity.token else None,
                "until": identity.token and identity.token.expires_at,
            }
        )


class OnOneView(Who):
    authentication_classes = [CredentialAuthentication]


@pytest.fixture(autouse=True)
def planted(monkeypatch):
    views = [path("api/who", Who.as_view()), path("api/who-too", OnOneView.as_view())]
    monkeypatch.setattr(tenant_urls, "urlpatterns", [*views, *tenant_urls.urlpatterns])
    addresses.forget_urls()
    yield
    monkeypatch.undo()
    addresses.forget_urls()


@pytest.fixture
def bearer(frontegg):
    """`bearer(person)`: the header of a program of his."""

    def made(person=None) -> dict[str, str]:
        token = frontegg.idp.mint("userToken", person=person or frontegg.ada, tenant=frontegg.tenant)
        return {"authorization": f"Bearer {token}"}

    return made


@pytest.mark.parametrize("address", ["/api/who", "/api/who-too"])
def test_a_view_knows_a_django_user_and_what_his_token_says(frontegg, bearer, address):
    """Set for all views, or named on one."""
    said = HostClient(frontegg.world.tenant.host).get(address, headers=bearer()).json()
    assert said["until"] > timezone.now().timestamp()
    assert said == {
        "is_user": True,
        "who": "Ada There",
        "through": "token",
        "subject": frontegg.ada.subject,
        "roles": ["Editor"],
        "until": said["until"],
    }


def test_by_session_the_view_knows_the_same(frontegg):
    said = frontegg.signed_in().get("/api/who").json()
    assert (said["through"], said["subject"], said["roles"]) == ("session", frontegg.ada.subject, ["Editor"])


def test_with_a_password_there_are_no_claims(client_as, acme):
    said = client_as("editor").get("/api/who").json()
    assert (said["through"], said["subject"], said["roles"]) == ("session", None, None)


def test_nobody_is_a_401(frontegg):
    client = HostClient(frontegg.world.tenant.host)
    assert (client.get("/api/who").status_code, client.get("/api/who-too").status_code) == (401, 401)


def test_a_header_beside_anothers_session_is_the_headers_person_alone(frontegg, bearer):
    """T13: and a bad header is refused, however good the session beside it."""
    client, bob = frontegg.signed_in(), frontegg.person("bob", "Viewer")
    assert client.get("/api/who", headers=bearer(bob)).json()["who"] == "Bob There"
    assert client.get("/api/who").json()["who"] == "Ada There"
    assert client.get("/api/who", headers={"authorization": "Bearer x.y.z"}).status_code == 401
    assert is_in(client)


def test_a_request_by_header_makes_and_touches_no_session(frontegg, bearer):
    client = HostClient(frontegg.world.tenant.host)
    client.get("/api/who", headers=bearer())
    before = set(Session.objects.values_list("pk", "session_data"))
    for _request in range(2):
        assert client.get("/api/who", headers=bearer()).status_code == 200
    assert set(Session.objects.values_list("pk", "session_data")) == before
    assert "sessionid" not in client.cookies


def test_on_pages_a_header_counts_for_nothing(frontegg, bearer):
    client = HostClient(frontegg.world.tenant.host)
    assert client.get("/profile/", headers=bearer()).status_code == 302
