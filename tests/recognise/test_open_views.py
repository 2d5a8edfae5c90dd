"""Views that are open to all, asked with a token: whose it is is looked up when somebody wants to know."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.views.generic import View
from rest_framework.response import Response

from accounts.api.viewsets import ApiView
from accounts.audit.models import Entry
from accounts.guards import members_only, open_to_all
from accounts.models import User
from config.urls import tenant as tenant_urls
from tenants.models import PlatformEvent
from tenants.schema import in_public
from tests import addresses
from tests.accounts.programs import who


@open_to_all("a test")
def silent(request):
    return HttpResponse("hello")


@open_to_all("a test")
class SilentView(View):
    def get(self, request):
        return HttpResponse("hello")


@members_only("a test")
def members(request):
    return HttpResponse("hello")


@open_to_all("a test")
def refusing(request):
    raise PermissionDenied("not here")


@open_to_all("a test")
def empty(request):
    raise Http404


@open_to_all("a test")
def asking_in_vain(request):
    str(request.user)
    raise Http404 if "empty" in request.GET else PermissionDenied("not here")


@open_to_all("a test")
class OpenApiView(ApiView):
    permission_classes = []

    def get(self, request):
        return Response()


SILENT = ["/api/silent", "/api/silent-class"]
# They ask, refuse, or are not open: each in its own way.
OTHERS = [
    *("/api/who", "/api/open-class", "/api/members", "/api/v1/me/"),
    *("/api/refusing", "/api/empty", "/api/nowhere", "/api/v1/nowhere"),
]


@pytest.fixture(autouse=True)
def planted(monkeypatch):
    views = {
        "silent": silent,
        "who": who,
        "members": members,
        "refusing": refusing,
        "empty": empty,
        "vain": asking_in_vain,
    }
    planted = [path(f"api/{name}", view) for name, view in views.items()]
    planted += [path("api/silent-class", SilentView.as_view()), path("api/open-class", OpenApiView.as_view())]
    monkeypatch.setattr(tenant_urls, "urlpatterns", [*planted, *tenant_urls.urlpatterns])
    addresses.forget_urls()
    yield
    monkeypatch.undo()
    addresses.forget_urls()


@pytest.fixture
def refusals_noted(db):
    """How many refused credentials the platform's log has."""

    def count() -> int:
        with in_public():
            return PlatformEvent.objects.filter(kind=PlatformEvent.Kind.TOKEN_REJECTED).count()

    return count


def statements(act) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"] for query in captured.captured_queries if "accounts_user" in query["sql"]]


@pytest.mark.parametrize("address", SILENT)
def test_a_view_that_never_asks_looks_nobody_up(there, ask, people, address):
    token, before = there.token(), people()
    assert statements(lambda: ask(token, address)) == []
    assert ask(token, address).content == b"hello"
    assert people() == before, "nobody was brought in"


def test_a_view_that_asks_is_told(there, ask, people):
    before = people()
    answer = ask(there.token("ada", ("editor",)), "/api/who")
    assert (answer.json()["who"], answer.json()["through"]) == ("Ada There", "token")
    assert "catalog.change_product" in answer.json()["rights"]
    assert people() == before + 1


@pytest.mark.parametrize("address", ["/api/vain", "/api/vain?empty=1"])
def test_who_was_brought_in_by_a_view_that_was_undone_is_brought_in_again(there, ask, people, address):
    """His row was undone with the view: no line of the log may name somebody who is not there."""
    before, last = people(), Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    assert ask(there.token("ada", ("editor",)), address).status_code in (403, 404)
    assert people() == before + 1
    actors = Entry.objects.filter(pk__gt=last, actor_id__isnull=False).values_list("actor_id", flat=True)
    assert set(actors) <= set(User.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("address", OTHERS)
@pytest.mark.parametrize("change", [{"is_active": False}, {"kind": User.Kind.SERVICE}], ids=str)
def test_whoever_may_not_come_in_is_refused_by_every_other_answer(there, ask, refusals_noted, address, change):
    token = there.token("ada", ("owner",))
    assert ask(token, "/api/v1/me/").status_code == 200
    User.objects.filter(issuer=there.provider.issuer).update(**change)
    before = refusals_noted()
    assert ask(token, address).status_code == 401
    assert refusals_noted() == before + 1, "noted and counted once"


@pytest.mark.parametrize("address", OTHERS)
def test_whoever_is_not_let_in_is_refused_by_every_other_answer(there, connect, ask, people, address):
    connect("frontegg", admits="invited")
    before = people()
    assert ask(there.token(), address).status_code == 403
    assert people() == before


@pytest.mark.parametrize("address", [*SILENT, *OTHERS])
def test_a_token_that_is_bad_or_another_organisations_opens_no_view_at_all(there, ask, globex, address):
    token = there.token()
    assert ask(token, address, world=globex).status_code == 403
    assert ask(f"{token[:-8]}AAAAAAAA", address).status_code == 401
    assert ask(there.token(seconds=-600), address).status_code == 401


def test_a_refusal_still_names_who_was_refused(there, ask):
    assert ask(there.token("ada"), "/api/refusing").status_code == 403
    line = Entry.objects.filter(action="permission_refused").latest("pk")
    assert (line.actor_id, line.actor_name) == (there.user("ada").pk, "Ada There")
