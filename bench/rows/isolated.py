"""Whose rows come back, behind every server and every pool. The proof itself is bench/isolation.py."""

from collections.abc import Iterator

from bench import isolation
from bench.arithmetic import Figure, Result
from bench.plan import Plan


def measure(names: list[str], plan: Plan) -> Iterator[Result]:
    found = isolation.run(plan.quick)
    figure = Figure(number=[found["wrong"] + found["failed"]])
    note = (
        f"{found['requests']:,} requests, {found['rows']:,} rows looked at, {len(found['combinations'])} combinations "
        f"of server and pool: {found['wrong']} rows wrong or missing, {found['failed']} answers failed"
    )
    yield Result("isolation", {"product": figure}, note=note)
