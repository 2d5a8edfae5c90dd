"""Is every tenant still a copy of the template? Names each difference, and cures what can be cured safely.

The process-wide caches of Django and guardian rely on the copies being equal (ids of content types and
permissions above all), so a tenant that differs is not served: it is marked not ready and answers 503.
No statement here names two tenants: each schema is read by itself and compared in Python.
"""

from collections.abc import Callable, Iterator
from functools import partial

from django.conf import settings
from django.db import DatabaseError

from . import spares
from .dumps import structure
from .exceptions import SchemaMissing, TemplateMissing, first_line
from .findings import Finding
from .fleet import schemas
from .fleet.turn import alone
from .fleet.versions import Key
from .housekeeping import AlreadyRunning
from .leftovers import leftovers
from .models import Spare
from .pictures import Picture, examine, take_picture

# A cure may need another one's result (a foreign key needs its rows), so what is left is looked at again.
ROUNDS = 3


def examine_all(
    using: str, *, repair: bool = False, only: str | None = None
) -> Iterator[tuple[str, list[Finding], list[str]]]:
    """Yield (schema, what still differs, what was cured), for each tenant; first `public`, for the leftovers.

    Marks each tenant ready or not ready, by what was found. Raises TemplateMissing, and SchemaMissing
    if `only` is no tenant's.
    """
    if only:
        schemas.refuse_unknown(only, using=using)
    try:
        template = take_picture(settings.TEMPLATE_SCHEMA, using)
    except SchemaMissing as error:
        raise TemplateMissing("Run `manage.py migrate` first: there is no template schema to compare with.") from error
    earlier = list(structure.known_migrations(using))
    yield examine_one(settings.PUBLIC_SCHEMA_NAME, partial(leftovers, using), repair=repair)
    for schema_name in [only] if only else schemas.schema_names(using):
        yield examine_tenant(schema_name, template, earlier, using, repair=repair)
    if not only:
        for spare in spares.fit(using):
            look = partial(damage, spare, template, using)
            yield examine_one(spare.schema_name, look, repair=repair)


def examine_tenant(schema_name: str, template: Picture, earlier: list[set[Key]], using: str, *, repair: bool):
    """Look, cure, and open or close it.

    Only looking is done at any time. Where there is something to be done, it is done in the fleet's turn and with the
    template as it is then: a run changes the template and each tenant, and closes some of them for its own time.
    """
    is_open = schemas.is_open(schema_name, using=using)
    if is_open and (left := harmless(schema_name, template, earlier, using)) is not None:
        return schema_name, left, []
    try:
        with alone():
            return settle(schema_name, earlier, using, repair=repair)
    except AlreadyRunning:
        problem = f"{'differs' if is_open else 'is closed'}, and somebody migrates or restores"
        return schema_name, [Finding(schema_name, "tenant", problem)], []


def settle(schema_name: str, earlier: list[set[Key]], using: str, *, repair: bool):
    """In the fleet's turn."""
    template = take_picture(settings.TEMPLATE_SCHEMA, using)
    if schemas.is_open(schema_name, using=using):
        left = harmless(schema_name, template, earlier, using)
        if left is not None:
            return schema_name, left, []
    result = examine_one(schema_name, partial(examine, schema_name, template, using), repair=repair)
    schemas.set_ready(schema_name, not result[1], using=using)
    return result


def harmless(schema_name: str, template: Picture, earlier: list[set[Key]], using: str) -> list[Finding] | None:
    """What is found of one that may stay open: nothing, or that it waits for its turn, and is served until then.
    None of one that may not.
    """
    if not examine(schema_name, template, using):
        return []
    if not waits(schema_name, template, earlier, using):
        return None
    return [Finding(schema_name, "tenant", "waits for its turn; run `manage.py migrate`")]


def waits(schema_name: str, template: Picture, earlier: list[set[Key]], using: str) -> bool:
    """Is it as an earlier template was, by its migrations? Its ring comes later, or its tables were in use."""
    try:
        applied = take_picture(schema_name, using).migrations
    except SchemaMissing:
        return False
    return applied < template.migrations and applied in earlier


def damage(spare: Spare, template: Picture, using: str) -> list[Finding]:
    """What keeps a spare from being handed out as a copy of the template. It is not mended: another one is made."""
    found = examine(spare.schema_name, template, using)
    if not found or not spares.waits(spare, using=using):
        return []
    problem = f"differs from the template, {found[0].what}: {found[0].problem}"
    return [Finding(spare.schema_name, "spare", problem, partial(spares.discard, spare, using=using))]


def examine_one(schema_name: str, look: Callable[[], list[Finding]], *, repair: bool):
    """Look, and with `repair` cure and look again, as long as that helps."""
    findings, cured = look(), []
    for _round in range(ROUNDS if repair else 0):
        attempts = [finding for finding in findings if finding.cure]
        if not attempts:
            break
        failures = {finding.what: problem for finding in attempts if (problem := try_cure(finding))}
        cured += [str(finding) for finding in attempts if finding.what not in failures]
        findings = [
            Finding(f.schema, f.what, f"{f.problem}; the cure failed: {failures[f.what]}", f.cure)
            if f.what in failures
            else f
            for f in look()
        ]
    return schema_name, findings, cured


def try_cure(finding: Finding) -> str | None:
    """Cure it; what kept it from that."""
    try:
        finding.cure()  # type: ignore[misc]
    except AlreadyRunning:
        return "somebody migrates or restores"
    except (DatabaseError, LookupError) as error:
        return first_line(error)
    return None
