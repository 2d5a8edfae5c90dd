"""Migrations and moments that a run meets seldom."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from tenants import dumps
from tenants.fleet import bring, rings, run
from tenants.fleet.progress import Progress
from tenants.models import Tenant
from tenants.schema import in_public

pytestmark = pytest.mark.real

ALL = {"template", "t_acme", "t_globex"}
IMPATIENT = {"lock": timedelta(milliseconds=20), "tries": 2}
NOTHING = "migrations.RunPython(migrations.RunPython.noop)"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(bring.time, "sleep", lambda seconds: None)


def test_one_that_is_busy_half_way_stays_closed_and_is_told_as_failed(fleet):
    """By the first migration it is no longer what it was, and the second one it has not got."""
    fleet.add(NOTHING)
    fleet.add()
    with fleet.other_session() as other:
        other.execute("LOCK TABLE t_acme.catalog_product IN ACCESS SHARE MODE")
        said = fleet.refused(**IMPATIENT)
    assert fleet.ready() == {"t_acme": False, "t_globex": True}
    assert "Failed and not served: t_acme." in said
    fleet.migrate()
    assert (fleet.ready(), fleet.holders()) == ({"t_acme": True, "t_globex": True}, ALL)


def test_a_turn_that_lasts_too_long_is_ended_by_the_server_and_the_run_goes_on(fleet):
    """The server ends the session; the next tenant has a new one."""
    fleet.add(", ".join(['migrations.RunSQL("SELECT pg_sleep(0.12)")'] * 2))
    said = fleet.refused(hold=timedelta(seconds=0.2), tries=2)
    assert "Busy, as they were and served: t_acme, t_globex." in said
    assert set(fleet.ready().values()) == {True}
    fleet.migrate(hold=timedelta(seconds=20))
    assert set(fleet.states().values()) == {"current"}


def test_the_table_of_the_turn_may_be_migrated(fleet, monkeypatch):
    """Whoever runs holds a row of it."""
    real = run.shared.migrate_public

    def migrate_public(**options):
        with in_public(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE public.tenants_job IN ACCESS EXCLUSIVE MODE NOWAIT")
        real(**options)

    monkeypatch.setattr(run.shared, "migrate_public", migrate_public)
    fleet.add()
    fleet.migrate()
    assert fleet.holders() == ALL


def test_a_command_that_names_a_migration_waits_its_turn_too(fleet):
    name = fleet.add()
    with run.alone():
        assert "Somebody else is migrating." in fleet.refused("catalog", name)
    assert fleet.holders() == set()


def test_a_restored_tenant_is_brought_up_to_date(fleet, tmp_path):
    with in_public():
        tenant = Tenant.objects.get(slug="acme")
    dumps.dump(tenant, tmp_path / "before", using=settings.ADMIN_DATABASE)
    fleet.add()
    fleet.migrate()
    assert not dumps.restore_over(tmp_path / "before", using=settings.ADMIN_DATABASE).is_current
    assert (fleet.ready()["t_acme"], fleet.holders()) == (False, {"template", "t_globex"})
    fleet.migrate()
    assert (fleet.ready()["t_acme"], fleet.holders()) == (True, ALL)
    assert fleet.structure("t_acme") == fleet.structure("template")


def test_one_goes_back_alone_with_the_code_of_its_time(fleet, manage, tmp_path):
    """The template and the other tenants stay as they are: old code serves them as long as migrations only add."""
    name = fleet.add()
    fleet.migrate(keep_copies=tmp_path / "kept")
    [path] = (tmp_path / "kept").glob("acme-*")
    fleet.forget(name)
    said = manage("restore_tenant", str(path), over=True)
    assert "older than the code" not in said
    assert (fleet.ready(), fleet.holders()) == ({"t_acme": True, "t_globex": True}, {"template", "t_globex"})
    assert "t_acme: tenant: waits for its turn" in manage.refused("doctor")
    assert Client(headers={"host": f"acme.{settings.BASE_DOMAIN}"}).get("/account/login/").status_code == 200


def test_a_twin_is_made_of_what_is_up_to_date(fleet, manage):
    fleet.add()
    said = manage.refused("copy_tenant", "acme", "--as", "tryout")
    assert said == "acme is of another version than the code. Migrate it first: `manage.py migrate`."


def test_each_run_keeps_copies_of_its_own(tenants, django_db_blocker, tmp_path):
    """After a way back the next copy is another one: it has what was written since."""
    with django_db_blocker.unblock():
        for number in (1, 2):
            progress = Progress(1, print)
            rings.keep_copies(["t_acme"], tmp_path / "kept", using=settings.ADMIN_DATABASE, progress=progress)
            assert len(list((tmp_path / "kept").iterdir())) == number


def test_a_tenant_without_a_schema_keeps_no_other_back(fleet, tmp_path):
    fleet.add()
    fleet.run("public", "ALTER SCHEMA t_acme RENAME TO elsewhere")
    said = fleet.refused(keep_copies=tmp_path / "kept")
    assert "Failed and not served: t_acme." in said
    assert fleet.states() == {"t_acme": "failed", "t_globex": "current"}
    [path] = (tmp_path / "kept").iterdir()
    assert path.name.startswith("globex-")
