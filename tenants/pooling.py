"""Which connections a serving process keeps, and what stands between it and the database.

A pooler in transaction mode is safe for the pages, because the tenant is bound to the transaction. It is not for
what binds a tenant to the session (migrations) or keeps statements on it. Whether there is one is not believed
from a setting: `is_shared` asks over real connections.

Source: docs/decisions/0023-server-and-pool.md
"""

import atexit
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from select import select

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.pq import ExecStatus

from . import citus
from .postgresql.keeping import SETTING
from .postgresql.pool import LIMIT
from .routers import REPLICA
from .schema import wrapper

logger = logging.getLogger(__name__)

PATIENCE = 3  # seconds for each answer of the probe
ROUNDS = 5  # a busy pooler may hand out the same two backends by chance, but not time after time
SERVED = {DEFAULT_DB_ALIAS, REPLICA}  # what pages are read from (tenants/replicas.py)
WHICH_BACKEND = b"SELECT pg_backend_pid()"


class ProbeFailed(Exception):
    """Nothing answered in time: the database is down, or a pooler has no connection to spare."""


# --- At the start of a server (config/serving.py) -----------------------------------------------


def serve_from_a_pool() -> None:
    """Let this process keep its connections. For servers alone: a command opens what it needs, and ends."""
    for alias in SERVED & set(connections.databases) if settings.DATABASE_POOL else ():
        connections.databases[alias].setdefault("OPTIONS", {})["pool"] = settings.DATABASE_POOL
        atexit.register(wrapper(alias).close_pool)


def use_sessions() -> None:
    """Say what lasts as long as a session of the database, where a connection of this process is one of its own: what
    a statement may take, and how many are kept ready. On Citus none are: there it is not measured.

    Behind a pooler in transaction mode, or where nobody answers, nothing is said, and all is sent as text, as ever.
    """
    for alias in SERVED & set(connections.databases):
        try:
            own, cluster = not is_shared(alias), is_cluster(alias)
        except (ProbeFailed, psycopg.Error) as error:
            logger.warning("No statements are kept ready on %s: %s", alias, str(error).strip())
        else:
            options = connections.databases[alias]
            options[LIMIT] = settings.REQUEST_STATEMENT_TIMEOUT if own else ""
            options[SETTING] = settings.STATEMENTS_PER_CONNECTION if own and not cluster else 0


def refuse_to_start_misrouted() -> None:
    """Raise ImproperlyConfigured if a pooler stands where none may.

    A database that is down is no reason not to start: its pages are 503 until it is back.
    """
    for alias in {DEFAULT_DB_ALIAS, settings.ADMIN_DATABASE}:
        try:
            problem = misrouting(alias)
        except (ProbeFailed, psycopg.Error) as error:
            logger.warning("Whether a pooler stands before the database is not known: %s", str(error).strip())
        else:
            if problem:
                raise ImproperlyConfigured(problem)


def refuse_persistent_connections() -> None:
    """Under ASGI each request has a thread of its own, and a connection that is kept for a thread is never used again.

    Seen: 100 connections gone after 3 s of load, and up to 161 failed answers. Raises ImproperlyConfigured.
    """
    for alias, options in settings.DATABASES.items():
        if options["CONN_MAX_AGE"] != 0:
            raise ImproperlyConfigured(
                f"CONN_MAX_AGE is {options['CONN_MAX_AGE']} for DATABASES[{alias!r}]: under ASGI each request leaves a "
                "connection behind until the server has none. Unset CONN_MAX_AGE: the pool keeps them instead."
            )


# --- What stands in between ------------------------------------------------------------------------


def misrouting(alias: str) -> str | None:
    """One sentence on why this address cannot be used behind the pooler that is there. None: it can, or there is none.

    Raises ProbeFailed, and psycopg's errors, when it cannot be asked.
    """
    prepares = wrapper(alias).get_connection_params()["prepare_threshold"] is not None
    if not (prepares or alias == settings.ADMIN_DATABASE) or not is_shared(alias):
        return None
    if alias == settings.ADMIN_DATABASE:
        variable = "DATABASE_URL" if alias == DEFAULT_DB_ALIAS else "DATABASE_ADMIN_URL"
        return (
            f"{variable} leads through a pooler in transaction mode, and migrations bind the tenant to the session. "
            "Set DATABASE_ADMIN_URL to the PostgreSQL server itself."
        )
    return (
        "DATABASE_URL leads through a pooler in transaction mode, and prepare_threshold keeps prepared statements on a "
        "connection whose next transaction may run on another. Take prepare_threshold out of DATABASE_URL."
    )


def is_shared(alias: str) -> bool:
    """Do the transactions of one connection reach backends that serve other connections too?

    Two connections are open at once. Directly, or through a pooler in session mode, each has a backend of its own
    and keeps it. Raises ProbeFailed and psycopg's errors.
    """
    with connection_for_probe(alias) as one, connection_for_probe(alias) as other:
        pairs = {(backend_of(one), backend_of(other)) for _round in range(ROUNDS)}
    mine, others = pairs.pop()
    return bool(pairs) or mine == others


def is_cluster(alias: str) -> bool:
    """As `on_citus`, past Django's connections: an ASGI server loads the application where those may not be used."""
    with connection_for_probe(alias) as asked:
        return asked.execute(citus.IS_THERE, [citus.EXTENSION]).fetchone() == (True,)


@contextmanager
def connection_for_probe(alias: str) -> Iterator[psycopg.Connection]:
    parameters = {"connect_timeout": PATIENCE} | wrapper(alias).get_connection_params()
    with psycopg.connect(**parameters, autocommit=True) as connection:
        yield connection


def backend_of(connection: psycopg.Connection) -> int:
    """The server process that answers. Below psycopg's `execute`, which would wait for a full pooler for minutes."""
    asked = connection.pgconn
    asked.send_query(WHICH_BACKEND)
    while asked.is_busy():
        if not select([connection.fileno()], [], [], PATIENCE)[0]:
            raise ProbeFailed(f"No answer within {PATIENCE} s.")
        asked.consume_input()
    answer = asked.get_result()
    while asked.get_result():
        pass
    if answer is None or answer.status != ExecStatus.TUPLES_OK:
        raise ProbeFailed(answer.error_message.decode() if answer else "No answer.")
    return int(answer.get_value(0, 0) or 0)
