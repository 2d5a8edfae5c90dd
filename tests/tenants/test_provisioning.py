"""A tenant is made in one transaction as a copy of the template, or not at all; and it ends in two steps."""

from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.flows.sign_up import sign_up
from accounts.models import User
from tenants import provisioning, spares
from tenants.exceptions import AddressTaken, SchemaExists, TemplateMissing
from tenants.models import Blueprint, DirectoryEntry, Domain, PurgeReport, Tenant
from tenants.schema import in_tenant

OWNER = {"name": "Ann", "email": "ann@apex.test", "password": "correct horse battery"}


def traces(slug: str, schema_exists) -> tuple[bool, bool, bool]:
    """What there is of a tenant: its row, its address, its schema."""
    return (
        Tenant.objects.filter(slug=slug).exists(),
        Domain.objects.filter(domain=f"{slug}.{settings.BASE_DOMAIN}").exists(),
        schema_exists(f"t_{slug}"),
    )


def test_a_sign_up_makes_all_of_it(public, schema_exists):
    tenant, _ticket = sign_up(organisation="Apex", slug="apex", **OWNER)
    assert traces("apex", schema_exists) == (True, True, True)
    assert Tenant.objects.get(pk=tenant.pk).is_served
    with in_tenant(tenant):
        assert User.objects.holding("owner").get().email == OWNER["email"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, DatabaseError])
def test_a_block_that_fails_leaves_nothing(public, schema_exists, failure):
    with pytest.raises(failure), provisioning.new_tenant(name="Apex", slug="apex"):
        raise failure
    assert traces("apex", schema_exists) == (False, False, False)
    sign_up(organisation="Apex", slug="apex", **OWNER)
    assert traces("apex", schema_exists) == (True, True, True)


def test_the_block_is_bound_to_the_new_schema_and_only_the_block(public):
    with provisioning.new_tenant(name="Apex", slug="apex"):
        assert connection.schema_name == "t_apex"
    assert connection.schema_name == "public"


def test_a_taken_address_is_refused_and_its_tenant_untouched(acme, sql):
    connection.set_schema_to_public()
    before = sql(acme.tenant, "SELECT * FROM accounts_user ORDER BY id")
    with pytest.raises(AddressTaken):
        sign_up(organisation="Another", slug="ACME", **OWNER)
    assert sql(acme.tenant, "SELECT * FROM accounts_user ORDER BY id") == before
    assert Tenant.objects.get(slug="acme").name == acme.tenant.name
    assert not DirectoryEntry.objects.filter(address_hash=DirectoryEntry.hash(OWNER["email"])).exists()


def test_a_taken_host_is_refused(public, schema_exists):
    Domain.objects.create(domain="apex.localhost", tenant=Tenant.objects.get(slug="acme"), is_primary=False)
    with pytest.raises(AddressTaken):
        sign_up(organisation="Apex", slug="apex", **OWNER)
    assert traces("apex", schema_exists) == (False, True, False)


def test_a_schema_left_by_somebody_is_refused_and_untouched(public, sql, schema_exists):
    sql(None, "CREATE SCHEMA t_apex CREATE TABLE catalog_product (title text)")
    sql(None, "INSERT INTO t_apex.catalog_product VALUES ('of the customer before')")
    with pytest.raises(SchemaExists):
        sign_up(organisation="Apex", slug="apex", **OWNER)
    assert traces("apex", schema_exists) == (False, False, True)
    assert sql(None, "SELECT title FROM t_apex.catalog_product") == [("of the customer before",)]


@pytest.mark.parametrize("slug", ["www", "a b", "pg_catalog", ""])
def test_a_bad_name_is_refused_before_anything_is_written(public, slug):
    with CaptureQueriesContext(connection) as queries, pytest.raises(ValidationError):
        sign_up(organisation="Apex", slug=slug, **OWNER)
    assert len(queries) == 0


def test_without_a_blueprint_nothing_is_made(public, schema_exists):
    Blueprint.objects.all().delete()
    with pytest.raises(TemplateMissing):
        sign_up(organisation="Apex", slug="apex", **OWNER)
    assert traces("apex", schema_exists) == (False, False, False)


def test_the_newest_blueprint_is_copied(public, sql):
    newest = Blueprint.objects.latest("pk")
    Blueprint.objects.create(fingerprint="newer", statements=[*newest.statements, "CREATE TABLE made_later (id int)"])
    tenant, _ticket = sign_up(organisation="Apex", slug="apex", **OWNER)
    assert sql(tenant, "SELECT count(*) FROM made_later") == [(0,)]


