"""Every route of the platform's host, asked by those who should not get in. What is added later is walked as well."""

import pytest
from django.conf import settings

from accounts import guards
from tests import addresses
from tests.addresses import METHODS
from tests.conftest import HostClient
from tests.snapshot import snapshot
from tests.test_doors import OPEN

# Which right opens which page of the console; a new page has to be put here.
RIGHTS = {
    "accounts.view_organisations": {"organisation-list", "organisation-detail", "job-list"},
    "audit.view_entry": {"event-list"},
    "accounts.enter_organisations": {"visit-create"},
    "accounts.operate_organisations": {
        *("organisation-create", "organisation-rename", "organisation-move", "organisation-suspend"),
        *("organisation-resume", "organisation-close", "organisation-reopen"),
        *("domain-claim", "domain-check", "domain-withdraw"),
    },
}


@pytest.fixture
def console_routes(platform, acme):
    return [route for route in addresses.of_platform(acme) if route.name.startswith("console:")]


def test_each_page_of_the_console_wants_the_right_on_the_list(console_routes):
    found: dict[str, set[str]] = {}
    for route in console_routes:
        found.setdefault(route.guard, set()).add(route.name.removeprefix("console:"))
    assert found == RIGHTS


def test_the_start_up_check_walks_the_platforms_routes(monkeypatch):
    assert guards.unguarded() == []
    monkeypatch.setattr(guards, "routes", lambda urlconf: [("planted/", None, lambda request: None)])
    assert f"{settings.PLATFORM_URLCONF}: planted/" in guards.unguarded()


def test_the_other_routes_are_a_tenants_own(platform, acme):
    ours = {route.name for route in addresses.of_platform(acme) if not route.name.startswith("console:")}
    assert ours <= {route.name for route in addresses.of_tenants(acme)}


@pytest.mark.parametrize("method", METHODS)
def test_a_visitor_is_sent_to_sign_in(platform, acme, method):
    visitor = HostClient(platform.tenant.host)
    before = snapshot()
    for route in addresses.of_platform(acme):
        response = visitor.generic(method, route.path)
        assert route.name in OPEN or response.status_code in (302, 401, 403, 405), (route, response.status_code)
        assert response.status_code < 500, route
    assert snapshot() == before


@pytest.mark.parametrize("who", ["a tenant's owner", "a member of the platform without a role"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_nobody_without_a_right_gets_into_the_console(
    platform, acme, client_as, operator_as, console_routes, method, who
):
    if who == "a tenant's owner":
        client = HostClient(platform.tenant.host)
        client.cookies = client_as("owner").cookies
    else:
        client = operator_as("stranger")
    before = snapshot("public")
    for route in console_routes:
        assert client.generic(method, route.path).status_code in (302, 403, 405), route
    assert snapshot("public") == before


@pytest.mark.parametrize("who", ["owner", "operator", "support", "auditor"])
def test_every_page_opens_or_refuses_and_none_breaks(acme, operator_as, who):
    client = operator_as(who)
    for route in addresses.of_platform(acme):
        assert client.get(route.path).status_code < 500, route


def test_no_tenants_host_has_a_page_of_the_console(client_as, console_routes):
    client = client_as("owner")
    for route in console_routes:
        assert client.get(route.path).status_code == 404, route
