"""Pages over HTTP: the same work asked of the peer, the product and the floor, in turns."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from bench import data, databases, environments, issuer, load, postgres, servers
from bench.arithmetic import Figure, Result, median_of_ratios, spoken_time
from bench.floor import queries
from bench.load import Ask
from bench.plan import Plan
from bench.workers import Worker

# The floor is the peer's Django under other settings.
APPLICATIONS = {"product": "config.wsgi", "peer": "bench.peer.wsgi", "limit": "bench.peer.wsgi"}
SMALL, MIDDLE, LARGE = 1_000, 10_000, 100_000
FURTHEST = 10_000  # the product counts no further; whoever sees more is compared, and never timed
MANY = 4  # connections of a row about requests a second
WARM_UP = 20  # requests, so that each worker has seen some
COUNTED = 5  # requests whose statements are counted; the middle one stands in the table


class Unequal(RuntimeError):
    """The sides do not do the same work, so there is nothing to compare."""


@dataclass(frozen=True)
class Work:
    """What is asked, by whom, of a tenant with so many products. Side -> path; a path may name the first product."""

    paths: dict[str, str]
    person: str = ""
    products: int = MIDDLE
    writes: bool = False
    at_once: int = 1
    beside: int = 0  # the size of a second tenant of the product's, whose time is the measure of this one


LIST = {
    "product": f"/api/v1/products/?limit={data.PER_PAGE}&count=true",
    "peer": "/api/products/",
    "limit": "/api/products/?count",
}
UNCOUNTED = {"product": f"/api/v1/products/?limit={data.PER_PAGE}", "limit": "/api/products/"}
DETAIL = {"product": "/api/v1/products/1/", "peer": "/api/products/1/", "limit": "/api/products/1/"}
CREATE = {"product": "/api/v1/products/", "peer": "/api/products/", "limit": "/api/products/"}

WORKS = {
    "list-by-grants": Work(LIST, data.BY_GRANTS),
    "list-by-grants-100k": Work(LIST, data.BY_GRANTS, LARGE),
    "list-uncounted-100k": Work(UNCOUNTED, data.BY_GRANTS, LARGE, beside=SMALL),
    "list-by-role": Work(LIST, data.BY_ROLE),
    "detail-by-grants": Work(DETAIL, data.BY_GRANTS),
    "create": Work(CREATE, data.BY_GRANTS, writes=True),
    "empty-view": Work({"product": "/api/bench/hello/", "peer": "/hello", "limit": "/hello"}, data.BY_GRANTS),
    "empty-view-member": Work(
        {"product": "/api/bench/hello-member/", "peer": "/hello", "limit": "/hello"}, data.BY_GRANTS
    ),
    "requests-a-second": Work(LIST, data.BY_GRANTS, at_once=MANY),
}
SENT = {"title": "New", "price": "9.50", "description": "x"}


def measure(names: list[str], plan: Plan) -> Iterator[Result]:
    """Raises Unequal before anything is timed, WrongAnswers when answers stop being right."""
    works = {name: WORKS[name] for name in names}
    sizes = sorted({size for work in works.values() for size in (work.products, work.beside) if size})
    seed(sizes)
    with ExitStack() as stack:
        ports = {side: stack.enter_context(server(side)) for side in APPLICATIONS}
        for size in sizes:
            undo(size)  # what was on its way when an earlier run ended
            compare(ports, size)
        for name, work in works.items():
            yield in_turns(name, work, ports, plan)


def server(side: str):
    told: dict[str, Callable[[], dict[str, str]]] = {
        "product": environments.product,
        "peer": environments.peer,
        "limit": environments.floor,
    }
    return servers.running(APPLICATIONS[side], told[side](), log=side)


# --- The data ---------------------------------------------------------------------------------------


def tenant_of(size: int) -> str:
    return f"shop{size // 1000}k"


def seed(sizes: list[int]) -> None:
    """The tenants of those sizes on both sides, unless they are there."""
    databases.peer("peer")
    databases.product("product")
    for side, environment in (("peer", environments.peer()), ("product", environments.product())):
        with Worker(f"bench.sides.{side}", environment) as worker:
            for size in sizes:
                worker.call("seed", name=tenant_of(size), products=size)
    with postgres.connect("peer") as connection:
        for size in sizes:
            connection.execute(queries.filled(queries.TABLE, tenant_of(size)).encode())
    for database in ("peer", "product"):
        with postgres.connect(database) as connection:
            connection.execute("VACUUM ANALYZE")


# --- The same work ----------------------------------------------------------------------------------


def asks(work: Work, ports: dict[str, int], size: int | None = None) -> dict[str, Ask]:
    tenant = tenant_of(size or work.products)
    roles = ("viewer",) if work.person == data.BY_ROLE else ()
    token = issuer.token(tenant, work.person, roles=roles) if work.person else ""
    return {
        side: Ask(ports[side], f"{tenant}.localhost", path, token, body_for(side) if work.writes else None)
        for side, path in work.paths.items()
    }


def body_for(side: str) -> dict[str, Any]:
    image = "https://img.example.com/new.jpg"
    return SENT | ({"picture_url": image, "category": 1} if side == "product" else {"image": image})


def compare(ports: dict[str, int], size: int) -> None:
    """The same rows and the same count for both people, the same product in detail, and no more for a stranger."""
    for person in (data.BY_GRANTS, data.BY_ROLE):
        seen = {side: page_of(ask) for side, ask in asks(Work(LIST, person, size), ports).items()}
        if len({str(page) for page in seen.values()}) != 1:
            raise Unequal(f"{person} sees {seen}")
    shown = {
        side: load.send(ask)[1].get("title") for side, ask in asks(Work(DETAIL, data.BY_GRANTS, size), ports).items()
    }
    if len(set(shown.values())) != 1:
        raise Unequal(f"the first product is {shown}")
    hidden = {side: path.replace("/1/", "/90/") for side, path in DETAIL.items()}  # in nobody's tenth
    statuses = {side: load.send(ask)[0] for side, ask in asks(Work(hidden, data.BY_GRANTS, size), ports).items()}
    if set(statuses.values()) != {404}:
        raise Unequal(f"a product that {data.BY_GRANTS} may not see is answered with {statuses}")


def page_of(ask: Ask) -> tuple[int, list[int]]:
    status, body = load.send(ask)
    if status != 200:
        raise Unequal(f"{ask.path} on port {ask.port}: {status}, {body}")
    return min(body["count"], FURTHEST), [row["id"] for row in body["results"]]


# --- In turns ---------------------------------------------------------------------------------------


def in_turns(name: str, work: Work, ports: dict[str, int], plan: Plan) -> Result:
    sides = asks(work, ports)
    if work.beside:
        sides["beside"] = asks(replace(work, paths={"product": work.paths["product"]}), ports, work.beside)["product"]
    figures = {side: Figure(statements=statements_of(ask)) for side, ask in sides.items()}
    for number in range(plan.rounds):
        for side in rotated(list(sides), number):
            seen = load.flood(sides[side], connections=work.at_once, seconds=plan.seconds)
            figures[side].rate.append(seen.rate)
            figures[side].p50.append(seen.p50)
            figures[side].p95.append(seen.p95)
            if work.writes:
                undo(work.products)
    return result(name, work, figures)


def rotated(sides: list[str], number: int) -> list[str]:
    """Each round begins with another side."""
    start = number % len(sides)
    return sides[start:] + sides[:start]


def result(name: str, work: Work, figures: dict[str, Figure]) -> Result:
    beside = figures.pop("beside", None)
    said, note = {}, ""
    if beside:
        said["× its own 1,000 rows"] = median_of_ratios(figures["product"].p50, beside.p50)
        note = f"among {work.beside:,} rows the product takes {spoken_time(beside.middle('p50') or 0)}"
    if work.paths["limit"] == "/hello":
        above = [a - b for a, b in zip(figures["product"].p50, figures["limit"].p50, strict=True)]
        said["ms above bare"] = sorted(above)[len(above) // 2] * 1000
    if work.at_once > 1:
        for figure in figures.values():
            figure.p50, figure.p95 = [], []
    return Result(name, figures, note=note, said=said)


def statements_of(ask: Ask) -> int:
    """The middle of several requests: one that writes when somebody was seen last is no rule."""
    for _warm_up in range(WARM_UP):
        load.send(ask)
    found = []
    for _counted in range(COUNTED):
        with postgres.statements() as arrived:
            load.send(ask)
        found.append(len(arrived))
    return sorted(found)[COUNTED // 2]


def undo(size: int) -> None:
    """Take away what a load has created, so that each begins with the same rows. The product's log keeps its lines."""
    tenant = tenant_of(size)
    for database, schema in (("peer", tenant), ("product", f"t_{tenant}")):
        with postgres.connect(database) as connection:
            connection.execute(f"SET search_path = {schema}".encode())
            connection.execute("CREATE TEMP TABLE gone AS SELECT id FROM catalog_product WHERE title = 'New'")
            for table, column in connection.execute(POINTING).fetchall():
                connection.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT id FROM gone)".encode())
            connection.execute("DELETE FROM catalog_product WHERE id IN (SELECT id FROM gone)")
            for table, column in POINTING_BY_VALUE[database]:
                connection.execute(ORPHANS.format(table=table, column=column).encode())
            connection.execute("VACUUM ANALYZE catalog_product")


POINTING = """
    SELECT conrelid::regclass::text, attname FROM pg_constraint
      JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
     WHERE confrelid = 'catalog_product'::regclass AND contype = 'f'
"""
# The peer gives its maker the grants one by one, and nothing ties them to the product: a load may end in between.
ORPHANS = "DELETE FROM {table} WHERE NOT EXISTS (SELECT FROM catalog_product WHERE id = {column}::bigint)"
POINTING_BY_VALUE = {
    "peer": [("guardian_userobjectpermission", "object_pk"), ("bench_grant", "object_id")],
    "product": [],
}
