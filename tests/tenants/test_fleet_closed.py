"""Whom a run closes it opens again, itself or the one after it; whom somebody else has closed it does not."""

from datetime import timedelta

import pytest

from tenants.fleet import bring, named, replay

pytestmark = pytest.mark.real

BY_HAND = "migrations.RunPython(migrations.RunPython.noop)"
BOTH_OPEN = {"t_acme": True, "t_globex": True}


class Killed(BaseException):
    """What no handler takes."""


@pytest.fixture
def killed_before_opening(fleet, monkeypatch):
    """Acme has gone through its migrations the ordinary way, and the run has ended before it was opened."""

    def killed(*args, **options):
        raise Killed

    fleet.add(BY_HAND)
    fleet.migrate("--schema", "template")
    monkeypatch.setattr(bring, "run_hooks", killed)
    with pytest.raises(Killed):
        fleet.migrate()
    monkeypatch.undo()
    assert ("catalog", fleet.last) in fleet.applied("t_acme")
    assert fleet.ready() == {"t_acme": False, "t_globex": True}
    return fleet


def test_one_that_was_left_closed_is_opened_by_the_next_run(killed_before_opening, manage):
    fleet = killed_before_opening
    assert "t_acme" in manage("fleet_status")
    fleet.migrate()
    assert fleet.ready() == BOTH_OPEN
    assert set(fleet.states().values()) == {"current"}
    assert fleet.migrate() == "2 tenants: nothing to do\n"


def test_also_when_it_is_the_only_one_named(killed_before_opening):
    killed_before_opening.migrate("--schema", "t_acme")
    assert killed_before_opening.ready()["t_acme"] is True


def test_and_later_if_its_tables_are_in_use_just_then(killed_before_opening):
    fleet = killed_before_opening
    fleet.add()
    with fleet.other_session() as other:
        other.execute("LOCK TABLE t_acme.catalog_product")
        assert "t_acme: BUSY" in fleet.refused(lock=timedelta(milliseconds=50), tries=1)
    assert fleet.ready() == {"t_acme": False, "t_globex": True}
    fleet.migrate()
    assert (fleet.ready(), set(fleet.states().values())) == (BOTH_OPEN, {"current"})


def test_but_not_if_the_doctor_has_found_it_wrong_meanwhile(killed_before_opening, manage):
    fleet = killed_before_opening
    fleet.run("t_acme", "DROP INDEX catalog_product_title")
    manage.refused("doctor")
    assert "t_acme: nothing to do, but closed; see `manage.py doctor`" in fleet.migrate()
    assert fleet.ready() == {"t_acme": False, "t_globex": True}


def test_one_that_the_doctor_closed_stays_so_when_a_run_is_killed_in_it(fleet, manage, monkeypatch):
    fleet.run("t_acme", "DROP INDEX catalog_product_title")
    manage.refused("doctor")

    def killed(*args, **options):
        raise Killed

    monkeypatch.setattr(bring, "replay_looking", refuse)
    monkeypatch.setattr(bring, "copy_fixed_rows", killed)
    with pytest.raises(Killed):
        fleet.migrate()
    monkeypatch.undo()
    fleet.migrate()
    assert fleet.ready() == {"t_acme": False, "t_globex": True}


def refuse(*args, **options):
    raise replay.NotReplayable("for the test")


def test_it_is_opened_in_the_transaction_that_says_it_is_done(fleet, monkeypatch):
    """A failed one that is replayed by the next run: there is no moment at which it is done and closed."""
    fleet.run("t_acme", "ALTER TABLE catalog_product ADD COLUMN weight int")
    fleet.add()
    fleet.refused()
    fleet.run("t_acme", "ALTER TABLE catalog_product DROP COLUMN weight")

    def killed(*args, **options):
        raise Killed

    monkeypatch.setattr(bring, "settle", killed)
    with pytest.raises(Killed):
        fleet.migrate()
    assert (fleet.ready(), fleet.states()["t_acme"]) == (BOTH_OPEN, "current")


def test_one_that_a_named_migration_left_closed_is_opened_by_the_next_run(fleet, monkeypatch):
    name = fleet.add()
    fleet.migrate("--schema", "template")

    def killed(schema_name, **options):
        if schema_name == "t_acme":
            raise Killed

    monkeypatch.setattr(named, "run_hooks", killed)
    with pytest.raises(Killed):
        fleet.migrate("catalog", name)
    monkeypatch.undo()
    assert fleet.ready()["t_acme"] is False
    fleet.migrate()
    assert fleet.ready() == BOTH_OPEN


def broken(schema_name, **options):
    if schema_name == "t_acme":
        raise LookupError("for the test")


def test_one_that_failed_in_its_hooks_alone_is_opened_by_the_run_in_which_they_go_well(fleet, monkeypatch):
    """Its migrations are through, so the hooks are all that is left to do."""
    fleet.add(BY_HAND)
    fleet.migrate("--schema", "template")
    monkeypatch.setattr(bring, "run_hooks", broken)
    assert "t_acme: FAILED, LookupError" in fleet.refused()
    assert ("catalog", fleet.last) in fleet.applied("t_acme")
    fleet.run("t_acme", "DELETE FROM accounts_role WHERE key = 'viewer'")
    assert fleet.ready() == {"t_acme": False, "t_globex": True}
    monkeypatch.undo()
    fleet.migrate()
    assert (fleet.ready(), set(fleet.states().values())) == (BOTH_OPEN, {"current"})
    assert fleet.run("t_acme", "SELECT key FROM accounts_role WHERE key = 'viewer'")


def test_the_same_after_a_named_migration(fleet, monkeypatch):
    name = fleet.add()
    fleet.migrate("--schema", "template")
    monkeypatch.setattr(named, "run_hooks", broken)
    assert "t_acme: FAILED, LookupError" in fleet.refused("catalog", name)
    monkeypatch.undo()
    assert fleet.ready() == {"t_acme": False, "t_globex": True}
    fleet.migrate()
    assert fleet.ready() == BOTH_OPEN


def test_what_the_doctor_closed_stays_so_when_it_fails_in_a_run(fleet, manage, monkeypatch):
    fleet.run("t_acme", "DROP INDEX catalog_product_title")
    manage.refused("doctor")
    monkeypatch.setattr(bring, "replay_looking", refuse)
    monkeypatch.setattr(bring, "run_hooks", broken)
    assert "t_acme: FAILED" in fleet.refused()
    monkeypatch.undo()
    fleet.migrate()
    assert fleet.ready() == {"t_acme": False, "t_globex": True}
