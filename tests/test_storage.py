"""A tenant's schema stands alone: nothing leaves it, nothing in it needs another node.

Three proofs that need no cluster (docs/scaling.md lists the rules): the catalogue of a new tenant
(tests/storage_rules.py), a tap on every statement of this suite (tests/taps.py, installed in conftest.py), and a tap
on the migrations. Each is shown to find what it looks for. What is left is in tests/test_sharding.py.
"""

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connection
from psycopg import sql

from tenants import provisioning
from tenants.fleet.ordinary import migrate_schema
from tenants.schema import in_public, in_schema, in_tenant

from .storage_rules import CATALOGUE, SMALL_KEYS, SPOILT
from .taps import ALWAYS, IN_MIGRATIONS, Forbidden, demand_one_statement, judge, migration_tap


@pytest.fixture
def tenant(tenants, db):
    connection.set_schema_to_public()
    with provisioning.new_tenant(name="Apex", slug="apex") as tenant:
        pass
    return tenant


def breaches(rule: str, schema_name: str) -> list[str]:
    with in_schema(schema_name), connection.cursor() as cursor:
        cursor.execute(CATALOGUE[rule], {"schema": f'"{schema_name}"', "small_keys": sorted(SMALL_KEYS)})
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.parametrize("rule", CATALOGUE)
def test_a_new_tenant_keeps_to_itself(tenant, rule):
    assert breaches(rule, tenant.schema_name) == []


@pytest.mark.parametrize("rule", CATALOGUE)
def test_the_template_keeps_to_itself(tenant, rule):
    assert breaches(rule, settings.TEMPLATE_SCHEMA) == []


# The application's role may not even make these.
BY_SUPERUSER = ("a foreign table", "an extension")


@pytest.mark.parametrize("rule", [rule for rule in CATALOGUE if rule not in BY_SUPERUSER])
def test_the_catalogue_test_finds_what_is_planted(tenant, rule):
    statement, name = SPOILT[rule]
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)
    found = breaches(rule, tenant.schema_name)
    assert name in found if name else len(found) == 1


@pytest.mark.parametrize("rule", BY_SUPERUSER)
def test_the_catalogue_test_finds_what_a_superuser_has_planted(acme, rule):
    statement, name = SPOILT[rule]
    schema_name, known = acme.tenant.schema_name, connection.settings_dict
    arguments = {"schema": schema_name, "small_keys": sorted(SMALL_KEYS)}
    host = connection.connection.info.host
    with psycopg.connect(dbname=known["NAME"], host=host, user="postgres") as superuser:
        superuser.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(schema_name)))
        assert superuser.execute(CATALOGUE[rule], arguments).fetchall() == []
        superuser.execute(statement)
        found = [found for (found,) in superuser.execute(CATALOGUE[rule], arguments).fetchall()]
        superuser.rollback()
    assert name in found if name else len(found) == 1


def test_the_list_of_small_keys_is_not_longer_than_need_be(tenant):
    with in_tenant(tenant), connection.cursor() as cursor:
        cursor.execute(CATALOGUE["a small key"], {"schema": f'"{tenant.schema_name}"', "small_keys": []})
        assert {name for (name,) in cursor.fetchall()} == SMALL_KEYS


# --- the tap on every statement --------------------------------------------------------------------------

PLANTED = [
    "UPDATE accounts_user SET name = gen_random_uuid()::text",
    "UPDATE accounts_user SET last_seen = clock_timestamp() WHERE id = 1",
    "INSERT INTO auth_group (name) VALUES ((SELECT name FROM accounts_user LIMIT 1))",
    "MERGE INTO auth_group g USING accounts_user u ON false WHEN NOT MATCHED THEN DO NOTHING",
    "SELECT pg_advisory_xact_lock(1)",
    "SELECT pg_try_advisory_lock(1)",
    "SELECT setval('auth_group_id_seq', max(id)) FROM auth_group",
    "PREPARE TRANSACTION 'x'",
    "LISTEN channel",
    "NOTIFY channel",
    "SELECT pg_notify('channel', 'x')",
    "SET lock_timeout = 100",
    "SELECT set_config('lock_timeout', '100', true)",
    "UPDATE accounts_user SET joined_at = now() - accounts_user.last_login",
    'UPDATE "accounts_user" SET "joined_at" = (CURRENT_TIMESTAMP + "accounts_user"."last_login")',
    "CREATE EXTENSION IF NOT EXISTS citext",
    "SET search_path = t_globex",
    "SELECT 1 FROM t_acme.accounts_user a, t_globex.accounts_user b",
    'SELECT 1 FROM "t_acme"."accounts_user" UNION SELECT 1 FROM "t_globex".accounts_user',
]
FINE = [
    "UPDATE accounts_user SET last_seen = now() WHERE id = 1",
    "UPDATE accounts_user SET name = 'random() and gen_random_uuid()'",
    "INSERT INTO auth_group (name) VALUES ('(SELECT 1)')",
    "INSERT INTO auth_group (name) SELECT 'copied' FROM accounts_user WHERE false",
    "SELECT setval('auth_group_id_seq', 100)",
    "SET LOCAL statement_timeout = '5s'",
    "SET LOCAL lock_timeout = 2000",
    "UPDATE accounts_user SET last_seen = now() - interval '1 hour' WHERE id = 1",
    "SELECT 1 FROM t_acme.accounts_user a JOIN t_acme.auth_group b ON true LIMIT 1",
]


