"""Suspended, moved, closed, had back, purged: what opens, what leads where, and what is left."""

from datetime import timedelta

import pytest
from django.db import connection

from accounts.flows.sign_up import create_platform, sign_up
from accounts.models import User
from tenants import lifecycle, provisioning
from tenants.exceptions import AddressTaken, PlatformStays, WrongStatus
from tenants.models import DirectoryEntry, Domain, DomainClaim, FormerAddress, PurgeReport, Tenant
from tenants.schema import in_public, in_tenant
from tests.conftest import HostClient
from tests.snapshot import snapshot

OWNER = {"name": "Ann Owner", "email": "ann@apex.test", "password": "correct horse battery"}
LOGIN = "/account/login/"
API = "/api/v1/products/"


def settle(tenant) -> None:
    """Check now what a commit would check: PostgreSQL drops no table while a check on it is waiting."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def shop(public, media) -> Tenant:
    """Apex, with an owner, a file and a domain of its own."""
    tenant, _ticket = sign_up(organisation="Apex", slug="apex", **OWNER)
    settle(tenant)
    DirectoryEntry.objects.create(tenant=tenant, address_hash=DirectoryEntry.hash(OWNER["email"]))
    Domain.objects.bulk_create([Domain(tenant=tenant, domain="shop.apex.test", is_primary=False)])
    DomainClaim.objects.create(tenant=tenant, domain="shop.apex.test")
    (media / "t_apex").mkdir(parents=True)
    (media / "t_apex" / "picture.png").write_bytes(b"12345")
    return tenant


def ask(tenant, path=LOGIN, method="get", **extra):
    return getattr(HostClient(tenant.host), method)(path, **extra)


# --- suspended ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LOGIN, "/products/", API])
def test_suspending_closes_pages_and_api_and_tells_why(shop, path):
    lifecycle.suspend(shop, notice="The bill of May is open.")
    response = ask(shop, path)
    assert (response.status_code, "The bill of May is open." in response.text) == (403, True)
    assert response["Content-Type"].startswith("application/problem+json" if path == API else "text/html")
    lifecycle.resume(shop)
    assert ask(shop).status_code == 200


def test_the_reason_is_text(shop):
    lifecycle.suspend(shop, notice="<script>alert(1)</script>")
    assert "<script>alert" not in ask(shop).text


@pytest.mark.parametrize("status", ["preparing", "closing"])
@pytest.mark.parametrize("act", [lifecycle.suspend, lifecycle.resume, lifecycle.close])
def test_only_what_is_open_or_suspended_is_suspended_resumed_and_closed(shop, act, status):
    Tenant.objects.filter(pk=shop.pk).update(status=status)
    with pytest.raises(WrongStatus):
        act(shop)
    assert Tenant.objects.get(pk=shop.pk).status == status


# --- moved -------------------------------------------------------------------------------------------------


@pytest.fixture
def moved(shop) -> tuple[str, Tenant]:
    """The old host, and the tenant at its new address."""
    lifecycle.rename(shop, "summit")
    return "apex.localhost", Tenant.objects.get(pk=shop.pk)


@pytest.mark.parametrize("method", ["get", "head"])
def test_the_old_address_leads_to_the_same_page_at_the_new_one(moved, method):
    response = getattr(HostClient(moved[0]), method)("/join/abc/?a=1&b=%2F")
    assert (response.status_code, response["Location"]) == (301, "http://summit.localhost:8000/join/abc/?a=1&b=%2F")
    assert response["Cache-Control"] == "max-age=3600"


@pytest.mark.parametrize("path", ["//evil.test/", "/\\evil.test/", "/@evil.test"])
def test_the_old_address_leads_nowhere_else(moved, path):
    response = HostClient(moved[0]).get("/", PATH_INFO=path)
    assert response["Location"].startswith("http://summit.localhost:8000/")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", [LOGIN, API])
def test_what_is_sent_to_the_old_address_is_refused(moved, method, path):
    response = getattr(HostClient(moved[0]), method)(path)
    assert response.status_code == 410
    assert "summit.localhost" in response.text


def test_programs_are_told_at_the_old_address(moved):
    response = HostClient(moved[0]).get(API)
    assert (response.status_code, response["Content-Type"]) == (410, "application/problem+json")


def test_it_lives_at_the_new_address_with_its_people_and_its_schema(moved):
    tenant = moved[1]
    assert ask(tenant).status_code == 200
    assert tenant.schema_name == "t_apex"
    with in_tenant(tenant):
        assert User.objects.get().email == OWNER["email"]


def test_an_address_given_up_is_nobodys_for_ninety_days(moved, clock, public_client):
    clock(days=89)
    with pytest.raises(AddressTaken):
        sign_up(organisation="Thief", slug="apex", **OWNER)
    assert "taken" in public_client.get("/sign-up/address/?slug=apex").text
    assert HostClient(moved[0]).get(LOGIN).status_code == 301
    clock(days=91)
    assert HostClient(moved[0]).get(LOGIN).status_code == 404


def test_who_has_the_address_after_that_meets_nothing_of_the_one_before(moved, clock):
    clock(days=91)
    second, _ticket = sign_up(organisation="New", slug="apex", **OWNER | {"email": "new@apex.test"})
    assert (second.schema_name, ask(second).status_code) == ("t_apex__2", 200)
    with in_tenant(second):
        assert User.objects.get().email == "new@apex.test"
    assert ask(moved[1]).status_code == 200


def test_it_may_come_back_to_its_own_old_address(moved):
    lifecycle.rename(moved[1], "apex")
    assert HostClient("apex.localhost").get(LOGIN).status_code == 200
    assert HostClient("summit.localhost").get(LOGIN)["Location"].startswith("http://apex.localhost:8000/")


@pytest.mark.parametrize("slug", ["acme", "held"])
def test_it_does_not_move_to_an_address_that_is_taken_or_held(shop, acme, slug):
    connection.set_schema_to_public()
    FormerAddress.objects.hold("held", timedelta(days=1))
    with pytest.raises(AddressTaken):
        lifecycle.rename(shop, slug)
    assert Tenant.objects.get(pk=shop.pk).slug == "apex"
    assert ask(shop).status_code == 200


def test_the_platform_itself_stays_as_it_is(public):
    platform = create_platform(name="Platform", owner="O", email="o@p.test", password=OWNER["password"])
    for act in (lifecycle.suspend, lifecycle.resume, lifecycle.close, lambda tenant: lifecycle.rename(tenant, "other")):
        with pytest.raises(PlatformStays):
            act(platform)
    with pytest.raises(PlatformStays):
        lifecycle.purge(platform, using="default")
    assert ask(platform).status_code == 200


# --- closed --------------------------------------------------------------------------------------------------


def test_closing_shuts_at_once_and_can_be_undone_until_it_is_purged(shop, clock, manage):
    lifecycle.close(shop)
    assert ask(shop).status_code == 403
    assert "is closed for now" in ask(shop).text
    clock(days=13)
    manage("purge_tenants")
    lifecycle.reopen(shop)
    assert ask(shop).status_code == 200
    clock(days=15)
    manage("purge_tenants")
    assert ask(shop).status_code == 200


def test_what_was_suspended_is_suspended_again_when_the_closing_is_undone(shop):
    lifecycle.suspend(shop, notice="Unpaid.")
    lifecycle.close(shop)
    lifecycle.reopen(shop)
    assert "Unpaid." in ask(shop).text


def test_after_the_grace_time_all_of_it_is_gone_and_reported(shop, clock, manage, schema_exists, media):
    lifecycle.close(shop)
    clock(days=15)
    said = manage("purge_tenants")
    report = PurgeReport.objects.filter(slug="apex").latest("pk")
    assert (report.files, report.domains, report.directory_entries) == (1, 2, 1)
    assert report.rows > 100
    assert report.tables > 20
    assert report.bytes > 100_000
    assert report.finished_at
    assert f"{report.rows} rows, 1 files" in said
    assert not schema_exists("t_apex")
    assert not schema_exists(report.dropped_schema)
    assert not (media / "t_apex").exists()
    assert not Tenant.objects.filter(slug="apex").exists()
    assert not DomainClaim.objects.exists()
    assert not Domain.objects.filter(domain__contains="apex").exists()
    assert HostClient("apex.localhost").get(LOGIN).status_code == 404
    assert HostClient("shop.apex.test").get(LOGIN).status_code == 404
    manage("doctor")


def test_a_purged_address_is_held_as_well(shop, clock, manage):
    lifecycle.close(shop, grace=timedelta(0))
    manage("purge_tenants")
    with pytest.raises(AddressTaken):
        sign_up(organisation="Thief", slug="apex", **OWNER)
    clock(days=91)
    sign_up(organisation="Late", slug="apex", **OWNER)


def test_purging_touches_nobody_else(shop, manage):
    before = {name: snapshot(name) for name in ("t_acme", "t_globex", "template")}
    lifecycle.close(shop, grace=timedelta(0))
    manage("purge_tenants")
    assert {name: snapshot(name) for name in before} == before
    assert set(Tenant.objects.values_list("slug", flat=True)) == {"acme", "globex"}


def test_what_is_undone_in_the_last_moment_is_not_purged(shop, manage, monkeypatch):
    lifecycle.close(shop, grace=timedelta(0))
    due = lifecycle.due("default")
    lifecycle.reopen(shop)
    monkeypatch.setattr(lifecycle, "due", lambda using: due)
    assert "undone in the last moment" in manage("purge_tenants")
    assert ask(shop).status_code == 200


@pytest.mark.parametrize("cure", [("purge_tenants", {}), ("doctor", {"repair": True})])
@pytest.mark.parametrize("step", ["drop_schema", "delete_files"])
def test_a_purge_that_was_killed_is_finished_later(shop, manage, monkeypatch, schema_exists, media, step, cure):
    lifecycle.close(shop, grace=timedelta(0))
    with monkeypatch.context() as broken:
        broken.setattr(provisioning, step, lambda *_args, **_options: exit())
        with pytest.raises(SystemExit):
            manage("purge_tenants")
    assert HostClient("apex.localhost").get(LOGIN).status_code == 404
    assert "did not finish" in manage.refused("doctor")
    manage(cure[0], **cure[1])
    report = PurgeReport.objects.latest("pk")
    assert report.finished_at
    assert not schema_exists(report.dropped_schema)
    assert not (media / "t_apex").exists()
    manage("doctor")


def test_files_of_somebody_who_lives_there_again_are_left(shop, media):
    provisioning.delete_files("t_apex", using="default")
    assert (media / "t_apex" / "picture.png").exists()


def test_the_command_that_deletes_holds_the_address_too(shop, manage):
    manage("delete_tenant", "apex", yes_delete="Apex")
    with in_public():
        assert FormerAddress.objects.held().filter(slug="apex").exists()
