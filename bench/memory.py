"""How much one backend keeps of many schemas: `python -m bench.memory`. Source of a table in decision 23.

One connection asks one tenant after another what a page of the catalogue asks: as it would grow, and as it is bounded.
"""

import argparse
import os
import sys

from psycopg import sql

from . import databases, environments, issuer, postgres
from .subject import leave_in_order
from .workers import Worker

DATABASE = "memory"
STAGES = [1, 10, 50, 100, 200]
UNBOUNDED = 10**9


def run() -> dict[str, list[list[float]]]:
    """Schemas asked and MiB of the backend: as it would grow, and as it is bounded."""
    databases.product(DATABASE)
    with postgres.connect() as server:  # a backend's memory is nobody else's business otherwise
        server.execute(sql.SQL("GRANT pg_read_all_stats TO {}").format(sql.Identifier(postgres.PRODUCT_OWNER)))
    with Worker("bench.sides.memory", environments.product(DATABASE)) as worker:
        worker.call("fill", count=max(STAGES))
        return {
            "unbounded": worker.call("walk", stages=STAGES, schemas_per_connection=UNBOUNDED),
            "100 a connection": worker.call("walk", stages=STAGES, schemas_per_connection=100),
            "25 a connection": worker.call("walk", stages=STAGES, schemas_per_connection=25),
        }


def main() -> None:
    argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__).parse_args()
    leave_in_order()
    with issuer.serving() as address:
        os.environ |= {"BENCH_SOCKET": postgres.start(), "BENCH_ISSUER": address}
        for name, found in run().items():
            told = ", ".join(f"{number:.0f}: {size:.1f} MiB" for number, size in found)
            sys.stdout.write(f"{name:<18}{told}\n")


if __name__ == "__main__":
    main()
