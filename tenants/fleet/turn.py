"""One run at a time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import ProgrammingError
from psycopg.errors import UndefinedTable

from tenants.housekeeping import AlreadyRunning, only_one
from tenants.models import Job


@contextmanager
def alone() -> Iterator[None]:
    """Hold the row of whoever migrates. On an empty database there is none yet, and nobody to meet.

    Raises AlreadyRunning.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(only_one(Job.FLEET))
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable):
                raise
        yield


def is_taken() -> bool:
    """Does somebody migrate, or restore over a tenant, just now?"""
    try:
        refuse_company()
    except AlreadyRunning:
        return True
    return False


def refuse_company() -> None:
    """Raise AlreadyRunning if somebody migrates. For `public`, whose migrations may change the very table of the row:
    held meanwhile, it would keep them waiting for ever. Two that meet there have PostgreSQL to part them.
    """
    with alone():
        pass
