"""Visitors' pages of a public catalogue, read from a standby of the database. Off unless DATABASE_REPLICA_URL is set.

A request goes there as a whole or not at all: nobody's (no cookie of a session, no credential), safe, of a catalogue
that is open to everyone, under one of settings.REPLICA_PATHS. Whoever is signed in reads the primary, so that nobody
misses what he has just written. A standby that is away, or behind by more than settings.REPLICA_MAX_LAG, is left
alone; one that goes away in the middle of a page costs a second try on the primary, and no error.

Source: docs/decisions/0024-beyond-one-machine.md
"""

import logging
import time
from collections.abc import Callable
from threading import Lock

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

from .exceptions import SchemaGone
from .routers import REPLICA, reading_replica
from .schema import in_public, in_tenant, wrapper

logger = logging.getLogger(__name__)

SAFE_METHODS = ("GET", "HEAD")
# Seconds between two looks of a process at both servers, whatever its number of requests; longer at one that is away,
# since whoever looks may wait for it.
CHECKED_EVERY, RETRIED_EVERY = 1.0, 15.0
HERE = "SELECT pg_current_wal_lsn()::text"
# A "replica" that is the primary itself, as a cluster's reading address may be for a while, has everything.
CAUGHT_UP = """
    SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END >= %s::pg_lsn
"""


class ReplicaMiddleware:
    """Directly inside TenantMiddleware, whose transaction on the primary stays open for what is not read here."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not (is_visitors_read(request) and standby.is_fresh()):
            return self.get_response(request)
        prove_on_primary()
        pages = getattr(request, "urlconf", settings.ROOT_URLCONF)  # a page that says it is unavailable changes them
        response = read_from_replica(request, self.get_response)
        if response is None:
            request.urlconf = pages
            response = self.get_response(request)
        return response


def is_visitors_read(request) -> bool:
    """May this request be answered from a moment ago? Decided by what it brings, before anybody is looked up."""
    return (
        request.tenant is not None
        and request.tenant.catalogue_is_public
        and request.method in SAFE_METHODS
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "HTTP_AUTHORIZATION" not in request.META
        and request.path_info.startswith(tuple(settings.REPLICA_PATHS))
    )


def prove_on_primary() -> None:
    """Ask the primary whether the tenant is still the one that is remembered, and its catalogue open: no standby knows.

    Raises TenantChanged and SchemaGone, for TenantMiddleware.
    """
    with wrapper().cursor() as cursor:
        cursor.send_due()


def read_from_replica(request, get_response: Callable):
    """The answer with all tenant's rows read from the standby, bound to the tenant there; None if that failed.

    A tenant that has signed up a moment ago may not be there yet, and a standby ends long reads that stand in the
    way of what it replays: both are a matter for the primary.
    """
    connection = wrapper(REPLICA)
    connection.statement_timeout = settings.REQUEST_STATEMENT_TIMEOUT
    try:
        with in_tenant(request.tenant, using=REPLICA), reading_replica():
            connection.expect()
            response = get_response(request)
    except (OperationalError, InterfaceError, SchemaGone) as error:
        standby.give_up(str(error))
        return None
    finally:
        connection.expect_nothing()
    if response.status_code == 503 and getattr(request, "broken_by", None) == OperationalError.__name__:
        del request.broken_by
        standby.give_up("a page lost its connection")
        return None
    return response


class Standby:
    """How fresh the replica is, as this process last saw it.

    It is as fresh as the moment at which the primary's log stood where the replica has arrived since. The standby's
    own clock of its last transaction would not do: it stands still both on a quiet site and when it is cut off.
    """

    def __init__(self):
        self.lock = Lock()
        self.forget()

    def forget(self) -> None:
        self.position: str | None = None  # of the primary's log, at `taken_at`
        self.taken_at = self.check_at = self.fresh_as_of = float("-inf")

    def is_fresh(self) -> bool:
        """Asks the servers now and then, one thread at a time; the others go by what is known."""
        now = time.monotonic()
        if now >= self.check_at and self.lock.acquire(blocking=False):
            try:
                self.check_at = now + CHECKED_EVERY
                self.check(now)
            finally:
                self.lock.release()
        return now - self.fresh_as_of <= settings.REPLICA_MAX_LAG.total_seconds()

    def check(self, now: float) -> None:
        try:
            if self.position and ask(REPLICA, CAUGHT_UP, [self.position]):
                self.fresh_as_of, self.position = self.taken_at, None
        except OperationalError as error:
            self.give_up(str(error))
        if self.position is None:
            self.position, self.taken_at = ask(DEFAULT_DB_ALIAS, HERE), now

    def give_up(self, reason: str) -> None:
        """Not fresh until a later check says so."""
        logger.warning("The replica is passed by: %s", reason.strip().partition("\n")[0])
        self.fresh_as_of, self.check_at = float("-inf"), time.monotonic() + RETRIED_EVERY
        connections[REPLICA].close_if_unusable_or_obsolete()


def ask(using: str, question: str, arguments: list | None = None):
    """One value, from `public`."""
    with in_public(using=using), connections[using].cursor() as cursor:
        cursor.execute(question, arguments)
        return cursor.fetchone()[0]


standby = Standby()
