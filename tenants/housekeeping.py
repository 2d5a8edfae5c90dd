"""The jobs that run by themselves, one after another, each for itself (settings.HOUSEKEEPING).

A job is a management command. What becomes of it is written down (tenants.Job) and shown in the console; one
that fails, or is not there, is noted as such and keeps no other from running.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from threading import Event

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, close_old_connections, connections
from django.utils import timezone

from .models import Job
from .schema import in_public

logger = logging.getLogger(__name__)

CLAIM = "INSERT INTO public.tenants_job (name, took_ms, ok, result) VALUES (%s, 0, true, '') ON CONFLICT DO NOTHING"
HOLD = "SELECT id FROM public.tenants_job WHERE name = %s FOR UPDATE NOWAIT"


class AlreadyRunning(Exception):
    """Somebody else is at it."""


def run_forever(every: float, stop: Event, report=lambda line: None) -> None:
    """A round every `every` seconds, until `stop` is set. A round that could not be run is tried again."""
    while not stop.is_set():
        try:
            run_round(report)
        except AlreadyRunning:
            report("Somebody else is running the jobs.")
        except OperationalError:
            logger.exception("The database does not answer; the jobs wait.")
        close_old_connections()
        stop.wait(every)


def run_round(report=lambda line: None) -> list[Job]:
    """Every job once, in order. Returns what became of each. Raises AlreadyRunning."""
    with only_one():
        jobs = []
        for words in settings.HOUSEKEEPING:
            job = run(words)
            report(f"{job.name}: {'' if job.ok else 'FAILED, '}{job.result or 'done'}")
            jobs.append(job)
        return jobs


def run(words: list[str]) -> Job:
    """One job. Whatever goes wrong with it is its result, and nobody else's trouble."""
    name, started, out = " ".join(words), timezone.now(), StringIO()
    clock = time.monotonic()
    try:
        call_command(*words, stdout=out, stderr=out)
        ok, said = True, out.getvalue()
    except Exception as error:  # whatever a command may raise: the next job is not to suffer for it
        logger.exception("The job %s failed.", name)
        ok, said = False, f"{type(error).__name__}: {error}"
    result = " ".join(said.split())[:300]
    took = int((time.monotonic() - clock) * 1000)
    with in_public(using=settings.ADMIN_DATABASE):
        job, _made = Job.objects.using(settings.ADMIN_DATABASE).update_or_create(
            name=name, defaults={"started_at": started, "took_ms": took, "ok": ok, "result": result}
        )
    return job


@contextmanager
def only_one(name: str = Job.RUNNER) -> Iterator[None]:
    """Hold a row of Job.LOCKS, the runner's, on a connection of its own, while the jobs run on theirs.

    The lock is gone with the process that holds it, however it ends. Raises AlreadyRunning.
    """
    connection = connections[settings.ADMIN_DATABASE].copy()
    connection.settings_dict["OPTIONS"].pop("pool", None)  # it is held for long, and beside a server (the demo)
    try:
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [name])
            connection.set_autocommit(False)
            try:
                cursor.execute(HOLD, [name])
            except OperationalError as error:
                raise AlreadyRunning from error
            yield
    finally:
        # PostgreSQL notices in its own time that somebody hung up, and whoever asks at once is to find the row free.
        with suppress(DatabaseError):
            connection.rollback()
        connection.close()
