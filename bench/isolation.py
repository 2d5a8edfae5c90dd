"""Does any tenant ever see another's row? `python -m bench.isolation [--quick] [--fault]`

Eight clients ask twenty tenants at once through real servers: lists, single rows and new rows, all under the same
keys in every tenant. Each row that comes back bears its tenant's name, and is looked at; afterwards every row in the
database is. Two further tenants have other numbers for their content types: they must not be served.

That it can fail is shown by a tenant that is bound to the session (bench/session_bound), behind a pooler in
transaction mode.
"""

import argparse
import http.client
import json
import math
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import databases, environments, issuer, load, postgres, serving
from .data import BY_GRANTS, BY_ROLE
from .load import Ask
from .subject import leave_in_order
from .workers import Worker

DATABASE = "isolation"
ROWS = 40  # of each tenant, under the keys 1 to 40
PAGE = 20
SHELF = 1  # the one category of each
TENANTS = [f"iso{number:02}" for number in range(20)]
SHIFTED = ["shifted0", "shifted1"]
THREADS = 8
WARM_UP = 30
REQUESTS = {False: 100_000, True: 2_400}  # at least, over all combinations; by `quick`

SERVERS = ("gunicorn sync", "gunicorn threads", "uvicorn asgi")
POOLS = (serving.NO_POOL, serving.POOL, serving.SESSION, serving.TRANSACTION)
FAULT = {"DJANGO_SETTINGS_MODULE": "bench.session_bound.settings"}


@dataclass(frozen=True)
class Verdict:
    """What one combination answered. `seen` counts rows that were looked at, `wrong` those of another tenant."""

    server: str
    pool: str
    requests: int
    seen: int
    wrong: int
    missing: int  # rows that were not there, or not all of them
    failed: int  # 5xx, and answers that never came
    served: int  # requests to a tenant that must not be served, and were
    misplaced: int  # rows found in another tenant's tables afterwards

    @property
    def is_clean(self) -> bool:
        return not (self.wrong or self.missing or self.failed or self.served or self.misplaced)


def run(quick: bool) -> dict:
    """The proof over all pools and servers. Needs bench/__main__'s surroundings: PostgreSQL and the issuer."""
    verdicts = list(every_combination(REQUESTS[quick]))
    return {
        "requests": sum(each.requests for each in verdicts),
        "rows": sum(each.seen for each in verdicts),
        "wrong": sum(each.wrong + each.misplaced + each.missing + each.served for each in verdicts),
        "failed": sum(each.failed for each in verdicts),
        "combinations": [vars(each) for each in verdicts],
    }


def every_combination(requests: int) -> Iterator[Verdict]:
    prepare()
    each = share(requests, len(POOLS) * len(SERVERS))
    for pool in POOLS:
        for server in SERVERS:
            yield proof(server, pool, each)


def share(requests: int, among: int) -> int:
    """Of each, so that all together make no fewer."""
    return math.ceil(requests / among)


def fault(requests: int = 2_000) -> Verdict:
    """The tenant bound to the session: this must find wrong rows, or the proof proves nothing."""
    prepare()
    return proof("gunicorn threads", serving.TRANSACTION, requests, **FAULT)


def prepare() -> None:
    """The tenants, made once and kept. Raises AssertionError where their keys are not equal."""
    databases.product(DATABASE)
    with worker() as told:
        told.call("seed", names=TENANTS + SHIFTED, rows=ROWS)
        told.call("clear", names=TENANTS, rows=ROWS)
        told.call("shift", names=SHIFTED)
        assert told.call("keys", names=TENANTS) == [[1, ROWS, ROWS]] * len(TENANTS)


