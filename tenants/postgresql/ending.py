"""The end of a request's transaction that has only read is sent, and not waited for.

Nothing depends on the answer: what was read was read, there is nothing to lose. It comes while the page is on its way
out (a wait costs 75 µs at best, and twice that on a busy machine), and is taken from the connection before that is
used again, tested or given back.

Source: docs/decisions/0027-remembered-persons.md
"""

from django.db import Error
from django.db.backends.utils import debug_transaction
from psycopg import generators

from .keeping import KeepingWrapper


class EndingWrapper(KeepingWrapper):
    """Knows whether the answer to a COMMIT is still to come."""

    _is_ending = False

    @property
    def serves_a_request(self) -> bool:
        """Is this a request's transaction? Then what uses the connection next is a cursor of ours."""
        return False

    def end_unheard(self) -> None:
        """Send the COMMIT of a transaction that has only read."""
        with debug_transaction(self, "COMMIT"), self.wrap_database_errors:
            self.connection.pgconn.send_query(b"COMMIT")
            self._is_ending = True

    def hear_end(self) -> None:
        """Take the answer, and wait for it should it not have come yet. Raises OperationalError."""
        if not self._is_ending:
            return
        self._is_ending = False
        if self.connection is not None:
            with self.wrap_database_errors:
                self.connection.wait(generators.execute(self.connection.pgconn))

    def is_usable(self):
        try:
            self.hear_end()
        except Error:
            return False
        return super().is_usable()

    def _close(self):
        try:
            self.hear_end()
        except Error:
            self.connection.close()  # the pool would not want it
        super()._close()
