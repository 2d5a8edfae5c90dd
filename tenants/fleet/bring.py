"""Bringing tenants to the target: by replay, else the ordinary way, and again where a table was in use."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import TextIO

from django.db import DatabaseError
from django.db.models import F

from tenants.exceptions import SchemaMissing, first_line
from tenants.schema import in_public

from . import state
from .at_once import wait_for_the_disk
from .crew import each
from .ordinary import Migrate, Report, applied, impatient, migrate_schema
from .patience import Patience, is_busy
from .progress import Progress
from .replay import Target, replay, replay_looking
from .rows import Rows, copy_fixed_rows, run_hooks
from .schemas import close_for_now, is_open, schema_names, set_ready
from .versions import Key


class Kind(StrEnum):
    MIGRATED = "migrated"
    IDLE = "nothing to do"
    ORDINARY = "to go the ordinary way"
    BUSY = "busy"
    FAILED = "failed"
    GONE = "gone meanwhile"


@dataclass(frozen=True)
class Outcome:
    schema_name: str
    kind: Kind
    error: str = ""


@dataclass(frozen=True)
class Means:
    """What a run works with. `migrate` is Django's command.

    `closed` are those that somebody had closed when the run began, `half_way` those that an earlier run had.
    """

    using: str
    target: Target
    fixed_rows: Rows
    migrate: Migrate
    report: Report
    patience: Patience = field(default_factory=Patience)
    jobs: int = 1
    terminal: TextIO | None = None
    closed: frozenset[str] = frozenset()
    half_way: frozenset[str] = frozenset()

    def opens(self, schema_name: str, lacked: bool) -> bool:
        """Is it served after a turn that went well? Not what the doctor has closed, unless it lacked a migration."""
        return lacked or schema_name not in self.closed


def bring(names: list[str], means: Means) -> list[Outcome]:
    """Every one of them. What becomes of one is its own row's matter and keeps no other back."""
    progress = Progress(len(names), means.report, means.terminal)
    settled = []
    for outcome in outcomes(names, means):
        settle(outcome, means)
        progress.step(line(outcome, means), loud=outcome.kind in (Kind.FAILED, Kind.BUSY))
        settled.append(outcome)
    progress.clear()
    wait_for_the_disk(using=means.using)
    return settled


def outcomes(names: list[str], means: Means) -> Iterator[Outcome]:
    """The last word on each: a busy one gets it after the others, when all its tries are used up."""
    waiting = names
    busy: list[Outcome] = []
    for pause in (0.0, *means.patience.pauses()):
        time.sleep(pause)
        busy = []
        for outcome in try_once(waiting, means):
            if outcome.kind is Kind.BUSY:
                busy.append(outcome)
            else:
                yield outcome
        waiting = [outcome.schema_name for outcome in busy]
        if not waiting:
            return
    no_longer = {*schema_names(means.using, schema_ready=False)} - means.closed - means.half_way
    for outcome in busy:  # by an earlier migration it is no longer what it was, and closed
        yield replace(outcome, kind=Kind.FAILED) if outcome.schema_name in no_longer else outcome


def try_once(names: list[str], means: Means) -> Iterator[Outcome]:
    """By replay, several at once; then, one by one, those whose way is the ordinary one."""
    rest = []
    for outcome in each(names, partial(by_replay, means=means), jobs=means.jobs):
        if outcome.kind is Kind.ORDINARY:
            rest.append(outcome)
        else:
            yield outcome
    for reason in {outcome.error for outcome in rest}:
        means.report(f"the ordinary way, since {reason}")
    for outcome in rest:
        yield ordinarily(outcome.schema_name, means)


def by_replay(schema_name: str, means: Means) -> Outcome:
    """Served meanwhile: its pages wait for the transaction, `Patience.hold` at most, and see before or after."""
    way = replay
    if schema_name in means.closed | means.half_way:
        way = partial(replay_looking, opens=partial(means.opens, schema_name))
    try:
        lacked = way(schema_name, means.target, patience=means.patience, using=means.using)
    except Exception as error:  # the ordinary way decides whether it is one
        return failed(schema_name, error) if is_busy(error) else Outcome(schema_name, Kind.ORDINARY, first_line(error))
    return Outcome(schema_name, Kind.MIGRATED if lacked else Kind.IDLE)


def ordinarily(schema_name: str, means: Means) -> Outcome:
    """Django's command takes a transaction a migration, so the tenant is closed: 503 until it is through."""
    if not schema_names(means.using, schema_name=schema_name):
        return Outcome(schema_name, Kind.GONE)
    before: set[Key] = set()
    migrate = impatient(means.migrate, using=means.using, lock=means.patience.lock)
    was_open = is_open(schema_name, using=means.using)
    try:
        before = applied(schema_name, using=means.using)
        if was_open or schema_name in means.half_way:
            close_for_now(schema_name, using=means.using)
        copy_fixed_rows(schema_name, means.fixed_rows, using=means.using)
        migrate_schema(schema_name, using=means.using, migrate=migrate)
        run_hooks(schema_name, using=means.using)
    except Exception as error:  # one tenant's trouble must not keep the others on old tables
        outcome = failed(schema_name, error)
        if was_open and outcome.kind is Kind.BUSY and is_as_before(schema_name, before, using=means.using):
            set_ready(schema_name, True, using=means.using)  # it is as it was
        return outcome
    word = {"version": means.target.code.version, "rows": means.target.rows}
    lacked = bool(means.target.code.missing(before))
    with in_public(using=means.using):  # killed before or after, never between
        state.note(schema_name, state.State.CURRENT, using=means.using, **word)
        set_ready(schema_name, means.opens(schema_name, lacked), using=means.using)
    return Outcome(schema_name, Kind.MIGRATED if lacked else Kind.IDLE)


def is_as_before(schema_name: str, before: set[Key], *, using: str) -> bool:
    """No, where that cannot be found out."""
    try:
        return applied(schema_name, using=using) == before
    except (DatabaseError, SchemaMissing):
        return False


def failed(schema_name: str, error: Exception) -> Outcome:
    text = f"{type(error).__name__}: {error}".strip()
    return Outcome(schema_name, Kind.BUSY if is_busy(error) else Kind.FAILED, text)


def settle(outcome: Outcome, means: Means) -> None:
    """Keep what became of it where the next run and `fleet_status` look.

    What failed is closed for now: the next run opens it, once its hooks too have gone well, which they do anew since
    of its rows nothing is known.
    """
    trouble = {"error": first_line(outcome.error)[:300], "attempts": F("attempts") + 1}
    if outcome.kind is Kind.BUSY:
        state.note(outcome.schema_name, state.State.BEHIND, using=means.using, **trouble)
    elif outcome.kind is Kind.FAILED:
        if is_open(outcome.schema_name, using=means.using):
            close_for_now(outcome.schema_name, using=means.using)
        state.note(outcome.schema_name, state.State.FAILED, using=means.using, rows="", **trouble)


def line(outcome: Outcome, means: Means) -> str:
    if outcome.kind is Kind.FAILED:
        return f"{outcome.schema_name}: FAILED, {outcome.error}"
    if outcome.kind is Kind.BUSY:
        return f"{outcome.schema_name}: BUSY, left as it was: {first_line(outcome.error)}"
    if outcome.kind is Kind.IDLE and outcome.schema_name in means.closed:
        return f"{outcome.schema_name}: {outcome.kind}, but closed; see `manage.py doctor`"
    return f"{outcome.schema_name}: {outcome.kind}"
