"""A tenant's schema stands alone: nothing leaves it, nothing in it needs another node.

Three proofs that need no cluster (docs/decisions): the catalogue of a new tenant, a tap on every statement
of this suite (tests/taps.py, installed in conftest.py), and a tap on the migrations. Each is shown to find
what it looks for.
"""

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connection
from psycopg import sql

from tenants import fleet, provisioning
from tenants.schema import in_public, in_schema, in_tenant

from .taps import ALWAYS, IN_MIGRATIONS, Forbidden, demand_one_statement, judge, migration_tap

# Keys of libraries that cannot be widened; everything of our own is a bigint or a UUID.
SMALL_KEYS = {
    "account_emailaddress.id",
    "account_emailconfirmation.id",
    "auth_group.id",
    "auth_permission.id",
    "django_admin_log.id",
    "django_content_type.id",
    "guardian_groupobjectpermission.id",
    "guardian_userobjectpermission.id",
}

# Name of the rule -> a query that gives no row for a good schema. `%(schema)s` is its name.
CATALOGUE = {
    "a foreign key with one end outside": """
        SELECT k.conname
          FROM pg_constraint k JOIN pg_class a ON a.oid = k.conrelid JOIN pg_class b ON b.oid = k.confrelid
         WHERE k.contype = 'f' AND a.relnamespace <> b.relnamespace
           AND %(schema)s::regnamespace IN (a.relnamespace, b.relnamespace)
    """,
    "a table without a primary key": """
        SELECT relname FROM pg_class c WHERE relnamespace = %(schema)s::regnamespace AND relkind IN ('r', 'p')
           AND NOT EXISTS (SELECT 1 FROM pg_index x WHERE x.indrelid = c.oid AND x.indisprimary)
    """,
    "a trigger": """
        SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = %(schema)s::regnamespace AND NOT t.tgisinternal
    """,
    "a child table": """
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE c.relnamespace = %(schema)s::regnamespace AND NOT c.relispartition
    """,
    "a rule": """
        SELECT rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
         WHERE c.relnamespace = %(schema)s::regnamespace AND r.rulename <> '_RETURN'
    """,
    "a foreign table": "SELECT relname FROM pg_class WHERE relnamespace = %(schema)s::regnamespace AND relkind = 'f'",
    "a default that uses a sequence of another schema": """
        SELECT t.relname || '.' || a.attname
          FROM pg_depend d
          JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' AND d.refclassid = 'pg_class'::regclass
          JOIN pg_attrdef f ON f.oid = d.objid AND d.classid = 'pg_attrdef'::regclass
          JOIN pg_class t ON t.oid = f.adrelid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = f.adnum
         WHERE t.relnamespace = %(schema)s::regnamespace AND s.relnamespace <> t.relnamespace
    """,
    "an extension": "SELECT extname FROM pg_extension WHERE extnamespace = %(schema)s::regnamespace",
    "a small key": """
        SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum
         WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r' AND a.attnum > 0
           AND a.atttypid IN ('int2'::regtype, 'int4'::regtype)
           AND (a.attidentity <> '' OR pg_get_expr(f.adbin, f.adrelid) LIKE 'nextval%%')
           AND c.relname || '.' || a.attname <> ALL (%(small_keys)s)
    """,
    "a function, in which tables could be made": """
        SELECT proname FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
    """,
}

# For each rule a statement that breaks it, and what is then named.
SPOILT = {
    "a foreign key with one end outside": (
        "ALTER TABLE accounts_user ADD outer_id bigint CONSTRAINT crossing REFERENCES public.tenants_tenant",
        "crossing",
    ),
    "a table without a primary key": ("CREATE TABLE keyless (id bigint)", "keyless"),
    "a trigger": (
        "CREATE TRIGGER planted BEFORE UPDATE ON accounts_user FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "planted",
    ),
    "a child table": ("CREATE TABLE heir (PRIMARY KEY (id)) INHERITS (accounts_user)", "heir"),
    "a rule": ("CREATE RULE planted AS ON DELETE TO accounts_user DO INSTEAD NOTHING", "planted"),
    "a foreign table": (
        "CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere;"
        " CREATE FOREIGN TABLE far (id bigint) SERVER elsewhere",
        "far",
    ),
    "a default that uses a sequence of another schema": (
        "ALTER TABLE accounts_user ADD n bigint DEFAULT nextval('public.tenants_tenant_id_seq')",
        "accounts_user.n",
    ),
    "an extension": (
        "DO $$ BEGIN EXECUTE 'CREATE EXTENSION ' || (SELECT min(name) FROM pg_available_extensions"
        " WHERE name IN ('citext', 'vector')); END $$",
        "",
    ),
    "a small key": ("CREATE TABLE small (id serial PRIMARY KEY)", "small.id"),
    "a function, in which tables could be made": (
        "CREATE FUNCTION planted() RETURNS void LANGUAGE sql AS 'SELECT'",
        "planted",
    ),
}


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
    "SET LOCAL lock_timeout = 100",
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
                fleet.migrate_schema(
                    "tapped", using="default", migrate=lambda name: call_command(DjangoMigrate(), verbosity=0)
                )
            with in_schema("tapped"), connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM django_migrations")
                assert cursor.fetchone()[0] > 20
        finally:
            with in_public(), connection.cursor() as cursor:
                cursor.execute("DROP SCHEMA IF EXISTS tapped CASCADE")