def proof(server: str, pool: str, requests: int, **environment: str) -> Verdict:
    """Ask so many times at least, then look into the database."""
    with serving.product(server, pool, DATABASE, **environment) as (port, _process):
        warm_up(port)
        callers = [Caller(port, share(requests, THREADS), number) for number in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as threads:
            counts: Counter = sum(threads.map(Caller.work, callers), Counter())
    with worker() as told:
        rows = told.call("rows", names=TENANTS)
        told.call("clear", names=TENANTS, rows=ROWS)
    lost = counts["made"] - sum(each["all"] - ROWS for each in rows)
    names = ("requests", "seen", "wrong", "failed", "served")
    missing, misplaced = counts["missing"] + max(lost, 0), sum(each["wrong"] for each in rows)
    return Verdict(server, pool, **{name: counts[name] for name in names}, missing=missing, misplaced=misplaced)


def warm_up(port: int) -> None:
    """Until each worker knows the issuer's keys, whoever is slow to hand them out."""
    for _each in range(WARM_UP):
        load.send(Ask(port, f"{TENANTS[0]}.localhost", "/api/v1/products/?limit=1", token(TENANTS[0], BY_ROLE)))


class Caller:
    """One client, on one kept connection, which changes the tenant from request to request."""

    def __init__(self, port: int, requests: int, number: int):
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.port, self.requests = port, requests
        self.choice = random.Random(number)  # the same order in each run
        self.counts: Counter = Counter()

    def work(self) -> Counter:
        for _each in range(self.requests):
            tenant = self.choice.choice(TENANTS if self.choice.random() < 0.97 else SHIFTED)
            ask = self.choice.choices([self.a_list, self.a_row, self.a_new_row], [5, 3, 2])[0]
            ask(tenant)
        self.line.close()
        return self.counts

    def a_list(self, tenant: str) -> None:
        answer = self.ask(tenant, self.to(tenant, f"/api/v1/products/?limit={PAGE}", token(tenant, BY_ROLE)))
        if answer is not None:
            self.look(tenant, answer["results"])
            self.counts["missing"] += len(answer["results"]) != PAGE

    def a_row(self, tenant: str) -> None:
        key = self.choice.randint(1, ROWS)
        answer = self.ask(tenant, self.to(tenant, f"/api/v1/products/{key}/", token(tenant, BY_ROLE)))
        if answer is not None:
            self.look(tenant, [answer])
            self.counts["missing"] += answer["id"] != key

    def a_new_row(self, tenant: str) -> None:
        body = {"title": f"{tenant} new", "price": "1.00", "description": "x", "category": SHELF}
        answer = self.ask(tenant, self.to(tenant, "/api/v1/products/", token(tenant, BY_GRANTS), body))
        if answer is not None:
            self.look(tenant, [answer])
            self.counts["made"] += 1

    def to(self, tenant: str, path: str, credential: str, body: dict | None = None) -> Ask:
        return Ask(self.port, f"{tenant}.localhost", path, credential, body)

    def look(self, tenant: str, rows: list[dict]) -> None:
        self.counts["seen"] += len(rows)
        self.counts["wrong"] += sum(not row["title"].startswith(f"{tenant} ") for row in rows)

    def ask(self, tenant: str, ask: Ask) -> dict | None:
        """The answer of a tenant that is served. Whatever else came is counted."""
        self.counts["requests"] += 1
        method, body = ("GET", None) if ask.body is None else ("POST", json.dumps(ask.body))
        try:
            self.line.request(method, ask.path, body, ask.headers())
            answer = self.line.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.line.close()
            self.counts["failed"] += 1
            return None
        if tenant in SHIFTED:
            self.counts["served"] += answer.status != 503
            return None
        self.counts["failed"] += answer.status >= 500
        self.counts["missing"] += 300 <= answer.status < 500
        return json.loads(text) if answer.status < 300 else None


TOKENS: dict[tuple[str, str], str] = {}


def token(tenant: str, person: str) -> str:
    if (tenant, person) not in TOKENS:
        TOKENS[tenant, person] = issuer.token(tenant, person)
    return TOKENS[tenant, person]


def worker() -> Worker:
    return Worker("bench.sides.isolation", environments.product(DATABASE))


def line(verdict: Verdict) -> str:
    told = ("requests", "seen", "wrong", "missing", "failed", "served", "misplaced")
    figures = "".join(f"{getattr(verdict, name):>11,}" for name in told)
    return f"{verdict.server:<17}{verdict.pool:<22}{figures}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.isolation", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help=f"{REQUESTS[True]:,} requests instead of {REQUESTS[False]:,}"
    )
    parser.add_argument("--fault", action="store_true", help="show that wrong rows would be found")
    options = parser.parse_args()
    leave_in_order()
    write = sys.stdout.write
    write(f"{'server':<17}{'pool':<22}   requests  rows seen      wrong    missing     failed     served  misplaced\n")
    with issuer.serving() as address:
        os.environ |= {"BENCH_SOCKET": postgres.start(), "BENCH_ISSUER": address}
        verdicts = [fault()] if options.fault else every_combination(REQUESTS[options.quick])
        clean = True
        for verdict in verdicts:
            write(line(verdict) + "\n")
            sys.stdout.flush()
            clean = clean and verdict.is_clean
    sys.exit(not clean)


if __name__ == "__main__":
    main()
