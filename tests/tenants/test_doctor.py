"""One of each difference, planted: it is named, the tenant is closed, and repaired where that is safe."""

import pytest

from tenants.models import Blueprint, Domain, Tenant
from tenants.schema import in_public

# What is planted: a statement in the tenant's schema, and the words by which it is named.
CURABLE = {
    "index": ("DROP INDEX catalog_product_title", "index catalog_product_title: missing"),
    "unique": ("DROP INDEX catalog_product_sku_once", "index catalog_product_sku_once: missing"),
    "check": (
        "ALTER TABLE catalog_product DROP CONSTRAINT catalog_product_price_not_negative",
        "constraint catalog_product.catalog_product_price_not_negative: missing",
    ),
    "table": ("DROP TABLE catalog_productusergrant", "table catalog_productusergrant: missing"),
    "parent table": ("DROP TABLE catalog_category CASCADE", "table catalog_category: missing"),
    "identity": (
        "ALTER TABLE catalog_product ALTER COLUMN id DROP IDENTITY",
        "column catalog_product.id: has no sequence",
    ),
    "sequence": (
        "SELECT setval('accounts_user_id_seq', 1, false); INSERT INTO accounts_user"
        " (id, email, name, issuer, subject, password, picture, is_active, joined_at)"
        " OVERRIDING SYSTEM VALUE VALUES (7, 'a@b.test', 'A', 'local', 's', '!', '', true, now())",
        "sequence accounts_user_id_seq: stands at 0, a row at 7",
    ),
    "permission": (
        "DELETE FROM auth_permission WHERE codename = 'view_session'",
        "of auth_permission: missing",
    ),
    "role": ("DELETE FROM accounts_role WHERE key = 'guest'", "sync_system_roles: not in effect in accounts_role"),
    "role's permission": (
        "DELETE FROM auth_group_permissions",
        "sync_system_roles: not in effect in auth_group_permissions",
    ),
}
INCURABLE = {
    "column": ("ALTER TABLE catalog_product DROP COLUMN sku CASCADE", "column catalog_product.sku: missing"),
    "extra column": ("ALTER TABLE accounts_role ADD COLUMN x int", "column accounts_role.x: not in the template"),
    "column type": (
        "ALTER TABLE accounts_user ALTER COLUMN picture TYPE text",
        "column accounts_user.picture: is 'text NOT NULL', in the template 'character varying(255) NOT NULL'",
    ),
    "extra table": ("CREATE TABLE stray (id int)", "table stray: not in the template"),
    "extra index": ("CREATE INDEX stray ON accounts_user (name)", "index stray: not in the template"),
    # As a failed CREATE INDEX CONCURRENTLY leaves it: one of a partitioned table lacks those of its partitions.
    "invalid index": (
        "DROP INDEX catalog_product_title; CREATE TABLE parted (title text) PARTITION BY LIST (title);"
        " CREATE TABLE parted_1 PARTITION OF parted DEFAULT;"
        " CREATE INDEX catalog_product_title ON ONLY parted (title)",
        "index catalog_product_title: missing",
    ),
    "permission's id": (
        "UPDATE auth_permission SET id = 9999 WHERE codename = 'view_session'",
        "row 9999 of auth_permission: not in the template",
    ),
    "content type": (
        "UPDATE django_content_type SET model = 'swapped' WHERE model = 'product'",
        "of django_content_type: is ('catalog', 'swapped'), in the template ('catalog', 'product')",
    ),
    "migration": (
        "DELETE FROM django_migrations WHERE app = 'catalog'",
        "migration catalog.0001_initial: not applied; run `manage.py migrate`",
    ),
    "unknown migration": (
        "INSERT INTO django_migrations (app, name, applied) VALUES ('catalog', '0999_future', now())",
        "migration catalog.0999_future: not in the template",
    ),
}


def is_served(tenant) -> bool:
    with in_public():
        return Tenant.objects.get(pk=tenant.pk).is_served


def test_a_new_tenant_is_equal_to_the_template(manage, apex):
    said = manage("doctor")
    assert f"ok       {apex.schema_name}" in said
    assert "Everything is as it should be." in said
    assert is_served(apex)


@pytest.mark.parametrize(("statement", "named"), [*CURABLE.values(), *INCURABLE.values()], ids=[*CURABLE, *INCURABLE])
def test_a_difference_is_named_and_closes_the_tenant(manage, apex, sql, statement, named):
    sql(apex, statement)
    assert named in manage.refused("doctor")
    assert not is_served(apex)


@pytest.mark.parametrize(("statement", "named"), CURABLE.values(), ids=CURABLE)
def test_repair_makes_right_what_is_safe_and_opens_the_tenant(manage, apex, sql, statement, named):
    sql(apex, statement)
    manage.refused("doctor")
    assert f"cured    {apex.schema_name}" in manage("doctor", repair=True)
    assert f"ok       {apex.schema_name}" in manage("doctor")
    assert is_served(apex)


