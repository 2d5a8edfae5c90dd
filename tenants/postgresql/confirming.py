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


class Belief(NamedTuple):
    """A question as it is sent, and whether its answer (the cursor stands at it) is the one that was believed."""

    schema_name: str
    question: str
    is_answered: Callable[[psycopg.Cursor], bool]


class ConfirmingWrapper(SendingWrapper):
    """Holds at most one belief, from when something was taken from memory until the first statement comes back."""

    _belief: Belief | None = None
    _is_belied = False  # until the next request: whoever swallowed what says so hears it again

    def believe(self, statement: Lasting, values: Sequence[Any], is_answered: Callable[[psycopg.Cursor], bool]) -> None:
        """Go on as if `statement` were answered so, until that is known. Only where `may_believe`."""
        with self.cursor() as cursor:
            cursor.make_ready(statement)
            call = cursor.as_call(statement, values) or (statement, values)
            self._belief = Belief(self.schema_name, cursor.written(*call), is_answered)

    def confirm_belief(self) -> None:
        """Ask now, if it was not asked yet. Raises AnswerChanged, also where it cannot be asked."""
        if self._belief:
            with self.cursor() as cursor:
                cursor.send_due()
        if self._belief or self._is_belied:
            raise AnswerChanged

    def forget_belief(self) -> None:
        """Nothing that was taken from memory is of interest any more."""
        self._belief, self._is_belied = None, False

    def questions_due(self) -> list[str]:
        """The last of what is due, since it needs its schema bound: while another schema is bound, it waits."""
        if self._is_belied:
            raise AnswerChanged
        return [self._belief.question] if self._belief and self._belief.schema_name == self.schema_name else []

    def sent(self, cursor: psycopg.Cursor, count: int) -> None:
        super().sent(cursor, count)
        if not (count and self.questions_due()):
            return
        belief, self._belief = cast("Belief", self._belief), None
        cursor.set_result(count - 1)
        if not belief.is_answered(cursor):
            self._is_belied = True
            raise AnswerChanged
