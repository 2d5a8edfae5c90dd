"""Schemas that wait for an organisation: handed out to one alone, or still waiting; and nobody's till then."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext

from accounts.flows.sign_up import sign_up
from accounts.models import User
from tenants import copies, doctor, provisioning, spares
from tenants.exceptions import SchemaExists
from tenants.fleet.schemas import schema_names
from tenants.models import Blueprint, Spare, Tenant
from tenants.schema import in_tenant


def owner_of(slug: str) -> dict[str, str]:
    return {"name": "Ann", "email": f"ann@{slug}.test", "password": "correct horse battery"}


def enter(slug: str) -> Tenant:
    tenant, _ticket = sign_up(organisation=slug.title(), slug=slug, **owner_of(slug))
    return tenant


@pytest.fixture
def waiting(public, settings):
    """`waiting(2)`: that many spares. They go with the test's transaction."""

    def make(number: int) -> list[Spare]:
        settings.SPARE_SCHEMAS = number
        spares.refill("default")
        return list(Spare.objects.all())

    return make


@pytest.fixture
def schemas(sql):
    """The names of all spare schemas that there are."""

    def listed() -> set[str]:
        found = sql(None, "SELECT nspname FROM pg_namespace WHERE starts_with(nspname::text, 'spare_')")
        return {name for (name,) in found}

    return listed


# --- handed out ---------------------------------------------------------------------------------------------


def test_a_sign_up_gets_the_spare_and_makes_no_table(waiting, schemas, manage):
    first, second = waiting(2)
    with CaptureQueriesContext(connection) as queries:
        apex = enter("apex")
    assert [query["sql"] for query in queries if "SCHEMA" in query["sql"]] == [
        f'ALTER SCHEMA "{first.schema_name}" RENAME TO "t_apex"'
    ]
    assert schemas() == {second.schema_name}
    assert [spare.pk for spare in Spare.objects.all()] == [second.pk]
    with in_tenant(apex):
        assert User.objects.holding("owner").get().email == "ann@apex.test"
    assert "ok       t_apex" in manage("doctor")


def test_without_a_spare_a_sign_up_makes_its_schema(waiting, schema_exists):
    waiting(1)
    enter("apex")
    enter("borg")
    assert schema_exists("t_apex")
    assert schema_exists("t_borg")


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_after_a_sign_up_that_failed_the_spare_waits_on(waiting, schemas, schema_exists, failure):
    (spare,) = waiting(1)
    with pytest.raises(failure), provisioning.new_tenant(name="Apex", slug="apex"):
        raise failure
    assert (schemas(), schema_exists("t_apex")) == ({spare.schema_name}, False)
    assert Spare.objects.get() == spare
    enter("apex")
    assert (schemas(), schema_exists("t_apex")) == (set(), True)


def test_a_schema_left_under_the_name_is_refused_and_the_spare_waits_on(waiting, schemas, sql):
    (spare,) = waiting(1)
    sql(None, "CREATE SCHEMA t_apex")
    with pytest.raises(SchemaExists):
        enter("apex")
    assert schemas() == {spare.schema_name}
    assert Spare.objects.get() == spare


def test_a_spare_of_an_older_template_is_never_handed_out(waiting, schemas, sql):
    (old,) = waiting(1)
    newest = Blueprint.objects.latest("pk")
    Blueprint.objects.create(fingerprint="newer", statements=[*newest.statements, "CREATE TABLE made_later (id int)"])
    apex = enter("apex")
    assert sql(apex, "SELECT count(*) FROM made_later") == [(0,)]
    assert schemas() == {old.schema_name}
    spares.refill("default")
    (new,) = Spare.objects.all()
    assert (schemas(), new.fingerprint) == ({new.schema_name}, "newer")


def test_a_spare_that_somebody_dropped_is_passed_over(waiting, sql, schema_exists, manage):
    gone, _left = waiting(2)
    sql(None, f"DROP SCHEMA {gone.schema_name} CASCADE")
    enter("apex")
    assert schema_exists("t_apex")
    assert [spare.pk for spare in Spare.objects.all()] == [gone.pk]
    assert f"spare {gone.schema_name}: has no schema" in manage.refused("doctor")
    manage("doctor", repair=True)
    assert not Spare.objects.exists()


def test_a_spare_that_somebody_dropped_is_replaced(waiting, sql, manage, schemas):
    gone, left = waiting(2)
    sql(None, f"DROP SCHEMA {gone.schema_name} CASCADE")
    assert manage("prepare_spares") == "1 spare schemas made, 1 dropped.\n"
    assert schemas() == {spare.schema_name for spare in Spare.objects.all()}
    assert len(schemas()) == 2
    assert left in Spare.objects.all()
    assert gone not in Spare.objects.all()


