"""Which server? `python -m bench.choice [SERVER ..]`: the product's own pages, side by side.

Every server has two workers (`as deployed`: four, and an access log) and psycopg's pool. Interleaved in rounds, the
median of each. Memory is the workers' proportional share (PSS) after the load. What came of it:
docs/decisions/0023-server-and-pool.md.
"""

import argparse
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from . import databases, environments, isolation, issuer, load, postgres, serving
from .data import BY_ROLE
from .load import Ask
from .subject import leave_in_order
from .workers import Worker

CLIENTS = (1, 4, 16)
ROWS = 500


@dataclass(frozen=True)
class ByCookie(Ask):
    """A page as a browser asks for it."""

    cookie: str = ""

    def headers(self) -> dict[str, str]:
        return super().headers() | ({"Cookie": self.cookie} if self.cookie else {})


def pages(port: int, cookie: str) -> dict[str, Ask]:
    tenant = isolation.TENANTS[0]
    return {
        "health": Ask(port, "localhost", "/health/"),
        "sign-in page": ByCookie(port, "shop.localhost", "/account/login/"),
        "list page": ByCookie(port, "shop.localhost", "/products/", cookie=cookie),
        "API list": Ask(port, f"{tenant}.localhost", "/api/v1/products/?limit=20", isolation.token(tenant, BY_ROLE)),
    }


def measure(names: list[str], rounds: int, seconds: int) -> dict[tuple[str, str, int], list[load.Load]]:
    """(server, page, clients) -> what wrk saw in each round; (server, "MiB", 0) has the memory as its rate."""
    isolation.prepare()
    databases.run(["manage.py", "collectstatic", "--noinput", "-v0"], environments.product(isolation.DATABASE))
    with Worker("bench.sides.shop", environments.product(isolation.DATABASE)) as worker:
        cookie = worker.call("furnish", rows=ROWS)
    seen = defaultdict(list)
    for _round in range(rounds):
        for name in names:
            with serving.product(name, serving.POOL, isolation.DATABASE) as (port, process):
                isolation.warm_up(port)
                for page, ask in pages(port, cookie).items():
                    load.flood(ask, connections=4, seconds=1)  # until every worker has seen some
                    for clients in CLIENTS:
                        seen[name, page, clients].append(load.flood(ask, connections=clients, seconds=seconds))
                seen[name, "MiB", 0].append(load.Load(memory(process), 0, 0))
    return seen


def memory(process: int) -> float:
    """MiB of a process and all under it, what they share counted once."""
    listed = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False).stdout
    path = Path(f"/proc/{process}/smaps_rollup")
    own = [int(line.split()[1]) for line in path.read_text().splitlines() if line.startswith("Pss:")]
    return sum(own) / 1024 + sum(memory(int(child)) for child in listed.split())


def table(seen: dict[tuple[str, str, int], list[load.Load]], names: list[str]) -> str:
    """Requests a second, and p95 in milliseconds."""
    lines = ["| Page, clients | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    for page, clients in dict.fromkeys(key[1:] for key in seen):
        cells = []
        for name in names:
            found = seen[name, page, clients]
            rate = f"{median(each.rate for each in found):,.0f}"
            cells.append(rate if page == "MiB" else f"{rate} ({median(each.p95 for each in found) * 1000:,.0f} ms)")
        lines.append(f"| {page}{f', {clients}' if clients else ''} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.choice", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="SERVER", help=", ".join(serving.COMMANDS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    names = options.names or list(serving.COMMANDS)
    if not load.is_there():
        sys.exit(load.MISSING)
    leave_in_order()
    with issuer.serving() as address:
        os.environ |= {"BENCH_SOCKET": postgres.start(), "BENCH_ISSUER": address}
        sys.stdout.write(table(measure(names, options.rounds, options.seconds), names) + "\n")


if __name__ == "__main__":
    main()
