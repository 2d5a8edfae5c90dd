"""Where a connection comes from and where it goes. Whose it is meanwhile, base.py says.

A serving process takes its connections from psycopg's pool (tenants/pooling.py turns it on) and gives each
back at the end of the request; a command opens one and closes it. Either way a connection that was bound to a
tenant for its session, or that has seen many schemas, is closed for good.

Source: docs/decisions/0023-server-and-pool.md
"""

import logging
import os
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.db import connections
from django_tenants.postgresql_backend import base as django_tenants_backend
from psycopg_pool import ConnectionPool, PoolTimeout

logger = logging.getLogger(__name__)

# A backend keeps what it has looked up of every schema for as long as it lives: some 280 KiB a schema.
_schemas_seen: WeakKeyDictionary[psycopg.Connection, set[str]] = WeakKeyDictionary()
# The key of a database's settings for the limit of a session: of what is sent before a binding says one, and of the
# binding itself, which may have to wait for a table that somebody has locked.
LIMIT = "STATEMENT_LIMIT"
# Pools of the process that this one was forked from: not to be used, and not to be closed from here.
_left_behind: list[ConnectionPool] = []


class PooledWrapper(django_tenants_backend.DatabaseWrapper):
    """Takes, tests, counts, and gives back or closes."""

    _session_bound = False

    def get_new_connection(self, conn_params):
        """A connection that is open. Raises OperationalError when the pool has none in time: a page is then 503."""
        while True:
            try:
                connection = super().get_new_connection(conn_params)
            except PoolTimeout:
                self._say_why_there_is_none()
                raise
            if not self.pool or is_open(connection):
                return connection
            discard(connection)

    def _configure_connection(self, connection):
        """Django's own for a connection that was just opened. Returns whether it has to be committed."""
        changed = super()._configure_connection(connection)
        if limit := self.settings_dict.get(LIMIT):
            connection.execute("SELECT set_config('statement_timeout', %s, false)", [limit])
        return changed or bool(limit)

    def set_autocommit(self, autocommit, *args, **kwargs):
        # A transaction begins: the last moment at which nobody misses the connection. Jobs that walk through
        # thousands of tenants never give theirs back.
        if not autocommit and self.is_worn:
            self.close()
        super().set_autocommit(autocommit, *args, **kwargs)

    def _close(self):
        if self.is_worn:
            logger.info("A database connection that has seen %s schemas is closed.", self.schemas_seen)
        if self._session_bound or self.is_worn:
            self.connection.close()  # the pool takes it back all the same, and opens another in its place
        if self.connection is not None and self.pool and not is_pooled(self.connection):
            self.connection.close()
        else:
            super()._close()

    def _note_schema(self) -> None:
        """Count the schema that was bound. Called once a binding."""
        _schemas_seen.setdefault(self.connection, set()).add(self.schema_name)

    @property
    def schemas_seen(self) -> int:
        """How many schemas this connection has been bound to since it was opened."""
        return len(_schemas_seen.get(self.connection, ())) if self.connection is not None else 0

    @property
    def is_worn(self) -> bool:
        return self.schemas_seen >= settings.SCHEMAS_PER_CONNECTION

    def _say_why_there_is_none(self) -> None:
        now = self.pool.get_stats()
        logger.error(
            "No database connection within %s s: %s of %s open, %s free, %s waiting, %s attempts to open one failed.",
            self.pool.timeout,
            now["pool_size"],
            now["pool_max"],
            now["pool_available"],
            now["requests_waiting"],
            now.get("connections_errors", 0),
        )


def is_open(connection: psycopg.Connection) -> bool:
    """Or has the server hung up meanwhile? Asks the socket, which is no round trip."""
    try:
        connection.pgconn.consume_input()  # what the server said last
        connection.pgconn.consume_input()  # and that it has gone
    except psycopg.OperationalError:
        return False
    return True


def is_pooled(connection: psycopg.Connection) -> bool:
    """Or was it opened before the process began to serve? So was that of the demo's jobs, in a thread of their own."""
    return getattr(connection, "_pool", None) is not None


def discard(connection) -> None:
    """Close a pool's connection; the pool opens another in its place."""
    connection.close()
    connection._pool.putconn(connection)


def forget_parents() -> None:
    """In a forked process: two processes on one connection would read each other's rows."""
    pools = PooledWrapper._connection_pools
    _left_behind.extend(pools.values())
    pools.clear()
    for wrapper in connections.all(initialized_only=True):
        wrapper.connection = None


os.register_at_fork(after_in_child=forget_parents)
