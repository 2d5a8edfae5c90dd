"""The bench's own arithmetic, and what ends a run. The measurements themselves are no tests: `make bench`."""

from collections import Counter
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from bench import growing, isolation, load, postgres, table
from bench.arithmetic import Figure, Goal, Result, median_of_ratios, percentile, spoken_time, times_better
from bench.goals import MEASUREMENTS
from bench.plan import Plan
from bench.rows import pages, schemas

PORTS = {"product": 1, "peer": 2, "limit": 3}


def result(**sides: Figure) -> Result:
    return Result("list-by-grants", sides)


def test_a_ratio_is_the_middle_of_the_rounds_own():
    """One round that something else disturbed on both sides moves nothing; ratios of medians would be 3."""
    assert median_of_ratios([10, 300, 30], [5, 150, 10]) == 2


@pytest.mark.parametrize(("over", "under"), [([], []), ([1, 2], [1])])
def test_a_ratio_needs_the_same_rounds(over, under):
    with pytest.raises(ValueError, match="same rounds"):
        median_of_ratios(over, under)


def test_percentile_is_the_nearest_rank():
    assert [percentile(range(1, 101), part) for part in (0.5, 0.95, 1)] == [50, 95, 100]
    assert percentile([3], 0.95) == 3


def test_quicker_and_more_requests_are_both_better():
    quicker = result(product=Figure(p50=[1, 1]), peer=Figure(p50=[8, 10]))
    more = result(product=Figure(rate=[80, 100]), peer=Figure(rate=[10, 10]))
    assert (times_better(quicker, "peer"), times_better(more, "peer")) == (9, 9)


def test_goals_know_which_way_is_better():
    measured = result(product=Figure(p50=[1.0], statements=4), peer=Figure(p50=[9.0]), limit=Figure(p50=[0.5]))
    goals = [Goal("peer", 8), Goal("peer", 10), Goal("limit", 2), Goal("limit", 1.5), Goal("statements", 3)]
    assert [goal.is_met(measured) for goal in goals] == [True, False, True, False, False]


def test_what_was_not_measured_is_not_reached():
    empty = result(product=Figure())
    assert {Goal(of, 1).is_met(empty) for of in ("peer", "limit", "statements", "number", "another")} == {None}


def test_the_table_shows_a_failure_as_one():
    failed = Result("create", {}, failed="ended with an error")
    assert "FAILED" in table.as_text([failed])
    assert table.notes([failed]) == ["create: ended with an error"]


def test_a_line_says_what_was_reached():
    measured = result(product=Figure(p50=[0.001], rate=[900], statements=3), peer=Figure(p50=[0.009]))
    shown = table.as_markdown([measured])
    assert "1 ms, 900 req/s, 3 st." in shown
    assert "yes (9), yes (3)" in shown


def test_times_are_said_in_their_unit():
    assert [spoken_time(seconds) for seconds in (12.34, 0.00104, 0.00007)] == ["12.3 s", "1.04 ms", "70 µs"]


def test_a_quick_run_keeps_its_five_rounds():
    assert Plan.of(quick=True).rounds >= 5
    assert Plan.of(quick=False).rounds >= 5


def test_every_measurement_has_its_module():
    for each in MEASUREMENTS.values():
        assert (load.ROOT / "bench" / "rows" / f"{each.subject}.py").exists()


@pytest.mark.parametrize("odd_one", ["product", "peer", "limit"])
def test_sides_that_show_other_rows_end_the_run(odd_one, monkeypatch):
    ways = {port: side for side, port in PORTS.items()}

    def send(ask):
        keys = [1, 2] if ways[ask.port] == odd_one else [1, 3]
        return 200, {"count": 2, "results": [{"id": key} for key in keys]}

    monkeypatch.setattr(load, "send", send)
    monkeypatch.setattr("bench.issuer.token", lambda *_arguments, **_options: "token")
    with pytest.raises(pages.Unequal, match="sees"):
        pages.compare(PORTS, pages.MIDDLE)


def test_a_line_of_a_dump_that_one_side_lacks_is_counted():
    copied = "CREATE SCHEMA a;\nALTER TABLE a.p ADD CONSTRAINT p_key UNIQUE (sku);\n-- at 2026-11-21 10:00:00+00"
    migrated = "CREATE SCHEMA b;\nALTER TABLE b.p ADD CONSTRAINT p_uniq UNIQUE (sku);\n"
    assert schemas.differing(copied, migrated) == 2
    assert schemas.differing(copied, copied.replace("a;", "c;").replace("a.p", "c.p")) == 0


def test_statements_are_read_from_the_log():
    """However they are sent, alone or several in one text, and whatever they begin with."""
    simple = "LOG:  statement: BEGIN; SELECT 1\nLOG:  statement: COMMIT;\nLOG:  checkpoint starting: time\n"
    prepared = (
        "LOG:  execute <unnamed>: \n\t    WITH a\n\tSELECT ';'\nLOG:  execute _pg3_0: (SELECT 1) UNION (SELECT 2)\n"
    )
    in_one = "LOG:  statement: SAVEPOINT a; SAVEPOINT b;\n\tUPDATE c SET d = 1\n"
    words = list(postgres.first_words(simple + prepared + in_one))
    assert words == ["SELECT", "WITH", "SELECT", "SAVEPOINT", "SAVEPOINT", "UPDATE"]


def test_an_added_migration_stands_behind_the_last_one(tmp_path):
    own = load.ROOT / "catalog" / "migrations"
    first, second = (growing.add(tmp_path, own) for _each in range(2))
    assert first != second
    assert f'"{first}"' in (tmp_path / f"{second}.py").read_text()


@pytest.mark.parametrize("quick", [False, True])
def test_the_proof_makes_no_fewer_requests_than_it_promises(monkeypatch, quick):
    monkeypatch.setattr(isolation, "prepare", lambda: None)
    monkeypatch.setattr(isolation, "warm_up", lambda port: None)
    monkeypatch.setattr(isolation, "worker", lambda: nullcontext(SimpleNamespace(call=lambda *args, **kwargs: [])))
    monkeypatch.setattr(isolation.serving, "product", lambda *args, **kwargs: nullcontext((0, None)))
    monkeypatch.setattr(isolation.Caller, "work", lambda caller: Counter(requests=caller.requests))
    promised = isolation.REQUESTS[quick]
    assert promised <= isolation.run(quick)["requests"] < promised * 1.01
