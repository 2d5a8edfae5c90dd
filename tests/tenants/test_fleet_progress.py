"""What a run says: a bar on a terminal, and in a log no more lines than somebody reads."""

from io import StringIO

from tenants.fleet.progress import Progress, clock


def test_a_log_of_many_tenants_has_few_lines_and_every_loud_one():
    lines: list[str] = []
    progress = Progress(1000, lines.append)
    for number in range(1000):
        progress.step(f"t_{number}: migrated", loud=number == 7)
    assert len(lines) == 21
    assert lines[0] == "[8/1000] t_7: migrated"
    assert lines[-1] == "[1000/1000] t_999: migrated"


def test_a_terminal_has_a_bar_with_the_time_left_and_only_loud_lines():
    lines: list[str] = []
    progress = Progress(4, lines.append, StringIO())
    progress.started -= 30
    for schema_name in ("t_a", "t_b", "t_c"):
        progress.step(schema_name, loud=schema_name == "t_b")
    assert lines == ["[2/4] t_b"]
    assert progress.terminal
    assert progress.terminal.getvalue().endswith("[######################........] 3/4, 0:10 left ")


def test_time_left_is_minutes_and_seconds():
    assert (clock(0), clock(59.6), clock(3661)) == ("0:00", "1:00", "61:01")
