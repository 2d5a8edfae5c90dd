"""The doctor while a fleet is half-way: what waits for its turn, and what somebody migrates just then."""

import pytest

from tenants.fleet import bring, shared

from .threads import elsewhere

pytestmark = pytest.mark.real

BOTH_OPEN = {"t_acme": True, "t_globex": True}


def test_the_doctor_leaves_a_tenant_that_waits_for_its_turn_open(fleet, manage):
    """Its ring comes later: it is served on its old tables until then. Found wrong after its turn, it is closed."""
    fleet.add()
    fleet.migrate("--schema", "template")
    for options in ({}, {"repair": True}):
        assert "t_acme: tenant: waits for its turn; run `manage.py migrate`" in manage.refused("doctor", **options)
        assert fleet.ready() == BOTH_OPEN
    fleet.run("t_acme", "DROP INDEX catalog_product_title")
    fleet.migrate()
    assert "t_acme: index catalog_product_title: missing" in manage.refused("doctor")
    assert fleet.ready() == {"t_acme": False, "t_globex": True}


def test_the_doctor_closes_one_that_is_as_no_template_ever_was(fleet, manage):
    name = fleet.add()
    fleet.migrate("--schema", "template")
    fleet.run("t_acme", "DELETE FROM django_migrations WHERE app = 'catalog'")
    assert f"t_acme: migration catalog.{name}: not applied; run `manage.py migrate`" in manage.refused("doctor")
    assert fleet.ready() == {"t_acme": False, "t_globex": True}


@pytest.mark.parametrize("moment", ["of the template", "of a tenant"])
def test_the_doctor_closes_and_cures_nothing_while_somebody_migrates(fleet, manage, monkeypatch, moment):
    """What it compares with is another one by then, and what is closed is the run's to open."""
    fleet.add("migrations.RemoveIndex('product', 'catalog_product_title')")
    said = []

    def meanwhile(schema_name, **options):
        if not said:
            said.append(elsewhere(lambda: manage.refused("doctor", repair=True)))
        return real(schema_name, **options)

    module, way = (shared, "run_hooks") if moment == "of the template" else (bring, "by_replay")
    real = getattr(module, way)
    monkeypatch.setattr(module, way, meanwhile)
    fleet.migrate()
    assert "cured" not in said[0]
    assert fleet.ready() == BOTH_OPEN
    assert not any(part.name == "catalog_product_title" for part in fleet.structure("t_acme"))
    manage("doctor")
