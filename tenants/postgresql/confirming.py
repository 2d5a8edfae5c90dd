"""What a request takes from memory is confirmed along with its first statement.

Who asks, and what he may do, is a question of each request, and its answer is nearly always that of the request
before. So a request may go on with the answer that the process remembers, while the question waits for the first
statement and travels in front of it, in one string. Unless it is answered as it was before, that statement's own
answer is not looked at: AnswerChanged ends the request, and TenantMiddleware begins it anew, from the database.

No answer leaves before it is confirmed: a request that sends no statement of its own has the question sent at its end.

Source: docs/decisions/0027-remembered-persons.md
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import psycopg

from tenants.exceptions import AnswerChanged

from .keeping import Lasting
from .sending import SendingWrapper


class Doubt(NamedTuple):
    """A question as it is sent, and whether its answer (the cursor stands at it) is the one that was believed."""

    schema_name: str
    question: str
    is_answered: Callable[[psycopg.Cursor], bool]


class ConfirmingWrapper(SendingWrapper):
    """Holds at most one doubt, from when something was taken from memory until the first statement comes back."""

    _doubt: Doubt | None = None

    def confirm(self, statement: Lasting, values: Sequence[Any], is_answered: Callable[[psycopg.Cursor], bool]) -> None:
        """Believe that `statement` is answered so until that is known."""
        with self.cursor() as cursor:
            cursor.make_ready(statement)
            call = cursor.as_call(statement, values) or (statement, values)
            self._doubt = Doubt(self.schema_name, cursor.written(*call), is_answered)

    def settle_doubt(self) -> None:
        """Ask now, if it was not asked yet. Raises AnswerChanged."""
        if self._doubt:
            with self.cursor() as cursor:
                cursor.send_due()

    def forget_doubt(self) -> None:
        """Nothing that was taken from memory is of interest any more."""
        self._doubt = None

    def questions_due(self) -> list[str]:
        """The last of what is due, since it needs its schema bound: while another one is, it waits."""
        return [self._doubt.question] if self._doubt and self._doubt.schema_name == self.schema_name else []

    def sent(self, cursor: psycopg.Cursor, count: int) -> None:
        super().sent(cursor, count)
        if not (count and self.questions_due()):
            return
        doubt, self._doubt = cast("Doubt", self._doubt), None
        cursor.set_result(count - 1)
        if not doubt.is_answered(cursor):
            raise AnswerChanged
