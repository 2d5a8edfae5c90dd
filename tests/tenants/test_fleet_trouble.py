"""A run that is killed, one that meets another, tables in use, tenants that fail, rings that do not stand."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from config import probes
from tenants.fleet import bring, shared
from tenants.fleet.turn import alone
from tenants.postgresql.pool import LIMIT

pytestmark = pytest.mark.real

IMPATIENT = {"lock": timedelta(milliseconds=20), "tries": 2}


@pytest.fixture
def no_pause(monkeypatch):
    """Called instead of each pause."""
    acts = []
    monkeypatch.setattr(bring.time, "sleep", lambda seconds: [act() for act in acts if seconds])
    return acts


class Killed(BaseException):
    """What no handler takes."""


def test_killed_half_way_the_next_run_goes_on_and_does_nothing_twice(fleet, monkeypatch):
    real, done = bring.replay, []

    def once(schema_name, *args, **options):
        if done:
            raise Killed
        done.append(schema_name)
        return real(schema_name, *args, **options)

    monkeypatch.setattr(bring, "replay", once)
    fleet.add()
    with pytest.raises(Killed):
        fleet.migrate()
    assert fleet.states() == {"t_acme": "current", "t_globex": "migrating"}
    monkeypatch.setattr(bring, "replay", real)
    said = fleet.migrate()
    assert "[1/1] t_globex: migrated" in said
    assert "template" not in said
    assert fleet.holders() == {"template", "t_acme", "t_globex"}


def test_what_fails_in_the_template_is_said_in_a_sentence(fleet):
    fleet.add("migrations.RunSQL('SELECT 1 / 0')")
    said = fleet.refused().splitlines()[-1]
    assert said.startswith("DataError: division by zero (--traceback shows where). No tenant is half-way")
    assert set(fleet.states().values()) == {"current"}
    assert fleet.ready() == {"t_acme": True, "t_globex": True}


def test_a_second_run_says_so_and_ends(fleet):
    fleet.add()
    with alone():
        assert fleet.refused() == "Somebody else is migrating. Nothing was done."
    assert fleet.holders() == set()


def test_a_table_in_use_is_tried_again_and_the_others_do_not_wait(fleet, no_pause):
    fleet.add()
    fleet.migrate("--schema", "template")
    with fleet.other_session() as other:
        other.execute("LOCK TABLE t_acme.catalog_product IN ACCESS SHARE MODE")
        no_pause.append(other.commit)
        said = fleet.migrate(**IMPATIENT)
    assert said.index("t_globex: migrated") < said.index("t_acme: migrated")
    assert set(fleet.states().values()) == {"current"}


def test_a_table_in_use_for_long_leaves_its_tenant_as_it_was_and_open(fleet, no_pause):
    fleet.add()
    with fleet.other_session() as other:
        other.execute("LOCK TABLE t_acme.catalog_product IN ACCESS SHARE MODE")
        said = fleet.refused(**IMPATIENT)
    assert "Busy, as they were and served: t_acme." in said
    assert fleet.holders() == {"template", "t_globex"}
    assert fleet.states() == {"t_acme": "behind", "t_globex": "current"}
    assert set(fleet.ready().values()) == {True}
    fleet.migrate()
    assert fleet.holders() == {"template", "t_acme", "t_globex"}


def test_one_that_fails_is_told_with_its_error(fleet):
    fleet.run("t_acme", "ALTER TABLE catalog_product ADD COLUMN weight int")
    fleet.add()
    assert "Failed and not served: t_acme." in fleet.refused()
    assert fleet.ready() == {"t_acme": False, "t_globex": True}
    table = status()
    assert [(row["schema_name"], row["state"], row["attempts"]) for row in table["troubled"]] == [
        ("t_acme", "failed", 1)
    ]
    assert 'column "weight" of relation "catalog_product" already exists' in table["troubled"][0]["error"]
    out = StringIO()
    call_command("fleet_status", stdout=out)
    assert "t_acme (rest): failed, runs: 1" in out.getvalue()
    fleet.run("t_acme", "ALTER TABLE catalog_product DROP COLUMN weight")
    fleet.migrate()
    assert (status()["troubled"], fleet.ready()) == ([], {"t_acme": True, "t_globex": True})


def test_several_at_once(fleet):
    fleet.add()
    assert "ring rest: 2 tenants" in fleet.migrate(jobs=2)
    assert fleet.holders() == {"template", "t_acme", "t_globex"}


# --- Rings ---------------------------------------------------------------------------------------------


@pytest.fixture
def canary(fleet):
    call_command("set_ring", "globex", "own", stdout=StringIO())
    return "t_globex"


def test_the_first_ring_is_migrated_and_its_pages_looked_at_before_the_next(fleet, canary, monkeypatch):
    seen, real = [], probes.pages

    def pages(tenant):
        seen.append((tenant.schema_name, fleet.holders()))
        return real(tenant)

    monkeypatch.setattr(probes, "pages", pages)
    fleet.add()
    fleet.migrate()
    assert seen == [(canary, {"template", canary})]
    assert fleet.holders() == {"template", "t_acme", canary}


def test_a_page_that_breaks_stops_the_run_before_the_next_ring(fleet, canary, monkeypatch):
    monkeypatch.setattr("catalog.views.products.ProductListView.get", lambda *args, **kwargs: HttpResponse(status=500))
    sessions = fleet.run(canary, "SELECT count(*) FROM django_session")
    fleet.add()
    said = fleet.refused()
    assert "Stopped, the rings after it are as they were: ring own: t_globex, " in said
    assert "/ answered 500." in said
    assert "run it again" not in said
    assert fleet.holders() == {"template", canary}
    assert fleet.run(canary, "SELECT count(*) FROM django_session") == sessions
    assert "Stopped" in fleet.refused()  # though this time it had nothing to do there
    assert fleet.holders() == {"template", canary}
    monkeypatch.undo()
    fleet.migrate()
    assert fleet.holders() == {"template", canary, "t_acme"}


def test_until_a_ring(fleet, canary):
    fleet.add()
    fleet.migrate(until="own")
    assert fleet.holders() == {"template", canary}
    fleet.migrate()
    assert fleet.holders() == {"template", canary, "t_acme"}


def test_a_dump_of_each_is_kept_from_before_its_turn(fleet, canary, tmp_path):
    fleet.add()
    fleet.migrate(until="own", keep_copies=tmp_path / "kept")
    [path] = (tmp_path / "kept").iterdir()
    assert path.name.startswith("globex-2")


def test_also_of_one_that_is_named(fleet, tmp_path):
    fleet.add()
    fleet.migrate("--schema", "template")
    fleet.migrate("--schema", "t_acme", keep_copies=tmp_path / "kept")
    assert [path.name[:6] for path in (tmp_path / "kept").iterdir()] == ["acme-2"]


def test_no_ring_is_begun_whose_copies_cannot_be_kept(fleet, tmp_path):
    (tmp_path / "file").touch()
    fleet.add()
    assert "No copies can be kept in" in fleet.refused(keep_copies=tmp_path / "file")
    assert fleet.holders() == {"template"}
    assert set(fleet.states().values()) == {"current"}


@pytest.mark.parametrize("arguments", [("catalog", "0001"), ("--schema", "t_acme"), ("--fake", "catalog", "0001")])
def test_what_belongs_to_rings_is_refused_where_there_are_none(fleet, arguments):
    fleet.add()
    assert "--until: not here, since" in fleet.refused(*arguments, until="own")
    assert fleet.holders() == set()


def test_a_failure_in_the_first_ring_keeps_the_others_from_their_turn(fleet, canary):
    fleet.run(canary, "ALTER TABLE catalog_product ADD COLUMN weight int")
    fleet.add()
    assert "ring own: t_globex failed" in fleet.refused()
    assert "weight" not in fleet.columns()["t_acme"]


def test_a_busy_one_in_the_first_ring_keeps_the_others_from_their_turn(fleet, canary, no_pause):
    """Nobody has seen the new code on it, and acme is not to be the first."""
    fleet.add()
    with fleet.other_session() as other:
        other.execute(f"LOCK TABLE {canary}.catalog_product IN ACCESS SHARE MODE")
        said = fleet.refused(**IMPATIENT)
    assert "Stopped, the rings after it are as they were: ring own: t_globex was busy." in said
    assert fleet.holders() == {"template"}
    assert set(fleet.ready().values()) == {True}
    fleet.migrate()
    assert fleet.holders() == {"template", "t_acme", canary}


def test_what_everybody_reads_is_waited_for_as_briefly_as_a_tenants_tables(fleet, monkeypatch):
    """Else every page of every tenant waits behind the migration, for as long as it waits itself."""
    tries = []
    monkeypatch.setattr(shared.time, "sleep", tries.append)
    with fleet.other_session() as other:
        other.execute("LOCK TABLE public.tenants_tenant IN ACCESS SHARE MODE")
        said = fleet.refused("tenants", "0001", **IMPATIENT)
    assert said.splitlines()[-1].startswith("public is in use, or takes longer than --hold: ")
    assert len(tries) == 2


def test_a_state_is_what_it_is_worth_now(fleet, canary):
    """ "Current" of another version is behind, and nobody migrates any more once a run was killed."""
    fleet.add()
    assert counted(fleet) == {("own", "behind", 1), ("rest", "behind", 1)}
    fleet.migrate(until="own")
    fleet.run("public", "UPDATE tenants_schemastate SET state = 'migrating' WHERE schema_name = 't_acme'")
    assert counted(fleet) == {("own", "current", 1), ("rest", "behind", 1)}
    with alone():
        assert counted(fleet) == {("own", "current", 1), ("rest", "migrating", 1)}


def counted(fleet) -> set[tuple]:
    return {(row["ring"], row["state"], row["tenants"]) for row in status()["counts"]}


def status() -> dict:
    out = StringIO()
    call_command("fleet_status", "--json", stdout=out)
    return json.loads(out.getvalue())


# --- Requests meanwhile ------------------------------------------------------------------------------------


def test_a_page_that_breaks_on_a_schema_that_is_behind_is_a_503(fleet, monkeypatch, settings):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("allauth.account.views.LoginView.dispatch", broken)
    client = Client(raise_request_exception=False, headers={"host": f"acme.{settings.BASE_DOMAIN}"})
    fleet.add()
    behind = client.get("/account/login/")
    assert (behind.status_code, behind["Retry-After"]) == (503, "30")
    fleet.migrate()
    assert client.get("/account/login/").status_code == 500


def test_no_page_waits_for_a_locked_table_longer_than_a_statement_may_take(fleet, monkeypatch, settings):
    """Whether its host is remembered, and the binding waits, or has to be looked up."""
    client = Client(raise_request_exception=False, headers={"host": f"acme.{settings.BASE_DOMAIN}"})
    assert client.get("/account/login/").status_code == 200
    monkeypatch.setitem(connection.settings_dict, LIMIT, "50ms")
    connection.close()
    with fleet.other_session() as other:
        other.execute("LOCK TABLE public.tenants_tenant")
        for host in ("acme", "globex", "nobody"):
            host = f"{host}.{settings.BASE_DOMAIN}"
            waited = client.get("/account/login/", headers={"host": host})
            assert (waited.status_code, waited["Retry-After"]) == (503, "10")
    assert client.get("/account/login/").status_code == 200


def test_a_tenant_whose_schema_is_behind_is_served(fleet, settings):
    fleet.add()
    client = Client(headers={"host": f"acme.{settings.BASE_DOMAIN}"})
    assert client.get("/account/login/").status_code == 200
