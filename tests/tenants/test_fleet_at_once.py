"""The first tenant is looked at, and the next is sent what that one lacked, if it proves to be like it."""

from datetime import timedelta

import psycopg
import pytest

from tenants.fleet import at_once, bring, replay

pytestmark = pytest.mark.real

ALL = {"template", "t_acme", "t_globex"}
IMPATIENT = {"lock": timedelta(milliseconds=20), "tries": 2}
# Done twice, it shows.
MARK = """migrations.RunSQL("UPDATE catalog_product SET title = title || '!'", migrations.RunSQL.noop)"""
TITLES = "SELECT DISTINCT right(title, 2) FROM catalog_product"


@pytest.fixture
def sent(monkeypatch):
    """What psycopg is given to send, one entry a call: the first words of each of its statements."""
    calls, real = [], psycopg.Cursor.execute

    def execute(self, query, *args, **options):
        if isinstance(query, str):
            calls.append([" ".join(each.split()[:3]) for each in query.replace("; ", at_once.NEXT).split(at_once.NEXT)])
        return real(self, query, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", execute)
    return calls


@pytest.fixture
def looked_at(monkeypatch):
    """The tenants that were asked what they have."""
    names, real = [], replay.look

    def look(schema_name, **options):
        names.append(schema_name)
        return real(schema_name, **options)

    monkeypatch.setattr(replay, "look", look)
    return names


def test_the_second_gets_all_of_it_in_one_call_and_nothing_is_asked(fleet, sent, looked_at):
    fleet.add()
    fleet.migrate("--schema", "template")
    sent.clear()
    fleet.migrate()
    limits = ["SET LOCAL lock_timeout", "SET LOCAL statement_timeout", "SET LOCAL transaction_timeout"]
    begin = ["BEGIN", "SELECT set_config('search_path', quote_ident('t_globex'),", "SET LOCAL synchronous_commit"]
    work = ["SELECT (CASE WHEN", 'ALTER TABLE "catalog_product"', "INSERT INTO django_migrations"]
    whole = [*begin, *limits, *work, "UPDATE public.tenants_schemastate SET", "COMMIT"]
    assert [call for call in sent if "t_globex" in str(call)] == [whole]
    assert looked_at == ["t_acme"]
    assert fleet.holders() == ALL
    assert fleet.structure("t_globex") == fleet.structure("template")
    assert fleet.applied("t_globex") == fleet.applied("template")
    assert set(fleet.states().values()) == {"current"}


def test_a_commit_that_waits_for_the_disk_comes_after_those_that_do_not(fleet, sent):
    fleet.add()
    fleet.migrate()
    [lazy] = [number for number, call in enumerate(sent) if "SET LOCAL synchronous_commit" in call]
    after = [each for call in sent[lazy + 1 :] for each in call]
    assert any(each.startswith('UPDATE "tenants_schemastate" SET') for each in after)
    assert "SET LOCAL synchronous_commit" not in after


def test_one_that_lacks_less_is_sent_no_more_than_that(fleet, looked_at):
    fleet.add(MARK)
    fleet.migrate("--schema", "template")
    fleet.migrate("--schema", "t_globex")
    fleet.add()
    looked_at.clear()
    fleet.migrate()
    assert looked_at == ["t_acme", "t_globex"]
    assert fleet.holders() == ALL
    for schema_name in ("t_acme", "t_globex"):
        assert [ending.count("!") for (ending,) in fleet.run(schema_name, TITLES)] == [1]
        assert fleet.applied(schema_name) == fleet.applied("template")


def test_one_whose_rows_are_not_known_to_be_right_gets_them(fleet, looked_at):
    fleet.run("t_globex", "DELETE FROM accounts_role WHERE key = 'guest'")
    fleet.run("public", "UPDATE tenants_schemastate SET rows = '' WHERE schema_name = 't_globex'")
    fleet.add()
    fleet.migrate()
    assert looked_at == ["t_acme", "t_globex"]
    assert fleet.run("t_globex", "SELECT count(*) FROM accounts_role WHERE key = 'guest'") == [(1,)]


def test_a_table_in_use_then_leaves_its_tenant_as_it_was_and_is_tried_again(fleet, looked_at, monkeypatch):
    fleet.add()
    with fleet.other_session() as other:
        other.execute("LOCK TABLE t_globex.catalog_product IN ACCESS SHARE MODE")
        monkeypatch.setattr(bring.time, "sleep", lambda seconds: None)
        assert "Busy, as they were and served: t_globex." in fleet.refused(**IMPATIENT)
        assert looked_at == ["t_acme"]
        assert fleet.holders() == {"template", "t_acme"}
        assert fleet.states() == {"t_acme": "current", "t_globex": "behind"}
        monkeypatch.setattr(bring.time, "sleep", lambda seconds: seconds and other.commit())
        fleet.add(MARK)
        fleet.migrate(**IMPATIENT)
    assert fleet.holders() == ALL
    assert fleet.applied("t_globex") == fleet.applied("template")


def test_one_in_whose_way_something_stands_fails_alone_and_with_its_error(fleet, looked_at):
    fleet.run("t_globex", "ALTER TABLE catalog_product ADD COLUMN weight int")
    fleet.add()
    said = fleet.refused()
    assert "t_globex: FAILED" in said
    assert 'column "weight" of relation "catalog_product" already exists' in said
    assert fleet.ready() == {"t_acme": True, "t_globex": False}
    assert looked_at == ["t_acme", "t_globex"]
    assert ("catalog", fleet.last) not in fleet.applied("t_globex")


def test_what_was_looked_up_is_compared_in_each(fleet, looked_at):
    """The answer has to be seen before the COMMIT."""
    fleet.add('migrations.AlterUniqueTogether("category", {("name", "id")})')
    fleet.migrate()
    fleet.add('migrations.AlterUniqueTogether("category", set())')
    looked_at.clear()
    fleet.migrate()
    assert looked_at == ["t_acme", "t_globex"]
