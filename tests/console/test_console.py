"""Who opens the console, and what its pages show."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.models import Job, PlatformEvent, PurgeReport, Tenant, Usage
from tests.accounts.pages import Page
from tests.conftest import HostClient

ROLES = ("owner", "operator", "support", "auditor")
LIST = "/console/organisations/"
READS = ["", "name/", "address/", "suspend/", "resume/", "close/", "reopen/", "domains/"]


def names(response) -> list[str]:
    return [tenant.slug for tenant in response.context["organisations"]]


@pytest.fixture
def figures(console, acme, globex):
    """Usage of Acme and Globex, counted a minute ago."""
    made = console()
    now = timezone.now()
    for world, people, size, used in ((acme, 6, 10_000_000, 1), (globex, 900, 20_000_000, 9)):
        Usage.objects.create(
            tenant_id=world.tenant.pk,
            people=people,
            products=people * 2,
            bytes=size,
            schema_version="0123456789ab",
            last_used_at=now - timedelta(days=used),
            refreshed_at=now - timedelta(minutes=1),
        )
    return made


@pytest.mark.parametrize("page", [LIST, "/console/events/", "/console/jobs/", "/console/organisations/new/"])
@pytest.mark.parametrize("who", ROLES)
def test_each_role_opens_what_it_may(operator_as, who, page):
    closed = {"/console/organisations/new/": {"support", "auditor"}, "/console/events/": {"support"}}
    response = operator_as(who).get(page)
    assert response.status_code == (403 if who in closed.get(page, ()) else 200)


@pytest.mark.parametrize("page", READS)
@pytest.mark.parametrize("who", ROLES)
def test_only_who_operates_is_asked_for_more_than_to_look(console, who, page):
    may = page == "" or who in ("owner", "operator")
    assert console(who).get(page).status_code == (200 if may else 403)


@pytest.mark.parametrize("who", ["support", "auditor"])
def test_who_may_not_operate_is_offered_nothing_that_does(console, who):
    links = Page(console(who).get()).links()
    assert not [link for link in links if re.search(r"suspend|close|address|name|domains", link)]


@pytest.mark.parametrize("who", ["owner", "admin", "stranger"])
def test_a_tenants_host_has_no_console(client_as, who):
    for page in (LIST, "/console/events/", "/console/jobs/", f"{LIST}1/"):
        assert client_as(who).get(page).status_code == 404


def test_a_tenants_owner_is_a_stranger_on_the_platform(platform, acme, client_as):
    client = HostClient(platform.tenant.host)
    client.cookies = client_as("owner").cookies
    assert client.get(LIST)["Location"].startswith("/account/login/")


def test_the_platform_has_no_catalogue_and_no_api(operator_as):
    client = operator_as("owner")
    assert {client.get(path).status_code for path in ("/products/", "/categories/", "/api/v1/me", "/admin/")} == {404}


def test_the_front_door_leads_to_the_list(operator_as):
    response = operator_as("operator").get("/", follow=True)
    assert response.request["PATH_INFO"] == LIST


def test_the_platform_is_not_among_the_organisations(console, platform):
    made = console("owner")
    assert names(made.client.get(LIST)) == ["acme", "globex"]
    for page in READS:
        assert made.client.get(f"{LIST}{platform.tenant.pk}/{page}").status_code == 404


@pytest.mark.parametrize("pk", [987_654, 10**18])
def test_an_organisation_that_is_not_there_is_404(console, pk):
    assert console().client.get(f"{LIST}{pk}/").status_code == 404


def test_the_list_shows_what_was_counted_and_how_long_ago(figures, globex):
    words = Page(figures.client.get(LIST)).words
    assert all(part in words for part in ("globex.localhost", "900", "1,800", "19.1 MB", "0123456", "1 week"))
    assert "more than an hour old" not in words


@pytest.mark.parametrize(("change", "words"), [({"refreshed_at": None}, "counted yet"), ({}, "more than an hour old")])
def test_figures_that_are_old_or_missing_are_said_to_be(figures, change, words):
    Usage.objects.update(refreshed_at=timezone.now() - timedelta(hours=2))
    if change:
        Usage.objects.all().delete()
    response = figures.client.get(LIST)
    assert words in Page(response).words
    assert names(response) == ["acme", "globex"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=globex", ["globex"]),
        ("q=GLOBEX.localhost", ["globex"]),
        ("q=%25", []),
        ("q=%00", ["acme", "globex"]),
        ("q=" + "x" * 101, ["acme", "globex"]),
        ("status=suspended", []),
        ("status=nonsense", ["acme", "globex"]),
        ("trouble=behind", ["acme"]),
        ("trouble=errors", ["globex"]),
        ("trouble=stale", []),
        ("trouble=closed", []),
        ("order=-people", ["globex", "acme"]),
        ("order=used", ["globex", "acme"]),
        ("order=-errors", ["globex", "acme"]),
        ("order=size", ["acme", "globex"]),
        ("order=usage__tenant__notice", ["acme", "globex"]),
        ("page=99999999999999999999&per_page=1", ["globex"]),
        ("page=-1&per_page=1", ["acme"]),
    ],
)
def test_the_list_is_searched_filtered_and_sorted(figures, acme, globex, query, found):
    Usage.objects.filter(tenant_id=acme.tenant.pk).update(is_current=False)
    PlatformEvent.objects.create(kind="error", schema_name=globex.tenant.schema_name)
    assert names(figures.client.get(f"{LIST}?{query}")) == found


def test_errors_are_those_of_the_last_day(figures, globex):
    for hours in (1, 23, 25):
        event = PlatformEvent.objects.create(kind="error", schema_name=globex.tenant.schema_name)
        PlatformEvent.objects.filter(pk=event.pk).update(at=timezone.now() - timedelta(hours=hours))
    PlatformEvent.objects.create(kind="token_rejected", schema_name=globex.tenant.schema_name)
    shown = {tenant.slug: tenant.errors for tenant in figures.client.get(LIST).context["organisations"]}
    assert shown == {"acme": 0, "globex": 2}


@pytest.mark.parametrize("page", [LIST, "/console/events/", "/console/jobs/"])
def test_htmx_is_given_the_table_alone(figures, page):
    response = figures.client.get(page, headers={"HX-Request": "true"})
    assert (response.status_code, "<html" in response.text, "HX-Request" in response["Vary"]) == (200, False, True)


@pytest.mark.parametrize("page", [LIST, "detail", "/console/events/", "/console/jobs/"])
def test_no_page_reads_a_customers_schema(figures, page):
    """The figures are rows in `public`: every statement is there, or in the platform's own schema."""
    with CaptureQueriesContext(connection) as queries:
        response = figures.get() if page == "detail" else figures.client.get(page)
    assert response.status_code == 200
    bound = set(re.findall(r"set_config\('search_path', quote_ident\('(\w+)'", " ".join(q["sql"] for q in queries)))
    assert bound == {"public", "t_platform"}