def test_a_new_tenant_holds_nobody_and_nothing_of_another(acme, make_tenant):
    connection.set_schema_to_public()
    with in_tenant(make_tenant("apex")):
        assert User.objects.count() == 0


# Statements of a sign-up, the copy left out: that is one pipeline past Django's cursor. In a test the first is a
# savepoint and another one ends it, where BEGIN and COMMIT would be; all others are questions, rows and bindings.
WITH_A_SPARE = 12
WITHOUT = 15


@pytest.mark.parametrize(("waiting", "expected"), [(1, WITH_A_SPARE), (0, WITHOUT)])
def test_a_sign_up_asks_the_database_a_known_number_of_times(public, settings, waiting, expected):
    sign_up(organisation="First", slug="first", **OWNER)  # the blueprint's text is in memory from here on
    settings.SPARE_SCHEMAS = waiting
    spares.refill("default")
    with CaptureQueriesContext(connection) as queries, counted_pipelines() as pipelines:
        sign_up(organisation="Apex", slug="apex", **OWNER)
    assert len(queries) == expected
    assert len(pipelines) == 1 - waiting
    assert not [query for query in queries if "django_migrations" in query["sql"]]


@contextmanager
def counted_pipelines():
    """Each pipeline that begins meanwhile."""
    begun, real = [], psycopg.Connection.pipeline

    def pipeline(self):
        begun.append(self)
        return real(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Connection, "pipeline", pipeline)
        yield begun


def test_a_schema_on_its_way_out_keeps_its_name_and_one_that_is_gone_does_not(public):
    PurgeReport.objects.create(name="Apex", slug="apex", schema_name="t_apex", finished_at=None)
    PurgeReport.objects.create(name="Apex", slug="apex", schema_name="t_apex__2", finished_at=timezone.now())
    PurgeReport.objects.create(name="Apex Two", slug="apex-2", schema_name="t_apex_2", finished_at=None)
    tenant, _ticket = sign_up(organisation="Apex", slug="apex", **OWNER)
    assert tenant.schema_name == "t_apex__2"


# --- the end ------------------------------------------------------------------------------------------------


def settle(tenant) -> None:
    """Check now what a commit would check: PostgreSQL drops no table while a check on it is waiting."""
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_deleted_tenant_leaves_no_row_no_schema_no_file(public, schema_exists, media):
    tenant, _ticket = sign_up(organisation="Apex", slug="apex", **OWNER)
    (media / "t_apex").mkdir(parents=True)
    (media / "t_apex" / "picture.png").touch()
    settle(tenant)
    provisioning.delete_tenant(tenant)
    assert traces("apex", schema_exists) == (False, False, False)
    assert not DirectoryEntry.objects.filter(address_hash=DirectoryEntry.hash(OWNER["email"])).exists()
    assert not (media / "t_apex").exists()
    assert media.exists()


def test_a_name_used_again_shows_nothing_of_the_customer_before(public):
    first, _ticket = sign_up(organisation="Apex", slug="apex", **OWNER)
    settle(first)
    provisioning.delete_tenant(first)
    second, _ticket = sign_up(organisation="New", slug="apex", **OWNER | {"email": "new@apex.test"})
    with in_tenant(second):
        assert [user.email for user in User.objects.all()] == ["new@apex.test"]


def test_a_deletion_that_stops_half_way_leaves_nothing_reachable(public, schema_exists, manage, monkeypatch):
    tenant, _ticket = sign_up(organisation="Apex", slug="apex", **OWNER)
    settle(tenant)
    with monkeypatch.context() as broken:
        broken.setattr(provisioning, "drop_schema", lambda *_args, **_options: exit())
        with pytest.raises(SystemExit):
            provisioning.delete_tenant(tenant)
    assert traces("apex", schema_exists) == (False, False, False)
    assert "its tenant was deleted, the schema was not" in manage.refused("doctor")
    manage("doctor", repair=True)
    manage("doctor")


def test_a_tenant_whose_schema_is_gone_can_be_deleted(public, sql, schema_exists):
    tenant, _ticket = sign_up(organisation="Apex", slug="apex", **OWNER)
    settle(tenant)
    sql(None, "DROP SCHEMA t_apex CASCADE")
    provisioning.delete_tenant(tenant)
    assert traces("apex", schema_exists) == (False, False, False)


@pytest.mark.parametrize("name", ["t_acme", "public", "template", "pg_catalog"])
def test_only_a_schema_set_aside_is_dropped(public, schema_exists, name):
    with pytest.raises(ValueError, match="not renamed for deletion"):
        provisioning.drop_schema(name, using="default")
    assert schema_exists(name)