@pytest.mark.parametrize(("statement", "named"), INCURABLE.values(), ids=INCURABLE)
def test_repair_says_what_it_cannot_do_and_the_tenant_stays_closed(manage, apex, sql, statement, named):
    sql(apex, statement)
    assert named in manage.refused("doctor", repair=True)
    assert not is_served(apex)


def test_a_foreign_key_that_the_rows_do_not_allow_is_reported(manage, apex, sql):
    sql(
        apex,
        "ALTER TABLE accounts_user_groups DROP CONSTRAINT accounts_user_groups_user_id_52b62117_fk_accounts_user_id",
    )
    sql(apex, "INSERT INTO accounts_user_groups (user_id, group_id) VALUES (4711, 1)")
    assert "the cure failed" in manage.refused("doctor", repair=True)


def test_a_tenant_behind_on_migrations_is_left_to_migrate(manage, apex, sql):
    sql(apex, "DELETE FROM django_migrations WHERE app = 'catalog'")
    sql(apex, "DROP TABLE catalog_productusergrant")
    said = manage.refused("doctor", repair=True)
    assert "cured" not in said
    assert sql(apex, "SELECT to_regclass('catalog_productusergrant')") == [(None,)]


def test_one_tenants_trouble_does_not_close_another(manage, apex, acme, sql):
    sql(apex, "DROP INDEX catalog_product_title")
    assert f"ok       {acme.tenant.schema_name}" in manage.refused("doctor")
    assert is_served(acme.tenant)


def test_only_the_named_schema_is_looked_at(manage, apex, acme, sql):
    sql(apex, "DROP INDEX catalog_product_title")
    assert "t_apex" not in manage("doctor", schema=acme.tenant.schema_name)
    assert "t_apex: index" in manage.refused("doctor", schema="t_apex")


@pytest.mark.parametrize("name", ["nonsense", "t_acne", "public", "template"])
def test_a_schema_of_nobody_is_refused(manage, public, name):
    assert manage.refused("doctor", schema=name).startswith(f"There is no tenant schema '{name}'.")


def test_looking_changes_nothing_in_the_tenant(manage, acme, sql):
    sql(acme.tenant, "DELETE FROM auth_group_permissions")
    manage.refused("doctor")
    assert sql(acme.tenant, "SELECT count(*) FROM auth_group_permissions") == [(0,)]


# --- leftovers ------------------------------------------------------------------------------------------


def test_a_dropped_schema_is_named_and_removed(manage, public, sql, schema_exists):
    sql(None, "CREATE SCHEMA dropped_20260101000000_t_gone CREATE TABLE t (id int)")
    assert "schema dropped_20260101000000_t_gone: its tenant was deleted" in manage.refused("doctor")
    manage("doctor", repair=True)
    assert not schema_exists("dropped_20260101000000_t_gone")


def test_a_schema_without_a_tenant_is_dropped_only_when_told(manage, public, sql, schema_exists):
    sql(None, "CREATE SCHEMA t_lost CREATE TABLE t (id int)")
    assert "schema t_lost: belongs to no tenant" in manage.refused("doctor", repair=True)
    assert schema_exists("t_lost")
    manage("doctor", drop="t_lost")
    assert not schema_exists("t_lost")


@pytest.mark.parametrize("name", ["t_acme", "public", "template", "pg_catalog", "t_nowhere"])
def test_a_schema_in_use_is_not_dropped(manage, acme, name, schema_exists):
    before = schema_exists(name)
    manage.refused("doctor", drop=name)
    assert schema_exists(name) == before


def test_a_tenant_without_its_schema_is_named_and_closed(manage, apex, sql):
    sql(None, "ALTER SCHEMA t_apex RENAME TO elsewhere")
    assert "t_apex: schema: missing" in manage.refused("doctor", repair=True)
    assert not is_served(apex)


@pytest.mark.parametrize(("status", "words"), [("preparing", "never opened"), ("closing", "is closing without an end")])
def test_a_half_tenant_is_named(manage, apex, status, words):
    Tenant.objects.filter(pk=apex.pk).update(status=status)
    assert f"tenant apex: {words}" in manage.refused("doctor", repair=True)


def test_a_tenant_that_lost_its_address_gets_it_back(manage, apex):
    Domain.objects.filter(tenant=apex).delete()
    assert "tenant apex: has no address apex.localhost" in manage.refused("doctor")
    manage("doctor", repair=True)
    assert Domain.objects.get(tenant=apex).domain == "apex.localhost"


def test_a_blueprint_that_lags_behind_the_template_is_renewed(manage, public):
    Blueprint.objects.create(fingerprint="old", statements=[])
    assert "blueprint: differs from the template schema" in manage.refused("doctor")
    manage("doctor", repair=True)
    assert Blueprint.objects.latest("pk").fingerprint != "old"


def test_without_a_template_it_says_so(manage, public, sql):
    sql(None, "ALTER SCHEMA template RENAME TO elsewhere")
    assert manage.refused("doctor") == "Run `manage.py migrate` first: there is no template schema to compare with."
