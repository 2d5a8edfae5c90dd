"""The two schemas that come before the tenants: `public`, then the template that every tenant is a copy of."""

import time

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, OperationalError, ProgrammingError, connections
from django.utils import timezone
from psycopg.errors import UndefinedTable

from tenants import copies, signing
from tenants.exceptions import SchemaMissing, SharedBusy, TemplateBehind
from tenants.models import Blueprint, SchemaState
from tenants.schema import in_public

from . import state
from .ordinary import Migrate, Report, applied, impatient, migrate_schema
from .patience import Patience, is_busy
from .rows import fixed_rows, rows_word, run_hooks
from .versions import Key, code


def migrate_public(*, using: str, migrate: Migrate, report: Report, patience: Patience) -> None:
    """Bring `public` to the code's state, with a key to sign with and a state row for each schema.

    Raises SharedBusy.
    """
    public = settings.PUBLIC_SCHEMA_NAME
    lacking = missing_in(public, using=using)
    if lacking is None or any(is_shared_app(app) for app, _name in lacking):
        report(f"{public}: migrating")
        if lacking is None:  # nobody reads it yet
            migrate_schema(public, using=using, migrate=migrate)
        else:
            migrate_in_use(public, using=using, migrate=migrate, patience=patience)
    else:
        record(lacking, using=using)
    furnish_public(using=using, report=report)


def migrate_in_use(schema_name: str, *, using: str, migrate: Migrate, patience: Patience) -> None:
    """Where every page of every tenant reads: whoever waits for a table there has all of them wait behind him.

    So it waits as briefly as in a tenant, and no statement lasts longer. Tried again, it goes on with the migration
    that it came to. Raises SharedBusy.
    """
    limited = impatient(migrate, using=using, lock=patience.lock, statement=patience.hold)
    for pause in (0.0, *patience.pauses()):
        time.sleep(pause)
        try:
            return migrate_schema(schema_name, using=using, migrate=limited)
        except DatabaseError as error:
            if not is_busy(error):
                raise
            busy = error
    raise SharedBusy(f"{schema_name} is in use, or takes longer than --hold: {busy}".strip()) from busy


def furnish_public(*, using: str, report: Report) -> None:
    """What belongs into its tables, unless an earlier state was named: they may not be there then."""
    public = settings.PUBLIC_SCHEMA_NAME
    if missing_in(public, using=using) != []:
        return
    if signing.make_first(using):
        report("signing key: made")
    state.note_all(using)
    state.note(public, state.State.CURRENT, using=using, version=code().version)


def missing_in(schema_name: str, *, using: str) -> list[Key] | None:
    """What a shared schema lacks; None where it has no record at all."""
    try:
        return code().missing(applied(schema_name, using=using))
    except SchemaMissing:
        return None
    except ProgrammingError as error:
        if isinstance(error.__cause__, UndefinedTable):
            return None
        raise


def is_shared_app(app: str) -> bool:
    return apps.get_app_config(app).name in settings.SHARED_APPS


def record(lacking: list[Key], *, using: str) -> None:
    """Migrations of the tenants' apps do nothing to `public`: rendering Django's state for them took half a second."""
    with in_public(using=using), connections[using].cursor() as cursor:
        now = timezone.now()
        for app, name in lacking:
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", [app, name, now])


def template_is_behind(using: str) -> bool:
    """Has no run ended with the template at this version? Its blueprint is written last."""
    template, word = settings.TEMPLATE_SCHEMA, code().version
    with in_public(using=using):
        if not SchemaState.objects.using(using).filter(pk=template, version=word).exists():
            return True
        newest = Blueprint.objects.using(using).order_by("-pk").values_list("version", flat=True).first()
    return newest != word


def refuse_behind(*, using: str) -> None:
    """Raise TemplateBehind if the template lacks a migration."""
    template = settings.TEMPLATE_SCHEMA
    if missing_in(template, using=using) != []:
        raise TemplateBehind(f"Run `manage.py migrate --schema {template}` first: it is behind.")


def migrate_template(*, using: str, migrate: Migrate, report: Report) -> None:
    """Bring the template to the code's state, and with it what sign-ups copy.

    `migrate` records what it sends. That the template is done is noted last: a run that is killed before
    does this again, and finds the recordings.
    """
    template = settings.TEMPLATE_SCHEMA
    report(f"{template}: migrating")
    refuse_old_public(using=using)
    migrate_schema(template, using=using, migrate=migrate)
    run_hooks(template, using=using)
    if copies.write_blueprint(using):
        report("blueprint: renewed")
    if missing_in(template, using=using):
        return
    rows = rows_word(fixed_rows(using))
    state.note_blueprint(code().version, rows, using=using)
    state.note(template, state.State.CURRENT, using=using, version=code().version, rows=rows)


def refuse_old_public(*, using: str) -> None:
    """Raise TemplateBehind where `public` has no place yet for what is noted of the template."""
    lacking = missing_in(settings.PUBLIC_SCHEMA_NAME, using=using)
    if lacking is None or any(is_shared_app(app) for app, _name in lacking):
        raise TemplateBehind(f"Run `manage.py migrate --schema {settings.PUBLIC_SCHEMA_NAME}` first: it is behind.")


def await_sign_ups(*, using: str, patience: Patience) -> None:
    """Return when every sign-up that took an older blueprint has ended, so that whoever lists the tenants sees it.

    Each holds a lock on the tenants' table from its first row to its end. Reading goes on meanwhile, and the next
    sign-up waits for no longer than `patience.lock`. After that the run goes on: its last look finds who is left.
    """
    try:
        with in_public(using=using), connections[using].cursor() as cursor:
            raw = cursor.connection
            with connections[using].wrap_database_errors:
                for limit in patience.limits(using):
                    raw.execute(limit)
                raw.execute("LOCK TABLE public.tenants_tenant IN SHARE MODE")
    except OperationalError as error:
        if not is_busy(error):
            raise
