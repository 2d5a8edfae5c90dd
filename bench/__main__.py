"""`python -m bench`: measure, print the table and, after a run of everything, write docs/benchmarks.md.

See bench/README.md.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from itertools import groupby

from . import issuer, load, page, postgres, table
from .arithmetic import Result
from .directory import HOME, ROOT
from .goals import MEASUREMENTS
from .plan import Plan
from .subject import leave_in_order

LONGEST_END = 60  # seconds that a subject may take to stop what it has started


def main() -> None:
    options = arguments().parse_args()
    if not load.is_there():
        sys.exit(load.MISSING)
    if options.fresh:
        shutil.rmtree(HOME, ignore_errors=True)
    plan = Plan.of(quick=options.quick, rounds=options.rounds)
    leave_in_order()
    with issuer.serving() as address:
        os.environ |= {"BENCH_SOCKET": postgres.start(), "BENCH_ISSUER": address}
        results = list(measured(chosen(options.names, plan), plan))
    if options.json:
        print(json.dumps([result.as_json() for result in results], indent=1))  # noqa: T201
    else:
        print("\n".join([table.as_text(results), "", *table.notes(results)]))  # noqa: T201
    if options.write and not options.names:
        page.write(results, plan)
    sys.exit(any(result.failed for result in results))


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--quick", action="store_true", help="about two minutes: small fleets, some rows only")
    parser.add_argument("--json", action="store_true", help="every round's figures instead of the table")
    parser.add_argument("--rounds", type=int, help="at least 5, unless you are only trying something")
    parser.add_argument("--fresh", action="store_true", help="throw the databases of earlier runs away first")
    parser.add_argument("--no-write", dest="write", action="store_false", help="leave docs/benchmarks.md as it is")
    return parser


def chosen(names: list[str], plan: Plan) -> list[str]:
    if unknown := sorted(set(names) - MEASUREMENTS.keys()):
        sys.exit(f"There is no measurement {', '.join(unknown)}. There are: {', '.join(MEASUREMENTS)}")
    return names or [name for name, each in MEASUREMENTS.items() if not (plan.quick and each.takes_long)]


def measured(names: list[str], plan: Plan) -> Iterator[Result]:
    """Subject by subject, each in a process of its own."""
    for subject, group in groupby(names, key=lambda name: MEASUREMENTS[name].subject):
        wanted = list(group)
        seen = set()
        for result in results_of(subject, wanted, plan):
            seen.add(result.name)
            yield result
        yield from (Result(name, {}, failed="ended with an error; see above") for name in wanted if name not in seen)


def results_of(subject: str, names: list[str], plan: Plan) -> Iterator[Result]:
    command = [sys.executable, "-m", "bench.subject", subject, ",".join(names), json.dumps(asdict(plan))]
    sys.stderr.write(f"{subject}: {', '.join(names)}\n")
    # In a group of its own: Ctrl-C reaches it once, from here, and nothing that it has started outlives it.
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout
    try:
        for line in process.stdout:
            result = Result.from_json(json.loads(line))
            sys.stderr.write("  ".join(table.line(result)) + "\n")
            yield result
        process.wait()
    finally:
        end(process)


def end(process: subprocess.Popen) -> None:
    """Let it stop its servers itself, if it still runs; then whatever is left of its group goes."""
    if process.poll() is None:
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(LONGEST_END)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
