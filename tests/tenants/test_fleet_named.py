"""`migrate` for one schema or up to one migration, looking ahead, and what the doctor closed."""

import pytest

pytestmark = pytest.mark.real

ALL = {"template", "t_acme", "t_globex"}
BOTH_OPEN = {"t_acme": True, "t_globex": True}
SCHEMAS = "SELECT nspname FROM pg_namespace ORDER BY nspname"
PERMISSIONS = "SELECT * FROM auth_permission ORDER BY id"
GUESTS = "SELECT count(*) FROM accounts_role WHERE key = 'guest'"


def test_a_migration_is_taken_back_everywhere(fleet):
    before = fleet.last
    fleet.add()
    fleet.migrate()
    fleet.migrate("catalog", before)
    assert (fleet.holders(), fleet.ready()) == (set(), BOTH_OPEN)
    fleet.migrate()
    assert (fleet.holders(), fleet.ready()) == (ALL, BOTH_OPEN)


def test_a_tenant_never_goes_ahead_of_the_template(fleet):
    fleet.add()
    assert "Run `manage.py migrate --schema template` first" in fleet.refused("--schema", "t_acme")
    assert fleet.holders() == set()


def test_only_the_named_schema_is_migrated_and_opened(fleet):
    fleet.add()
    fleet.migrate("--schema", "template")
    fleet.run("public", "UPDATE tenants_tenant SET schema_ready = false")
    fleet.run("t_acme", "DELETE FROM accounts_role WHERE key = 'guest'")
    fleet.migrate("--schema", "t_acme")
    assert fleet.holders() == {"template", "t_acme"}
    assert fleet.ready() == {"t_acme": True, "t_globex": False}
    assert fleet.run("t_acme", GUESTS) == [(1,)]
    assert fleet.run("t_acme", PERMISSIONS) == fleet.run("template", PERMISSIONS)


def test_a_schema_of_nobody_is_refused_and_not_made(fleet):
    before = fleet.run("public", SCHEMAS)
    for name in ("t_acne", "nobody", "pg_catalog", "information_schema"):
        for options in ((), ("--plan",), ("--check",)):
            assert f"There is no tenant schema '{name}'." in fleet.refused("--schema", name, *options)
            assert fleet.run("public", SCHEMAS) == before


def test_migrating_does_not_open_what_the_doctor_closed(fleet, manage):
    fleet.run("t_acme", "DROP INDEX catalog_product_title")
    manage.refused("doctor")
    assert "t_acme: nothing to do, but closed; see `manage.py doctor`" in fleet.migrate()
    assert fleet.ready() == {"t_acme": False, "t_globex": True}
