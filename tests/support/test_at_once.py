"""A write of support that is under way: whoever ends the visit or the pass waits for it. Real connections."""

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.urls import path

from accounts.flows import support
from accounts.flows.sign_up import create_platform
from accounts.guards import members_only
from accounts.models import SupportPass, SupportVisit
from config.urls import tenant as tenant_urls
from tenants import provisioning
from tenants.schema import in_tenant
from tests import addresses
from tests import world as worlds
from tests.accounts.races import at_once
from tests.conftest import HostClient

from .conftest import REASON

pytestmark = pytest.mark.real


@pytest.fixture
def committed_visit(racing):
    """A visitor inside an organisation that other connections see too, under a pass."""
    made = create_platform(name="Platform", owner="Olga Ops", email="owner@platform.test", password=worlds.PASSWORD)
    platform = worlds.World(made)
    with in_tenant(made):
        worlds.hire_operators(platform)
    operator = HostClient(platform.tenant.host).sign_in(platform.support, platform.tenant)
    address = f"/console/organisations/{racing.tenant.pk}/enter/"
    way_in = operator.post(address, {"reason": REASON, "minutes": 60})["Location"]
    client = HostClient(racing.tenant.host)
    client.get(way_in.removeprefix(racing.tenant.absolute_url("")))
    HostClient(racing.tenant.host).sign_in(racing.owner, racing.tenant).post("/support/pass/", {"hours": 1})
    yield client
    connection.set_schema_to_public()
    provisioning.delete_tenant(platform.tenant)


def is_held(tenant, rows) -> bool:
    """Would somebody who wants to change one of these rows have to wait?"""
    try:
        with in_tenant(tenant):
            assert list(rows.select_for_update(of=("self",), nowait=True))
    except OperationalError:
        return True
    return False


@pytest.mark.parametrize(("method", "held"), [("post", True), ("get", False)])
def test_visit_and_pass_are_held_while_support_writes_and_not_while_it_reads(
    racing,
    committed_visit,
    monkeypatch,
    method,
    held,
):
    seen = []

    def look(request):
        rows = (SupportVisit.objects.all(), SupportPass.objects.all())
        seen.extend(at_once(*[lambda r=r: is_held(racing.tenant, r) for r in rows]))
        return HttpResponse("done")

    view = members_only("a test")(look)
    view.guard = "catalog.change_product"
    monkeypatch.setattr(tenant_urls, "urlpatterns", [*tenant_urls.urlpatterns, path("look/", view)])
    addresses.forget_urls()
    assert getattr(committed_visit, method)("/look/").status_code == 200
    monkeypatch.undo()
    addresses.forget_urls()
    assert seen == [held, held]


def test_ending_a_visit_and_writing_in_the_same_instant_never_wait_in_a_circle(racing, committed_visit):
    with in_tenant(racing.tenant):
        visit = SupportVisit.objects.get()
        pk, version = racing.coffee.pk, type(racing.coffee).objects.get(pk=racing.coffee.pk).version
    owner = HostClient(racing.tenant.host).sign_in(racing.owner, racing.tenant)
    edit = {"title": "Mended", "price": 1, "status": "draft", "category": racing.drinks.pk, "version": version}
    answers = at_once(
        lambda: committed_visit.post(f"/products/{pk}/edit/", edit).status_code,
        lambda: owner.post(f"/support/visits/{visit.pk}/end/").status_code,
        lambda: committed_visit.post("/support/leave/").status_code,
    )
    assert answers[0] in (302, 403)
    assert answers[1] == 302
    assert committed_visit.get("/products/").status_code in (302, 403)
    with in_tenant(racing.tenant):
        assert support.running_pass() is not None
        assert not SupportVisit.objects.running().exists()
