"""What sign-up, fleet and doctor do when the database is a Citus cluster.

No Citus runs here. Its catalogues are played by tables of the same names and columns in `public`, its functions by
ones that write down that they were called; what the real ones answer was read from its source, and measured on a
cluster once (docs/scaling.md). So this shows what is sent and how an answer is read, not that Citus does it.
"""

from datetime import timedelta

import pytest
from django.db import DEFAULT_DB_ALIAS, connection
from django.test.utils import CaptureQueriesContext

from tenants import citus, provisioning
from tenants.checks import database_is_usable
from tenants.models import Tenant
from tenants.schema import in_public

ON = {DEFAULT_DB_ALIAS: True}
STAND_IN = [
    "CREATE TABLE pg_dist_schema (schemaid oid, colocationid int)",
    'CREATE TABLE pg_dist_partition (logicalrelid regclass, colocationid int, repmodel "char")',
    "CREATE TABLE calls (name text, argument text)",
    # A schema is given away with all its tables.
    "CREATE FUNCTION citus_schema_distribute(name text) RETURNS void LANGUAGE sql AS $$"
    " INSERT INTO calls VALUES ('citus_schema_distribute', name);"
    " INSERT INTO pg_dist_schema VALUES (name::regnamespace::oid, 7);"
    " INSERT INTO pg_dist_partition SELECT oid, 7, 's' FROM pg_class"
    "  WHERE relnamespace = name::regnamespace AND relkind = 'r' $$",
    "CREATE FUNCTION create_reference_table(name text) RETURNS void LANGUAGE sql AS $$"
    " INSERT INTO calls VALUES ('create_reference_table', name);"
    " INSERT INTO pg_dist_partition VALUES (name::regclass, 0, 't') $$",
]


@pytest.fixture
def cluster(public, monkeypatch, sql):
    """The database plays a cluster that nobody has prepared."""
    monkeypatch.setattr(citus, "known", dict(ON))
    for statement in STAND_IN:
        sql(None, statement)


@pytest.fixture
def calls(sql):
    return lambda name: sorted(
        argument for (argument,) in sql(None, "SELECT argument FROM calls WHERE name = %s", [name])
    )


def schemas() -> list[str]:
    with in_public():
        return sorted(Tenant.objects.values_list("schema_name", flat=True))


# --- is it one? ------------------------------------------------------------------------------------------------


def test_a_plain_server_is_none_and_an_extension_that_is_there_is_seen(public, monkeypatch):
    monkeypatch.setattr(citus, "known", {})
    assert citus.on_citus() is False
    monkeypatch.setattr(citus, "known", {})
    monkeypatch.setattr(citus, "EXTENSION", "plpgsql")  # what every server has, in the place of what none here has
    assert citus.on_citus() is True


def test_it_is_asked_once(public, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(citus, "known", {})
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # with it the schema is bound
    with django_assert_num_queries(1):
        assert (citus.on_citus(), citus.on_citus()) == (False, False)


# --- what sign-up and fleet send ---------------------------------------------------------------------------------


def test_on_a_plain_server_nothing_of_it_is_sent(public):
    assert citus.before_create_schema() == []
    assert citus.lock_limits(timedelta(seconds=2)) == ["SET LOCAL lock_timeout = 2000"]


def test_a_lock_timeout_is_told_to_be_passed_on_before_it_is_set(cluster):
    assert citus.lock_limits(timedelta(seconds=0.3)) == [
        "SET LOCAL citus.propagate_set_commands = 'local'",
        "SET LOCAL lock_timeout = 300",
    ]


def test_a_lock_limit_ends_with_its_transaction(tenants, db, sql):
    for statement in citus.lock_limits(timedelta(seconds=2)):
        sql(None, statement)
        assert sql(None, "SHOW lock_timeout") == [("2s",)]


def test_a_sign_up_turns_sharding_on_before_it_makes_the_schema(cluster, settings):
    settings.SPARE_SCHEMAS = 0
    with CaptureQueriesContext(connection) as heard, provisioning.new_tenant(name="Apex", slug="apex"):
        pass
    sent = [query["sql"] for query in heard]
    switch = next(n for n, text in enumerate(sent) if text == citus.before_create_schema()[0])
    assert switch < next(n for n, text in enumerate(sent) if text.startswith("CREATE SCHEMA"))
    assert not any("DO $" in text or "CREATE FUNCTION" in text for text in sent)


# --- what the doctor and the check find, and what prepares it ------------------------------------------------------


def test_what_stays_on_the_coordinator_is_named(cluster):
    named = {(finding.what, finding.problem) for finding in citus.findings(DEFAULT_DB_ALIAS)}
    alone = "is on the coordinator alone"
    assert named == {
        *((f"schema {name}", alone) for name in schemas()),
        ("table tenants_tenant", alone),
        ("table tenants_domain", alone),
    }
    assert {error.id for error in database_is_usable(None, databases=[DEFAULT_DB_ALIAS])} == {"tenants.E009"}


def test_a_plain_server_is_not_asked_for_any_of_it(public, django_assert_num_queries):
    citus.on_citus()
    with django_assert_num_queries(0):
        assert list(citus.findings(DEFAULT_DB_ALIAS)) == []
    assert database_is_usable(None, databases=[DEFAULT_DB_ALIAS]) == []


def test_preparing_gives_every_tenant_and_the_hosts_to_the_cluster(cluster, manage, calls):
    said = manage("prepare_citus")
    assert calls("citus_schema_distribute") == schemas()
    assert calls("create_reference_table") == ["public.tenants_domain", "public.tenants_tenant"]
    assert all(f"{name}: given to the cluster" in said for name in schemas())
    assert list(citus.findings(DEFAULT_DB_ALIAS)) == []
    assert manage("prepare_citus") == "The cluster is prepared.\n"


def test_preparing_puts_the_sequences_where_the_rows_are(cluster, manage, sql):
    sql(None, "SELECT setval('tenants_domain_id_seq', 1, false)")  # as a conversion leaves it
    manage("prepare_citus")
    assert sql(None, "SELECT nextval('tenants_domain_id_seq') = max(id) + 1 FROM tenants_domain") == [(True,)]


def test_a_plain_server_is_not_prepared(public, manage):
    assert "This database is no Citus cluster" in manage.refused("prepare_citus")


def test_the_doctor_names_one_table_that_was_made_in_a_block(cluster, manage, acme_schema, sql):
    manage("prepare_citus")
    sql(None, f"DO $$ BEGIN CREATE TABLE {acme_schema}.hidden (id bigint PRIMARY KEY); END $$")
    said = manage.refused("doctor", schema=acme_schema)
    assert f"tables hidden of {acme_schema}: are on the coordinator alone; dump and restore the tenant" in said


def test_the_doctor_gives_a_forgotten_tenant_to_the_cluster(cluster, manage, calls, apex, sql):
    manage("prepare_citus")
    sql(None, "DELETE FROM pg_dist_schema WHERE schemaid = %s::regnamespace::oid", [apex.schema_name])
    assert f"schema {apex.schema_name}: is on the coordinator alone" in manage.refused("doctor")
    sql(None, "DELETE FROM calls")
    manage("doctor", "--repair")
    assert calls("citus_schema_distribute") == [apex.schema_name]


@pytest.fixture
def acme_schema(tenants) -> str:
    return tenants[0].tenant.schema_name
