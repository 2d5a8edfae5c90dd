"""Medians of rounds in turns, one connection each; the ratio is that of each round's own."""

import argparse
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from bench import data, environments, issuer, load, postgres, servers
from bench.load import Ask
from bench.rows import pages
from bench.subject import leave_in_order

LADDER = "bench.ladder.settings", "bench.ladder.usual"


@dataclass(frozen=True)
class Rung:
    """`server` names one of `environments_by_name`."""

    words: str
    server: str
    path: str


RUNGS = [
    Rung("a view by hand, one statement", "bare", "/api/products/1/"),
    Rung("… in Django REST framework", "bare", "/framework/1/"),
    Rung("… by Django's connection, in a transaction", "bare", "/transaction/1/"),
    Rung("… behind the middleware of Django's project template", "usual", "/transaction/1/"),
    Rung("the product", "product", "/api/v1/products/1/"),
    Rung("the peer", "peer", "/api/products/1/"),
]


def environments_by_name() -> dict[str, tuple[str, dict[str, str]]]:
    """Server -> its application and what its processes are told."""
    bare, usual = (environments.floor() | {"DJANGO_SETTINGS_MODULE": module} for module in LADDER)
    return {
        "bare": ("bench.peer.wsgi", bare),
        "usual": ("bench.peer.wsgi", usual),
        "peer": ("bench.peer.wsgi", environments.peer()),
        "product": ("config.wsgi", environments.product()),
    }


def measure(rounds: int, seconds: int) -> dict[str, list[float]]:
    """A rung's words -> the median seconds of each round."""
    pages.seed([pages.MIDDLE])
    tenant = pages.tenant_of(pages.MIDDLE)
    token = issuer.token(tenant, data.BY_GRANTS)
    seen: dict[str, list[float]] = {rung.words: [] for rung in RUNGS}
    with ExitStack() as stack:
        ports = {
            name: stack.enter_context(servers.running(application, told, log=f"ladder-{name}"))
            for name, (application, told) in environments_by_name().items()
        }
        asks = [(rung.words, Ask(ports[rung.server], f"{tenant}.localhost", rung.path, token)) for rung in RUNGS]
        for _words, ask in asks:
            load.flood(ask, connections=pages.MANY, seconds=1)  # until every worker has seen some
        for number in range(rounds):
            first = number % len(asks)
            for words, ask in [*asks[first:], *asks[:first]]:
                seen[words].append(load.flood(ask, connections=1, seconds=seconds).p50)
    return seen


def table(seen: dict[str, list[float]]) -> str:
    peers = seen[RUNGS[-1].words]
    lines = ["| One product | p50, ms | Peer / this |", "| --- | --- | --- |"]
    for words, found in seen.items():
        ratio = median(peer / each for peer, each in zip(peers, found, strict=True))
        lines.append(f"| {words} | {median(found) * 1000:.2f} | {ratio:.2g} × |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ladder", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    if not load.is_there():
        sys.exit(load.MISSING)
    leave_in_order()
    with issuer.serving() as address:
        os.environ |= {"BENCH_SOCKET": postgres.start(), "BENCH_ISSUER": address}
        sys.stdout.write(table(measure(options.rounds, options.seconds)) + "\n")


if __name__ == "__main__":
    main()
