"""Migrating a fleet: whole commands, their start included, against whole commands.

The peer's is the executor that its pages begin with; its other one, several processes, is told in the note.
"""

import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from psycopg import sql

from bench import databases, environments, growing, postgres, raw
from bench.arithmetic import Figure, Result
from bench.directory import ROOT
from bench.plan import Plan
from bench.workers import Worker

PRODUCT, PEER, LARGE = "product_fleet", "peer_fleet", "product_large"
PEER_COMMAND = ["-m", "django", "migrate_schemas", "--tenant", "-v", "0"]
# As manage.py starts it; without a command.
START = ["-c", "import django, manage; manage.spare_the_collector(); django.setup()"]
SMALLEST, FLAT_TO = 100, 3_000  # tenants between which the time of each is to stay the same


def measure(names: list[str], plan: Plan) -> Iterator[Result]:
    if {"fleet-idle", "fleet-add-field"} & set(names):
        fill_product(PRODUCT, plan.tenants)
        fill_peer(plan.tenants)
    ways: dict[str, Callable[[Plan], Result]] = {
        "fleet-idle": idle,
        "fleet-flat": flat,
        "fleet-add-field": add_field,
    }
    for name in names:
        yield ways[name](plan)


# --- The fleets -------------------------------------------------------------------------------------


def fill_product(database: str, tenants: int) -> None:
    """By sign-ups, with every migration that was added to this fleet before. Made anew when the code has changed."""
    if databases.state_of(database) != databases.code():
        shutil.rmtree(databases.migrations_of(database), ignore_errors=True)
        databases.product(database, anew=True)
    with Worker("bench.sides.product", product(database)) as ours:
        ours.call("fill", count=tenants)
    command(product_command(), product(database))  # whatever an earlier run has left undone


def fill_peer(tenants: int) -> None:
    """By raw copies: signing up takes it a quarter of a second each."""
    databases.peer(PEER)
    command(PEER_COMMAND, peer())
    script = raw.Script(PEER, databases.TEMPLATE)
    with postgres.connect(PEER) as connection:
        for number in range(len(schemas(PEER)), tenants):
            name = f"f{number:05}"
            script.replay(connection, name)
            connection.execute(PEER_ROWS, {"name": name, "domain": f"{name}.localhost"})


PEER_ROWS = """
    WITH made AS (
        INSERT INTO customers_client (schema_name, name, created) VALUES (%(name)s, %(name)s, now()) RETURNING id)
    INSERT INTO customers_domain (domain, tenant_id, is_primary) SELECT %(domain)s, id, true FROM made
"""


def product(database: str = PRODUCT) -> dict[str, str]:
    return environments.product(database) | {"BENCH_MIGRATIONS": str(databases.migrations_of(database))}


def peer() -> dict[str, str]:
    return environments.peer(PEER) | {"BENCH_MIGRATIONS": str(databases.migrations_of(PEER))}


def product_command() -> list[str]:
    """What a deployment runs."""
    return ["manage.py", "migrate", "--verbosity", "0"]


def schemas(database: str) -> list[str]:
    """Those of tenants."""
    table = "customers_client" if database == PEER else "tenants_tenant"
    with postgres.connect(database) as connection:
        rows = connection.execute(sql.SQL("SELECT schema_name FROM {}").format(sql.Identifier(table))).fetchall()
    return [name for (name,) in rows]


def command(words: list[str], environment: dict[str, str]) -> float:
    """Returns the seconds."""
    began = time.perf_counter()
    databases.run(words, environment)
    return time.perf_counter() - began


# --- Nothing to do ----------------------------------------------------------------------------------


def idle(plan: Plan) -> Result:
    figures = {side: Figure() for side in ("product", "peer", "limit")}
    at_once = []
    names = schemas(PRODUCT)
    with postgres.connect(PRODUCT) as connection:
        for _round in range(plan.rounds):
            figures["product"].p50.append(command(product_command(), product()))
            figures["peer"].p50.append(command(PEER_COMMAND, peer()))
            at_once.append(command([*PEER_COMMAND, "--executor=multiprocessing"], peer()))
            figures["limit"].p50.append(raw.look(connection, names))
    return Result("fleet-idle", figures, note=told(plan.tenants, at_once))


def told(tenants: int, at_once: list[float]) -> str:
    return f"{tenants} tenants; the peer with several processes takes {statistics.median(at_once):.3g} s"


def flat(plan: Plan) -> Result:
    """The product alone, at several sizes. Of each tenant's share Django's start is taken off."""
    spent: dict[int, list[float]] = {}
    limit: list[float] = []
    for size in plan.flat:
        fill_product(LARGE, size)
        spent[size] = [command(product_command(), product(LARGE)) for _round in range(plan.rounds)]
        with postgres.connect(LARGE) as connection:
            limit = [raw.look(connection, schemas(LARGE)) for _round in range(plan.rounds)]
    start = statistics.median(command(START, product(LARGE)) for _round in range(plan.rounds))
    shares = {size: (statistics.median(times) - start) / size for size, times in spent.items()}
    said = {}
    if {SMALLEST, FLAT_TO} <= shares.keys():
        said[f"× per tenant, {FLAT_TO:,} to {SMALLEST}"] = shares[FLAT_TO] / shares[SMALLEST]
    note = "; ".join(f"{size:,} tenants {statistics.median(times):.3g} s" for size, times in spent.items())
    figures = {"product": Figure(p50=spent[plan.flat[-1]]), "limit": Figure(p50=limit)}
    return Result("fleet-flat", figures, note=f"{note}; Django's start {start:.2g} s", said=said)


# --- One AddField -----------------------------------------------------------------------------------


def add_field(plan: Plan) -> Result:
    """Each round adds another field to both, so nothing has to be undone."""
    figures = {side: Figure() for side in ("product", "peer", "limit")}
    above = []
    names = schemas(PRODUCT)
    with postgres.connect(PRODUCT) as connection:
        for _round in range(plan.rounds):
            grow(PRODUCT, ROOT / "catalog")
            grow(PEER, ROOT / "bench" / "peer" / "catalog")
            start = command(START, product())
            figures["product"].p50.append(command(product_command(), product()))
            figures["peer"].p50.append(command(PEER_COMMAND, peer()))
            figures["limit"].p50.append(raw.add_column(connection, names))
            above.append((figures["product"].p50[-1] - start) / figures["limit"].p50[-1])
    grow(PEER, ROOT / "bench" / "peer" / "catalog")
    at_once = [command([*PEER_COMMAND, "--executor=multiprocessing"], peer())]
    said = {"× limit, above Django's start": statistics.median(above)}
    return Result("fleet-add-field", figures, note=told(plan.tenants, at_once), said=said)


def grow(database: str, app: Path) -> None:
    growing.add(databases.migrations_of(database), app / "migrations")