def test_the_list_asks_the_same_number_of_times_for_any_number_of_organisations(figures, acme):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            figures.client.get(LIST)
        return len(queries)

    figures.client.get(LIST)
    few = count()
    rows = [Tenant(name=f"N{n}", slug=f"n-{n}x", schema_name=f"t_n_{n}x", status="active") for n in range(20)]
    Tenant.objects.bulk_create(rows)
    assert count() <= few


def test_the_events_page_lists_searches_and_filters(console):
    made = console("auditor")
    PlatformEvent.objects.create(kind="error", schema_name="t_acme", detail="500 ValueError <b>")
    PlatformEvent.objects.create(kind="token_rejected", schema_name="t_globex", address="192.0.2.7")
    for query, kinds in (
        ("", {"error", "token_rejected"}),
        ("?kind=error", {"error"}),
        ("?q=t_glo", {"token_rejected"}),
    ):
        response = made.client.get(f"/console/events/{query}")
        assert {event.kind for event in response.context["events"]} == kinds
        assert "<b>" not in response.text


def test_the_jobs_page_shows_how_each_went_and_what_was_deleted(console):
    made = console("auditor")
    Job.objects.create(
        name="verify_domains", ok=False, result="CommandError: no", started_at=timezone.now(), took_ms=12
    )
    PurgeReport.objects.create(name="Gone Ltd", slug="gone", schema_name="t_gone", rows=1234)
    words = Page(made.client.get("/console/jobs/")).words
    assert all(part in words for part in ("verify_domains", "Failed", "CommandError: no", "Gone Ltd", "1,234"))
    assert "runner" not in words