# --- kept ---------------------------------------------------------------------------------------------------


def test_the_job_makes_as_many_as_the_settings_say_and_no_more(public, settings, manage, schemas):
    for number, said in [
        (3, "3 spare schemas made, 0"),
        (3, "0 spare schemas made, 0"),
        (1, "0 spare schemas made, 2"),
    ]:
        settings.SPARE_SCHEMAS = number
        assert manage("prepare_spares") == f"{said} dropped.\n"
        assert schemas() == {spare.schema_name for spare in Spare.objects.all()}
        assert len(schemas()) == number
    assert ["prepare_spares"] in settings.HOUSEKEEPING


def test_without_a_template_the_job_says_what_to_do(waiting, manage):
    Blueprint.objects.all().delete()
    waiting(0)
    connections["default"].set_schema_to_public()
    with pytest.raises(copies.TemplateMissing):
        waiting(1)
    assert "manage.py migrate" in manage.refused("prepare_spares")


def test_a_spare_is_no_tenant(waiting, manage):
    (spare,) = waiting(1)
    assert spare.schema_name not in schema_names("default")
    assert spare.schema_name not in manage("list_tenants")
    assert f"ok       {spare.schema_name}" in manage("doctor")


@pytest.mark.parametrize("name", ["t_acme", "public", "template", "dropped_t_apex"])
def test_only_a_spare_is_dropped_as_one(public, schema_exists, name):
    with pytest.raises(ValueError, match="not a spare schema"):
        spares.drop(name, using="default")


# --- looked after -------------------------------------------------------------------------------------------


def test_a_schema_called_a_spare_without_its_row_is_named_and_dropped(public, sql, manage, schemas):
    sql(None, "CREATE SCHEMA spare_lost CREATE TABLE anything (id int)")
    assert "schema spare_lost: is a spare that nobody knows of" in manage.refused("doctor")
    manage("doctor", repair=True)
    assert schemas() == set()


def test_a_damaged_spare_is_named_and_another_one_made(waiting, sql, manage, schemas):
    (spare,) = waiting(1)
    sql(None, f"DROP INDEX {spare.schema_name}.audit_entry_newest")
    problem = "spare: differs from the template, index audit_entry_newest: missing"
    assert f"differs  {spare.schema_name}: {problem}" in manage.refused("doctor")
    manage("doctor", repair=True)
    assert schemas() == set()
    assert manage("prepare_spares") == "1 spare schemas made, 0 dropped.\n"


# --- at once, committed -------------------------------------------------------------------------------------


def in_a_thread(act, *arguments):
    """Run it on a connection of its own."""
    try:
        return act(*arguments)
    finally:
        connections.close_all()


@pytest.mark.real
@pytest.mark.parametrize("number", [4, 20])
def test_sign_ups_at_once_share_two_spares_and_all_come_out_right(committed, number):
    made = {spares.make("default").schema_name for _number in range(2)}
    slugs, together = [f"crowd-{n}" for n in range(number)], threading.Barrier(number)

    def come(slug: str) -> str:
        together.wait()
        return in_a_thread(enter, slug).schema_name

    with ThreadPoolExecutor(number) as people:
        assert sorted(people.map(come, slugs)) == sorted(f"t_{slug.replace('-', '_')}" for slug in slugs)
    assert len(made) == 2
    assert not Spare.objects.exists()
    assert [finding for _schema, left, _cured in doctor.examine_all("default") for finding in left] == []
    for slug in slugs:
        with in_tenant(Tenant.objects.get(slug=slug)):
            assert User.objects.holding("owner").get().email == f"ann@{slug}.test"


@pytest.mark.real
def test_nobody_waits_for_a_spare_that_another_is_moving_into(committed):
    spares.make("default")
    moved_in, may_leave = threading.Event(), threading.Event()

    def dawdle():
        with provisioning.new_tenant(name="Slow", slug="slow"):
            moved_in.set()
            return may_leave.wait(20)  # whoever waits for this one waits in vain

    with ThreadPoolExecutor(1) as people:
        slow = people.submit(in_a_thread, dawdle)
        assert moved_in.wait(20)
        assert enter("quick").is_served
        may_leave.set()
        assert slow.result(), "The second sign-up waited for the first."


@pytest.mark.real
def test_a_process_that_dies_in_a_sign_up_leaves_the_spare_a_spare(committed):
    spare = spares.make("default")

    def die():
        with provisioning.new_tenant(name="Apex", slug="apex"):
            assert spares.fit("default") == []
            connection.connection.close()
            User.objects.count()

    with pytest.raises(DatabaseError):
        die()
    connections.close_all()
    assert Spare.objects.get() == spare
    assert spares.waits(spare, using="default")
    assert not Tenant.objects.filter(slug="apex").exists()
    assert list(spares.unpaired("default")) == []
