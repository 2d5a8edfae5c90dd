"""How far each schema is: the rows of SchemaState, read and written (tenants/models/fleet.py)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connections
from django.db.models import Case, Count, F, Q, Value, When
from django.utils import timezone

from tenants.models import Blueprint, SchemaState, Tenant
from tenants.schema import in_public

from .versions import code, database_is_older

State = SchemaState.State

SURVEY = """
    SELECT (SELECT count(*) FROM public.tenants_tenant),
           (SELECT count(*) FROM public.tenants_schemastate WHERE version = %(version)s AND state = 'current'),
           (SELECT count(*) FROM public.tenants_schemastate WHERE version = %(version)s AND tenant_id IS NULL),
           EXISTS (SELECT 1 FROM public.tenants_blueprint WHERE version = %(version)s)
               AND EXISTS (SELECT 1 FROM public.tenants_signingkey),
           (SELECT array_agg(schema_name ORDER BY id) FROM public.tenants_tenant WHERE NOT schema_ready)
"""

NOTE_NEW = """
    INSERT INTO public.tenants_schemastate (schema_name, tenant_id, state, version, rows, error, attempts, changed_at)
    SELECT %(schema_name)s, %(tenant)s, 'current', version, rows, '', 0, now()
      FROM public.tenants_blueprint WHERE fingerprint = %(fingerprint)s
"""

# What no run has seen yet: tenants of a time before there were states, and the two schemas that are nobody's.
NOTE_ALL = """
    INSERT INTO public.tenants_schemastate (schema_name, tenant_id, state, version, rows, error, attempts, changed_at)
    SELECT known.schema_name, known.tenant_id, 'behind', '', '', '', 0, now()
      FROM (SELECT schema_name, id AS tenant_id FROM public.tenants_tenant
            UNION ALL SELECT unnest(%(shared)s::text[]), NULL) AS known
     WHERE NOT EXISTS (SELECT 1 FROM public.tenants_schemastate s WHERE s.schema_name = known.schema_name)
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Survey:
    """The whole fleet at a glance."""

    tenants: int
    current: int
    shared_current: int
    furnished: bool
    closed: tuple[str, ...]

    @property
    def nothing_to_do(self) -> bool:
        """Are `public`, the template, its blueprint and every tenant at the code's version?"""
        return self.furnished and self.shared_current == 2 and self.current == self.tenants + 2


def survey(version: str, *, using: str) -> Survey | None:
    """One query, whatever the number of tenants, and no transaction. None on a database that lacks its tables."""
    with connections[using].cursor() as cursor:
        try:
            cursor.execute(SURVEY, {"version": version})
        except ProgrammingError as error:
            if database_is_older(error):
                return None
            raise
        tenants, current, shared_current, furnished, closed = cursor.fetchone()
    return Survey(tenants, current, shared_current, furnished, tuple(closed or ()))


def note_new(tenant: Tenant, *, fingerprint: str, using: str) -> None:
    """The state of a tenant that is a copy of that blueprint. In the transaction that makes the tenant."""
    values = {"schema_name": tenant.schema_name, "tenant": tenant.pk, "fingerprint": fingerprint}
    with connections[using].cursor() as cursor:
        cursor.execute(NOTE_NEW, values)


def note_all(using: str) -> None:
    """Give every schema that has none a row of its own, `behind` until a run has looked at it."""
    shared = [settings.PUBLIC_SCHEMA_NAME, settings.TEMPLATE_SCHEMA]
    with in_public(using=using), connections[using].cursor() as cursor:
        cursor.execute(NOTE_ALL, {"shared": shared})


def note(schema_name: str, state: str, *, using: str, **fields) -> None:
    """Write one row, in a transaction of its own or in the caller's."""
    with in_public(using=using):
        fields = {"error": "", "attempts": 0, **fields, "state": state, "changed_at": timezone.now()}
        SchemaState.objects.using(using).filter(pk=schema_name).update(**fields)


def note_blueprint(version: str, rows: str, *, using: str) -> None:
    """Say what a copy of the newest blueprint has. Last of all that a run does with the template."""
    with in_public(using=using):
        newest = Blueprint.objects.using(using).order_by("-pk").values("pk")[:1]
        Blueprint.objects.using(using).filter(pk__in=newest).update(version=version, rows=rows)


def behind(*, using: str, version: str, ring: str | None = None, but: Iterable[str] = ()) -> list[str]:
    """The tenants that are not at `version`, of one ring or of all, in order of their age.

    `but` names those that had their turn.
    """
    rows = SchemaState.objects.using(using).filter(tenant__isnull=False)
    rows = rows.exclude(version=version, state=State.CURRENT).exclude(pk__in=but)
    if ring:
        rows = rows.filter(tenant__ring=ring)
    with in_public(using=using):
        return list(rows.order_by("tenant_id").values_list("pk", flat=True))


def take(names: list[str], *, using: str) -> None:
    """Mark them as this run's."""
    with in_public(using=using):
        rows = SchemaState.objects.using(using).filter(pk__in=names)
        rows.update(state=State.MIGRATING, changed_at=timezone.now())


def forget(schema_name: str, *, using: str) -> None:
    """After a restore, say: what the row says is worth nothing, so the next run looks at the schema."""
    note(schema_name, State.BEHIND, using=using, version="", rows="")


def forget_all(using: str) -> None:
    """The same for all, on a database that has the rows."""
    with in_public(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.tenants_schemastate') IS NOT NULL")
        if cursor.fetchone()[0]:
            SchemaState.objects.using(using).update(version="", rows="", state=State.BEHIND)


def is_behind(tenant: Tenant, *, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Is its schema known to be of other code than this process runs? Asked when a page broke, and only then."""
    with in_public(using=using):
        rows = SchemaState.objects.using(using).filter(tenant_id=tenant.pk)
        return rows.exclude(version__in=["", code().version]).exists()


def table(version: str, *, using: str, is_running: bool) -> dict:
    """What `manage.py fleet_status` shows: counts by ring, state and version, and the rows that want looking after.

    A state is that of the run which wrote it. Shown is what it is worth now: "current" for this code alone, and
    "migrating" while somebody does (`is_running`).
    """
    over = Q(state=State.CURRENT) & ~Q(version=version)
    if not is_running:
        over |= Q(state=State.MIGRATING)
    rows = SchemaState.objects.using(using).filter(tenant__isnull=False).annotate(ring=F("tenant__ring"))
    rows = rows.annotate(now=Case(When(over, then=Value(State.BEHIND)), default=F("state")))
    counts = rows.order_by("ring", "now", "version").values("ring", "now", "version").annotate(tenants=Count("pk"))
    fields = ("schema_name", "ring", "now", "version", "attempts", "error", "closed_for_now", "changed_at")
    troubled = rows.filter(~Q(error="") | Q(closed_for_now=True))
    with in_public(using=using):
        return {
            "code": version,
            "counts": [with_state(row) for row in counts],
            "troubled": [with_state(row) for row in troubled.order_by("pk").values(*fields)],
        }


def with_state(row: Mapping) -> dict:
    """By the column's own name, which Django keeps from what is reckoned in its place."""
    return {"state" if name == "now" else name: value for name, value in row.items()}
