"""What must come before a statement travels with it: BEGIN, savepoints, and the binding of the schema.

Django sends each of them as soon as it is asked for, a round trip each, although most views need none of their
savepoints and some ask nothing at all. Here they wait for the next statement and share its round trip; a savepoint
in which nothing was sent is never made, and one that the COMMIT ends is not released before it. A savepoint before
which the transaction has only read is not made either: going back to it is the same as beginning anew (every
statement reads what was committed before it, PostgreSQL's READ COMMITTED). So a page that writes nothing has none.

psycopg's own connection stays in autocommit: whoever goes past Django's cursors to it says BEGIN himself. What is
reached through a cursor (`cursor.connection`, `cursor.copy`) finds everything sent.

Source: docs/decisions/0021-known-tenants.md
"""

import re
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db.backends.postgresql.base import CursorDebugWrapper as DjangoDebugCursor
from django.db.backends.utils import CursorWrapper
from psycopg.pq import TransactionStatus

from .ending import EndingWrapper
from .keeping import Lasting
from .reading import only_reads

BEGIN = "BEGIN"
# What only reads the cursor, or is of no interest to the server. Whatever else is reached through it may send.
HARMLESS = {
    *("fetchone", "fetchmany", "fetchall", "nextset", "description", "rowcount", "rownumber", "statusmessage"),
    *("close", "closed", "mogrify", "arraysize", "itersize", "row_factory", "adapters", "_query"),
}
# The others go alone: CREATE TABLE must be a top-level statement for Citus, VACUUM one outside of any transaction.
SOCIABLE = re.compile(r"\s*\(?(SELECT|INSERT|UPDATE|DELETE|WITH)\b")

# Hashes of the texts that the server has parsed once. It parses a whole string before it does any of it: were a
# statement not SQL, the savepoint in front of it would not be made either, and there were no way back to it.
_understood: set[int] = set()
MOST_UNDERSTOOD = 10_000


class SendingWrapper(EndingWrapper):
    """Keeps what is due, in order, until a statement is sent."""

    def __init__(self, *args: Any, **kwargs: Any):
        self._due_savepoints: list[str] = []
        self._beginnings: list[str] = []  # savepoints that are the transaction's beginning
        self._has_more_than_read = False
        super().__init__(*args, **kwargs)

    def due(self) -> list[str]:
        """The statements that must come before the next one. The connection is free for it then."""
        self.hear_end()
        begins = not self.autocommit and self._is_idle()
        return [BEGIN, *self._due_savepoints] if begins else [*self._due_savepoints]

    def sent(self, cursor: psycopg.Cursor, count: int) -> None:
        """What was due has been done: `cursor` has the answers, `count` of them before the next statement's."""
        self._due_savepoints.clear()

    def refused(self, error: psycopg.Error) -> None:
        """What was due, or the statement after it, has failed. May raise what says more than `error`."""
        self._due_savepoints.clear()

    def _is_idle(self) -> bool:
        """Is no transaction open on the server, or has its COMMIT been sent?"""
        return self._is_ending or self.connection.pgconn.transaction_status == TransactionStatus.IDLE

    def make_cursor(self, cursor):
        return Cursor(cursor, self)

    def make_debug_cursor(self, cursor):
        return DebugCursor(cursor, self)

    def _set_autocommit(self, autocommit: bool) -> None:
        """Without it, psycopg would send a BEGIN by itself, and nothing along with it."""
        self._has_more_than_read = False
        if autocommit and not self.connection.autocommit:
            super()._set_autocommit(True)

    def note_more_than_read(self) -> None:
        """From here on the transaction has something to lose: a row written or locked, or who knows what."""
        self._has_more_than_read = True

    # --- savepoints, and the ends of a transaction ---------------------------------------------------

    def _savepoint(self, sid: str) -> None:
        if self._has_more_than_read:
            self._due_savepoints.append(self.ops.savepoint_create_sql(sid))
        else:
            self._beginnings.append(sid)

    def _savepoint_commit(self, sid: str) -> None:
        if sid in self._beginnings:
            del self._beginnings[self._beginnings.index(sid) :]
        elif not self._unmake(sid):
            self._due_savepoints.append(self.ops.savepoint_commit_sql(sid))

    def _savepoint_rollback(self, sid: str) -> None:
        if sid in self._beginnings:
            del self._beginnings[self._beginnings.index(sid) + 1 :]  # not itself: Django releases it next
            self._begin_anew()
        elif self._unmake(sid):
            self._savepoint(sid)  # a rollback to it does not end it: Django releases it next
        else:
            self._due_savepoints.clear()  # whatever they are, they lie inside this one
            super()._savepoint_rollback(sid)
            self._undone()

    def _begin_anew(self) -> None:
        """With the next statement, since BEGIN is then due as it was at first."""
        self._due_savepoints.clear()
        self._has_more_than_read = False
        if not self._is_idle():
            super()._rollback()
            self._undone()

    def _undone(self) -> None:
        """Called when a savepoint was rolled back, and with it what was set since."""

    def _unmake(self, sid: str) -> bool:
        """Forget a savepoint that was never sent, with all that was due since. False for one that was sent."""
        statement = self.ops.savepoint_create_sql(sid)
        if statement not in self._due_savepoints:
            return False
        del self._due_savepoints[self._due_savepoints.index(statement) :]
        return True

    def _forget_transaction(self) -> None:
        self._due_savepoints.clear()
        self._beginnings.clear()
        self._has_more_than_read = False

    def _commit(self) -> None:
        has_only_read = not self._has_more_than_read
        self._forget_transaction()
        if self.connection is None or self._is_idle():
            return
        if has_only_read and self.serves_a_request:
            self.end_unheard()
        else:
            super()._commit()

    def _rollback(self) -> None:
        self._forget_transaction()
        self.hear_end()
        super()._rollback()

    def close(self) -> None:
        self._forget_transaction()
        super().close()


