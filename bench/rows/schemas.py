"""Is a copied schema what a migrated one is? Both are dumped with their rows, and the lines compared."""

import re
from collections import Counter
from collections.abc import Iterator

from bench import databases, environments, postgres
from bench.arithmetic import Figure, Result
from bench.plan import Plan
from bench.workers import Worker

PRODUCT, PEER = "product_schemas", "peer_schemas"
COPIED, MIGRATED = "copied", "migrated"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+\d\d")
UNUSABLE_PASSWORD = re.compile(r"\t![A-Za-z0-9]{40}\t")  # of guardian's anonymous user at the peer; made by chance


def measure(names: list[str], plan: Plan) -> Iterator[Result]:
    databases.product(PRODUCT, anew=True)
    databases.peer(PEER, anew=True)
    figures = {"product": Figure(number=[differing(*product())]), "peer": Figure(number=[differing(*peer())])}
    yield Result("schema", figures, note="peer: the library's clone_schema of a migrated tenant")


def product() -> tuple[str, str]:
    """Two dumps: as sign-up makes it, and as migrating does."""
    with Worker("bench.sides.product", environments.product(PRODUCT)) as ours:
        copied = ours.call("copy", name=COPIED)
        ours.call("migrate", schema=MIGRATED)
    return postgres.dump(PRODUCT, copied), postgres.dump(PRODUCT, MIGRATED)


def peer() -> tuple[str, str]:
    with Worker("bench.sides.peer", environments.peer(PEER)) as textbook:
        textbook.call("make_tenant", name=MIGRATED)
        textbook.call("clone", source=MIGRATED, name=COPIED)
    return postgres.dump(PEER, COPIED), postgres.dump(PEER, MIGRATED)


def differing(copied: str, migrated: str) -> int:
    """How many lines only one of them has, whatever their order. Names, moments and chance are no difference."""
    first, second = Counter(plain(copied)), Counter(plain(migrated))
    return (first - second).total() + (second - first).total()


def plain(dump: str) -> Iterator[str]:
    schema = re.search(r"^CREATE SCHEMA (\w+);", dump, re.M)
    assert schema, "a dump of one schema"
    for line in dump.splitlines():
        if line and not line.startswith(("--", "\\")):
            line = re.sub(rf"\b{schema[1]}\b", "SCHEMA", line)
            yield UNUSABLE_PASSWORD.sub("\tUNUSABLE\t", MOMENT.sub("MOMENT", line))
