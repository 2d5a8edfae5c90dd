"""Sign-up: alone, with spare schemas, several at once, and late in the life of a database.

The peer's column is what migrating the product's own schema costs, except where the row is named after the peer's
smaller one. The product signs up as its page does: tenant, host, schema, roles, owner, log.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import count

from bench import databases, environments, postgres, raw
from bench.arithmetic import Figure, Result, median_of_ratios, percentile
from bench.plan import Plan
from bench.workers import Worker

PRODUCT, PEER, GROWN = "product_sign_ups", "peer_sign_ups", "product_grown"
AT_ONCE = 4
TENTH, THOUSANDTH = range(5, 25), range(980, 1000)  # windows of sign-ups: one alone says little
numbers = count()


def measure(names: list[str], plan: Plan) -> Iterator[Result]:
    databases.product(PRODUCT, anew=True)
    databases.peer(PEER, anew=True)
    ways: dict[str, Callable[[Plan], Result]] = {
        "sign-up": alone,
        "sign-up-textbook": beside_textbook,
        "sign-up-spare": with_spares,
        "sign-up-at-once": at_once,
        "sign-up-thousandth": late,
    }
    for name in names:
        yield ways[name](plan)


def product() -> Worker:
    return Worker("bench.sides.product", environments.product(PRODUCT))


def new_name() -> str:
    return f"s{next(numbers):05}"


def one_round(figure: Figure, act: Callable[[], float], times: int) -> None:
    spent = [act() for _time in range(times)]
    figure.p50.append(statistics.median(spent))
    figure.p95.append(percentile(spent, 0.95))


def in_turns(name: str, acts: dict[str, Callable[[], float]], plan: Plan, note: str = "") -> Result:
    """Each act once to warm up, once with its statements counted, then round by round."""
    figures = {side: Figure() for side in acts}
    for side, act in acts.items():
        act()
        with postgres.statements() as arrived:
            act()
        figures[side].statements = len(arrived)
    for _round in range(plan.rounds):
        for side, act in acts.items():
            one_round(figures[side], act, plan.sign_ups)
    return Result(name, figures, note=note)


def alone(plan: Plan) -> Result:
    script = raw.Script(PRODUCT, "template")
    with product() as ours, postgres.connect(PRODUCT) as connection:
        ours.call("stock", spares=0)
        acts = {
            "product": lambda: ours.call("sign_up", name=new_name()),
            "peer": lambda: ours.call("migrate", schema=new_name()),
            "limit": lambda: script.replay(connection, new_name()),
        }
        return in_turns("sign-up", acts, plan, "peer: migrating the product's own schema; limit: replaying its dump")


def beside_textbook(plan: Plan) -> Result:
    with product() as ours, Worker("bench.sides.peer", environments.peer(PEER)) as textbook:
        ours.call("stock", spares=0)
        acts = {
            "product": lambda: ours.call("sign_up", name=new_name()),
            "peer": lambda: textbook.call("sign_up", name=new_name()),
        }
        tables = {"product": tables_of(PRODUCT, "template"), "peer": tables_of(PEER, databases.TEMPLATE)}
        note = f"the product's schema has {tables['product']} tables, the peer's {tables['peer']}"
        return in_turns("sign-up-textbook", acts, plan, note)


def tables_of(database: str, schema: str) -> int:
    with postgres.connect(database) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [schema]).fetchone()
    return found[0] if found else 0


def with_spares(plan: Plan) -> Result:
    with product() as ours, postgres.connect(PRODUCT) as connection:
        acts = {
            "product": lambda: ours.call("sign_up", name=new_name()),
            "limit": lambda: raw.rename(connection, new_name(), new_name()),
        }
        ours.call("stock", spares=plan.rounds * plan.sign_ups + 2)  # and those that warm up and are counted
        result = in_turns("sign-up-spare", acts, plan, "limit: renaming a schema, and one row")
        ours.call("stock", spares=0)
        return result


def at_once(plan: Plan) -> Result:
    """The time until the last of them is done."""
    script = raw.Script(PRODUCT, "template")
    figures = {side: Figure() for side in ("product", "peer", "limit")}
    with ExitStack() as stack:
        workers = [stack.enter_context(product()) for _worker in range(AT_ONCE)]
        connections = [stack.enter_context(postgres.connect(PRODUCT)) for _worker in range(AT_ONCE)]
        threads = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        workers[0].call("stock", spares=0)
        for worker in workers:
            worker.call("sign_up", name=new_name())
        for _round in range(plan.rounds):
            figures["product"].p50.append(together(workers, "sign_up", "name"))
            figures["peer"].p50.append(together(workers, "migrate", "schema"))
            began = time.perf_counter()
            list(threads.map(script.replay, connections, [new_name() for _worker in range(AT_ONCE)]))
            figures["limit"].p50.append(time.perf_counter() - began)
    return Result("sign-up-at-once", figures, note="peer: migrating the product's own schema")


def together(workers: list[Worker], act: str, argument: str) -> float:
    began = time.perf_counter()
    for worker in workers:
        worker.begin(act, **{argument: new_name()})
    for worker in workers:
        worker.answer()
    return time.perf_counter() - began


def late(plan: Plan) -> Result:
    databases.product(GROWN, anew=True)
    with Worker("bench.sides.product", environments.product(GROWN)) as ours:
        sign_up = partial(ours.call, "sign_up")
        spent = [sign_up(name=new_name()) for _number in range(THOUSANDTH.stop)]
    postgres.drop(GROWN)
    early, last = ([spent[number] for number in window] for window in (TENTH, THOUSANDTH))
    said = {"× the 10th": median_of_ratios([statistics.median(last)], [statistics.median(early)])}
    figure = Figure(p50=[statistics.median(last)], p95=[percentile(last, 0.95)])
    note = f"medians of the sign-ups {TENTH.start} to {TENTH.stop} and {THOUSANDTH.start} to {THOUSANDTH.stop}"
    return Result("sign-up-thousandth", {"product": figure}, note=note, said=said)