class Cursor(CursorWrapper):
    """Django's cursor, which sends what is due along with its statement, or before one that goes alone."""

    db: SendingWrapper

    def __getattr__(self, name: str) -> Any:
        if name not in HARMLESS:
            self.send_due()
            self.db.note_more_than_read()
        return super().__getattr__(name)

    def callproc(self, *args: Any, **kwargs: Any) -> Any:
        self.send_due()
        self.db.note_more_than_read()
        return super().callproc(*args, **kwargs)

    def _executemany(self, sql, param_list, *ignored):
        self.send_due()
        self.db.note_more_than_read()
        return super()._executemany(sql, param_list, *ignored)  # type: ignore[misc]

    def _execute(self, sql, params, *ignored):
        self.db.validate_no_broken_transaction()
        if isinstance(sql, Lasting):
            self.make_ready(sql)
        due = self.db.due()
        if not (isinstance(sql, str) and only_reads(sql)):
            self.db.note_more_than_read()
        if (call := self.as_call(sql, params)) or (due and goes_along(self.cursor, sql)):
            with self.db.wrap_database_errors:
                send(self.db, self.cursor, due, self.written(*(call or (sql, params))))
                return self.cursor.set_result(len(due))
        if due:
            self.send_due()
        result = super()._execute(sql, params, *ignored)  # type: ignore[misc]  # the stubs leave it out
        if due:
            understand(sql)
        return result

    def make_ready(self, sql: Lasting) -> None:
        """What the session keeps when it is worth it, in a trip of its own, after what is due."""
        if not (kept := self.db.kept) or not (new := kept.worth_keeping(self.db.schema_name, sql.parts)):
            return
        try:
            self.send_before(self.db.due(), *kept.definitions(self.db.schema_name, new))
        except BaseException:
            kept.forget()  # what was done before it failed stays done, whatever becomes of the transaction
            raise
        kept.note(self.db.schema_name, new)

    def as_call(self, sql: Any, params: Any) -> tuple[str, list[Any]] | None:
        """What calls `sql` where the session has it ready, with its parameters."""
        if not isinstance(sql, Lasting) or not (kept := self.db.kept):
            return None
        return kept.call(self.db.schema_name, sql, params)

    def written(self, sql: str, params: Any) -> str:
        """With its values: apart from what is due, since psycopg keeps what it has learned of a text with places for
        values, and what is due names the tenant. A value that cannot be written raises before anything is sent.
        """
        return sql if params is None else self.cursor.mogrify(sql, params)

    def send_due(self) -> None:
        if due := self.db.due():
            self.send_before(due)

    def send_before(self, due: list[str], *statements: str) -> None:
        with self.db.wrap_database_errors, self.db.connection.cursor() as cursor:
            send(self.db, cursor, due, *statements, "")


class DebugCursor(Cursor, DjangoDebugCursor):
    """The same where statements are written down; what was due is on the list as well, at no time of its own."""

    def copy(self, statement):
        self.send_due()
        self.db.note_more_than_read()
        return super().copy(statement)


def send(db: SendingWrapper, cursor: psycopg.Cursor, due: Sequence[str], *statements: str) -> None:
    """In one string and one round trip."""
    if db.queries_logged:
        before = [*due, *statements[:-1]]
        db.queries_log.extend({"sql": each, "time": "0.000"} for each in before if each != BEGIN)
    try:
        cursor.execute("; ".join([*due, *statements]), prepare=False)
    except psycopg.Error as error:
        db.refused(error)
        raise
    db.sent(cursor, len(due))


def goes_along(cursor: psycopg.Cursor, sql: Any) -> bool:
    """Several statements in one string are for client-side binding alone, Django's usual one."""
    return isinstance(sql, str) and hash(sql) in _understood and isinstance(cursor, psycopg.ClientCursor)


def understand(sql: Any) -> None:
    if isinstance(sql, str) and SOCIABLE.match(sql):
        if len(_understood) >= MOST_UNDERSTOOD:
            _understood.clear()
        _understood.add(hash(sql))
