"""docs/benchmarks.md: the last whole run, as it came out."""

from .arithmetic import Result
from .directory import ROOT
from .machine import described
from .plan import Plan
from .table import as_markdown, notes

PATH = ROOT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`; not by hand. What is compared, what is fair and how to read it:
[bench/README.md](../bench/README.md). Times are p50 / p95, each the median of the rounds; a ratio is the median of the
rounds' own ratios; "st." are the statements that reach the server for one request or act.
"""


def write(results: list[Result], plan: Plan) -> None:
    kind = "A quick run" if plan.quick else "A whole run"
    loads = f"{kind}: {plan.rounds} rounds in turns, loads of {plan.seconds} s, fleets of {plan.tenants} tenants."
    parts = [
        HEAD,
        "\n".join(f"- {sentence}" for sentence in [*described(), loads]),
        "",
        as_markdown(results),
        "",
        "\n".join(f"- {note}" for note in notes(results)),
    ]
    PATH.write_text("\n".join(parts).rstrip() + "\n")
