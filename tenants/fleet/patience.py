"""How long a tenant's transaction may wait and last, so that nobody's pages wait for it longer."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError
from psycopg import errors

from tenants import citus
from tenants.schema import wrapper

HAS_TRANSACTION_TIMEOUT = 170000  # PostgreSQL 17

# A table is in use for long, or the machine is. The tenant is as it was, and worth another try.
BUSY = (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected, errors.TransactionTimeout)


LONGEST_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True)
class Patience:
    """`lock`: a statement waits so long for a table, and whoever wants the table meanwhile waits behind it.

    `hold`: one statement, and the transaction as a whole, which is how long a lock is held at most.
    `tries`: how often a busy tenant is tried, with pauses between that begin with `pause` and double, up to a minute.
    """

    lock: timedelta = timedelta(seconds=1)
    hold: timedelta = timedelta(seconds=2)
    tries: int = 5
    pause: timedelta = timedelta(milliseconds=500)

    def pauses(self) -> list[float]:
        """Seconds to wait before the second try, the third, and so on. Never more than LONGEST_PAUSE."""
        pauses, pause = [], self.pause
        for _try in range(self.tries - 1):
            pauses.append(pause.total_seconds())
            pause = min(2 * pause, LONGEST_PAUSE)
        return pauses

    def limits(self, using: str) -> list[str]:
        """The statements that a tenant's transaction begins with.

        The statement's own limit comes a little before the transaction's, which ends the session.
        """
        hold = round(self.hold.total_seconds() * 1000)
        limits = [*citus.lock_limits(self.lock, using), f"SET LOCAL statement_timeout = {hold * 9 // 10}"]
        if wrapper(using).pg_version >= HAS_TRANSACTION_TIMEOUT:
            limits.append(f"SET LOCAL transaction_timeout = {hold}")
        return limits


def is_busy(error: BaseException) -> bool:
    cause = error.__cause__
    return isinstance(error, DatabaseError) and (isinstance(cause, BUSY) or is_lost(cause))


def is_lost(error: BaseException | None) -> bool:
    """The session is gone. In a pipeline nothing more is heard of a transaction that lasted too long."""
    return isinstance(error, errors.OperationalError) and error.sqlstate is None
