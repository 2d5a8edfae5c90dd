"""Rounds, ratios and goals. The two sides of a ratio come from one round, so that what disturbs both cancels out."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Figure:
    """What one side showed, a value a round. Times are in seconds; what a side was not asked for is empty.

    `statements` are those that reached the server for one request or one act, without BEGIN and COMMIT.
    """

    p50: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)  # requests a second
    number: list[float] = field(default_factory=list)  # what is no time: lines that differ, wrong rows
    statements: int | None = None

    def middle(self, kind: str) -> float | None:
        values = getattr(self, kind)
        return statistics.median(values) if values else None


@dataclass
class Result:
    """One line of the table. `figures` has some of "product", "peer" and "limit"."""

    name: str
    figures: dict[str, Figure]
    note: str = ""
    said: dict[str, float] = field(default_factory=dict)  # further numbers that a goal asks about
    failed: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "figures": {side: vars(figure) for side, figure in self.figures.items()},
            "note": self.note,
            "said": self.said,
            "failed": self.failed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Result":
        figures = {side: Figure(**figure) for side, figure in data["figures"].items()}
        return cls(**{**data, "figures": figures})


def median_of_ratios(over: Sequence[float], under: Sequence[float]) -> float:
    """The middle of the rounds' own ratios. Raises ValueError where there is no round, or not the same number."""
    if not over or len(over) != len(under):
        raise ValueError("A ratio needs the same rounds on both sides.")
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that is not exceeded by `part` of all (0.95), by nearest rank."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * part) - 1, 0)]


def times_better(result: Result, other: str) -> float | None:
    """How many times better the product is than the other side: quicker, or more requests a second."""
    product, figure = result.figures.get("product"), result.figures.get(other)
    if not product or not figure:
        return None
    if product.p50 and figure.p50:
        return median_of_ratios(figure.p50, product.p50)
    if product.rate and figure.rate:
        return median_of_ratios(product.rate, figure.rate)
    return None


@dataclass(frozen=True)
class Goal:
    """What is to be reached. `of` is "peer" (times better, at least), "limit" (times its time, at most), "statements"
    (at most), "number" (at most), "seconds" (the product's p50, at most), or a name of `Result.said` (at most).
    """

    of: str
    bound: float

    def value(self, result: Result) -> float | None:
        product = result.figures.get("product", Figure())
        if self.of == "peer":
            return times_better(result, "peer")
        if self.of == "limit":
            better = times_better(result, "limit")
            return 1 / better if better else None
        if self.of == "statements":
            return product.statements
        if self.of == "number":
            return product.middle("number")
        if self.of == "seconds":
            return product.middle("p50")
        return result.said.get(self.of)

    def is_met(self, result: Result) -> bool | None:
        """None where it was not measured."""
        value = self.value(result)
        if value is None:
            return None
        return value >= self.bound if self.of == "peer" else value <= self.bound

    def __str__(self) -> str:
        words = {
            "peer": f"≥ {self.bound:g} × peer",
            "limit": f"≤ {self.bound:g} × limit",
            "statements": f"≤ {self.bound:g} statements",
            "number": f"{self.bound:g}" if not self.bound else f"≤ {self.bound:g}",
            "seconds": f"≤ {spoken_time(self.bound)}",
        }
        return words.get(self.of, f"{self.of} ≤ {self.bound:g}")


def spoken_time(seconds: float) -> str:
    """In the unit in which one says it: 1.04 ms, 70 µs, 12.3 s."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size or unit == "µs":
            return f"{seconds / size:.3g} {unit}"
    raise AssertionError("unreachable")
