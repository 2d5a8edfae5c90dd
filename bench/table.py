"""The table, for a terminal and for docs/benchmarks.md."""

from collections.abc import Iterable

from .arithmetic import Figure, Goal, Result, spoken_time, times_better
from .goals import MEASUREMENTS

COLUMNS = ("Work", "Product", "Peer", "Limit", "Peer / product", "Product / limit", "To reach", "Reached")


def lines(results: Iterable[Result]) -> list[tuple[str, ...]]:
    return [line(result) for result in results]


def line(result: Result) -> tuple[str, ...]:
    title = f"{result.name}: {MEASUREMENTS[result.name].title}"
    if result.failed:
        return (title, "FAILED", *[""] * (len(COLUMNS) - 2))
    goals = MEASUREMENTS[result.name].goals
    sides = [cell(result.figures.get(side)) for side in ("product", "peer", "limit")]
    slower = times_better(result, "limit")
    return (
        title,
        *sides,
        times(times_better(result, "peer")),
        times(1 / slower if slower else None),
        ", ".join(map(str, goals)) or "–",
        ", ".join(reached(goal, result) for goal in goals) or "–",
    )


def cell(figure: Figure | None) -> str:
    """Time (p50 and p95), requests a second, statements: what there is of it."""
    if figure is None:
        return "–"
    said = []
    if figure.p50:
        said.append(
            " / ".join(spoken_time(value) for kind in ("p50", "p95") if (value := figure.middle(kind)) is not None)
        )
    if figure.rate:
        said.append(f"{figure.middle('rate'):,.0f} req/s")
    if figure.number:
        said.append(f"{figure.middle('number'):,.0f}")
    if figure.statements is not None:
        said.append(f"{figure.statements} st.")
    return ", ".join(said)


def times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.3g} ×"


def reached(goal: Goal, result: Result) -> str:
    met, value = goal.is_met(result), goal.value(result)
    if met is None or value is None:
        return "not measured"
    shown = spoken_time(value) if goal.of == "seconds" else f"{value:.3g}"
    return f"{'yes' if met else 'NO'} ({shown})"


def as_text(results: Iterable[Result]) -> str:
    rows = [COLUMNS, *lines(results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def as_markdown(results: Iterable[Result]) -> str:
    rows = [COLUMNS, tuple("---" for _column in COLUMNS), *lines(results)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def notes(results: Iterable[Result]) -> list[str]:
    """One sentence or more for each result that has something to say."""
    return [f"{result.name}: {result.failed or result.note}" for result in results if result.failed or result.note]