@pytest.mark.parametrize("statement", PLANTED)
def test_the_tap_of_the_suite_hears_what_is_planted(acme, statement):
    with pytest.raises(Forbidden):
        connection.cursor().execute(statement)


@pytest.mark.parametrize("statement", FINE)
def test_the_tap_of_the_suite_lets_the_harmless_pass(acme, statement):
    connection.cursor().execute(statement)


@pytest.mark.real
def test_the_tap_hears_a_tenants_statement_outside_a_transaction(tenants, django_db_blocker, monkeypatch):
    """Shown with our backend's own refusal taken away."""
    with django_db_blocker.unblock():
        monkeypatch.setattr(connection, "_handle_search_path", lambda cursor=None: None)
        connection.set_tenant(tenants[0].tenant)
        with pytest.raises(Forbidden, match="outside a transaction"):
            connection.cursor().execute("SELECT 1")
        connection.close()


@pytest.mark.parametrize("rule", ALWAYS)
def test_every_rule_of_the_tap_is_planted(rule):
    def hears(statement: str) -> bool:
        try:
            judge(statement, {rule: ALWAYS[rule]})
        except Forbidden:
            return True
        return False

    assert any(map(hears, PLANTED))


# --- the tap on migrations ----------------------------------------------------------------------------------

PLANTED_IN_MIGRATIONS = [
    "ALTER TABLE x ADD COLUMN n integer NOT NULL CHECK (n >= 0)",
    "ALTER TABLE x ADD COLUMN n bigint GENERATED BY DEFAULT AS IDENTITY",
    "ALTER TABLE x ADD COLUMN n bigserial",
    "ALTER SEQUENCE s RESTART",
    "CREATE TRIGGER t BEFORE UPDATE ON x EXECUTE FUNCTION f()",
    "CREATE TABLE y () INHERITS (x)",
    'ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES "public"."z" (id)',
    "DO $$ BEGIN CREATE TABLE y (id int); END $$",
    "CREATE FUNCTION f() RETURNS void AS $$ CREATE TABLE y (id int) $$ LANGUAGE sql",
    "CREATE EXTENSION citext",
    'ALTER TABLE x ALTER COLUMN "id" TYPE bigint USING "id"::bigint',
    "ALTER TABLE x ALTER COLUMN n ADD GENERATED BY DEFAULT AS IDENTITY",
]


@pytest.mark.parametrize("statement", PLANTED_IN_MIGRATIONS)
def test_the_tap_on_migrations_hears_what_is_planted(acme, statement):
    with migration_tap(), pytest.raises(Forbidden):
        connection.cursor().execute(statement)


@pytest.mark.parametrize("rule", IN_MIGRATIONS)
def test_every_rule_of_the_migration_tap_is_planted(rule):
    def hears(statement: str) -> bool:
        try:
            judge(statement, {rule: IN_MIGRATIONS[rule]})
        except Forbidden:
            return True
        return False

    assert any(map(hears, PLANTED_IN_MIGRATIONS))


@pytest.mark.parametrize(
    ("statement", "is_several"),
    [
        ("UPDATE x SET a = 1; UPDATE x SET b = 2", True),
        ("UPDATE x SET a = 1; UPDATE x SET b = 2; SET CONSTRAINTS ALL IMMEDIATE", True),
        ("UPDATE x SET a = 1; SET CONSTRAINTS ALL IMMEDIATE", False),
        ('ALTER TABLE x ADD COLUMN y bigint CONSTRAINT c REFERENCES z(id); SET CONSTRAINTS "c" IMMEDIATE', False),
        ("UPDATE x SET a = 'one; two';", False),
    ],
)
def test_several_statements_in_one_string_are_heard(statement, is_several):
    if is_several:
        with pytest.raises(Forbidden, match="several statements"):
            demand_one_statement(statement)
    else:
        demand_one_statement(statement)


@pytest.mark.real
def test_migrating_a_new_tenant_breaks_no_rule(tenants, django_db_blocker):
    with django_db_blocker.unblock():
        try:
            with migration_tap():
                migrate_schema(
                    "tapped", using="default", migrate=lambda name: call_command(DjangoMigrate(), verbosity=0)
                )
            with in_schema("tapped"), connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM django_migrations")
                assert cursor.fetchone()[0] > 20
        finally:
            with in_public(), connection.cursor() as cursor:
                cursor.execute("DROP SCHEMA IF EXISTS tapped CASCADE")
