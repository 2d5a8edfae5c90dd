"""A whole run: `public`, the template, then the tenants, ring by ring.

One at a time: who runs holds a row (tenants.Job). With nothing to do it is one query, however many tenants there
are. What is done is in the rows of SchemaState, so a run that was killed is simply begun again.

Source: docs/decisions/0019-fleet.md
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from django.conf import settings

from tenants.models import Tenant

from . import rings, shared, state
from .bring import Kind, Means, Outcome, bring
from .ordinary import Migrate, Report
from .patience import Patience
from .progress import Progress
from .recording import playable
from .replay import Target
from .rows import fixed_rows, row_statements, rows_word
from .schemas import half_way, is_shared, refuse_unknown, schema_names
from .turn import alone, refuse_company
from .versions import code


@dataclass(frozen=True)
class Orders:
    """What a run is asked for.

    `migrate` is Django's command as a function of the schema, `recorded` the same for the template, kept for the
    tenants. `until` names the last ring to go to. `keep_copies` is a folder for dumps of a ring from before it.
    """

    using: str
    migrate: Migrate
    recorded: Migrate
    report: Report
    jobs: int = 1
    patience: Patience = field(default_factory=Patience)
    terminal: TextIO | None = None
    until: str = Tenant.Ring.REST
    keep_copies: Path | None = None


@dataclass
class Result:
    failed: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    stopped: str = ""

    def add(self, outcomes: list[Outcome]) -> None:
        self.failed += [outcome.schema_name for outcome in outcomes if outcome.kind is Kind.FAILED]
        self.busy += [outcome.schema_name for outcome in outcomes if outcome.kind is Kind.BUSY]


def migrate_all(orders: Orders) -> Result:
    """Bring every schema to the code's state. Raises AlreadyRunning, SharedBusy, CopiesNotKept."""
    if is_idle(orders):
        return Result()
    refuse_company()
    migrate_public(orders)
    with alone():
        if shared.template_is_behind(orders.using):
            shared.migrate_template(using=orders.using, migrate=orders.recorded, report=orders.report)
        shared.await_sign_ups(using=orders.using, patience=orders.patience)
        return go_round(orders)


def migrate_only(schema_name: str, orders: Orders) -> Result:
    """The same for one schema. Raises SchemaMissing for a name that is nobody's, and TemplateBehind, besides.

    A tenant never goes ahead of the template: its new rows would get ids of their own. Its rows are copied and
    its hooks run in any case, so this also mends what was spoilt by hand.
    """
    if not is_shared(schema_name):
        refuse_unknown(schema_name, using=orders.using)
    refuse_company()
    if schema_name == settings.PUBLIC_SCHEMA_NAME:
        migrate_public(orders)
        return Result()
    with alone():
        if schema_name == settings.TEMPLATE_SCHEMA:
            shared.migrate_template(using=orders.using, migrate=orders.recorded, report=orders.report)
            return Result()
        shared.refuse_behind(using=orders.using)
        keep_copies([schema_name], orders)
        state.forget(schema_name, using=orders.using)
        result = Result()
        result.add(bring([schema_name], means_of(orders)))
        return result


def migrate_public(orders: Orders) -> None:
    shared.migrate_public(using=orders.using, migrate=orders.migrate, report=orders.report, patience=orders.patience)


def is_idle(orders: Orders) -> bool:
    """The one query of a deploy without migrations."""
    seen = state.survey(code().version, using=orders.using)
    if seen is None or not seen.nothing_to_do:
        return False
    orders.report(f"{seen.tenants} tenants: nothing to do")
    for schema_name in seen.closed:
        orders.report(f"{schema_name}: nothing to do, but closed; see `manage.py doctor`")
    return True


def go_round(orders: Orders) -> Result:
    """Every ring in turn, then whoever came meanwhile. A ring that does not stand keeps the next from its turn."""
    means, result = means_of(orders), Result()
    for ring in rings.up_to(orders.until):
        if names := state.behind(using=orders.using, version=code().version, ring=ring):
            orders.report(f"ring {ring}: {len(names)} tenants")
            keep_copies(names, orders)
            state.take(names, using=orders.using)
            result.add(bring(names, means))
        result.stopped = rings.why_to_stop(ring, result.failed, result.busy, using=orders.using)
        if result.stopped:
            return result
    if orders.until == Tenant.Ring.REST:
        late = state.behind(using=orders.using, version=code().version, but=[*result.failed, *result.busy])
        state.take(late, using=orders.using)
        result.add(bring(late, means) if late else [])
    return result


def keep_copies(names: list[str], orders: Orders) -> None:
    if orders.keep_copies:
        progress = Progress(len(names), orders.report, orders.terminal)
        rings.keep_copies(names, orders.keep_copies, using=orders.using, progress=progress)


def means_of(orders: Orders) -> Means:
    """Read the template once, for all tenants."""
    fixed = fixed_rows(orders.using)
    left_closed = frozenset(half_way(orders.using))
    target = Target(
        code=code(),
        steps_of=playable(code(), using=orders.using),
        rows=rows_word(fixed),
        row_statements=row_statements(fixed, using=orders.using),
    )
    return Means(
        using=orders.using,
        target=target,
        fixed_rows=fixed,
        migrate=orders.migrate,
        report=orders.report,
        patience=orders.patience,
        jobs=orders.jobs,
        terminal=orders.terminal,
        closed=frozenset(schema_names(orders.using, schema_ready=False)) - left_closed,
        half_way=left_closed,
    )
