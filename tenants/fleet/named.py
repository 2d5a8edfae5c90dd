"""A command that names a migration, or says how to treat one (`--fake`): Django's own way, in every schema."""

from django.conf import settings

from tenants import copies

from . import state
from .ordinary import Migrate, Report, migrate_schema
from .patience import Patience
from .rows import Rows, copy_fixed_rows, fixed_rows, run_hooks
from .schemas import close_for_now, half_way, is_shared, refuse_unknown, schema_names, set_ready
from .shared import furnish_public, migrate_in_use
from .turn import alone, refuse_company


def migrate_named(only: str | None, *, using: str, migrate: Migrate, report: Report, patience: Patience) -> list[str]:
    """Run the command in every schema, or in one. Returns the tenants where it failed: they are not served.

    Nothing is recorded, and what is known of each schema's state is forgotten: the next run looks.
    Raises SchemaMissing, TemplateBehind, SharedBusy, AlreadyRunning.
    """
    if only and not is_shared(only):
        refuse_unknown(only, using=using)
    refuse_company()
    state.forget_all(using)
    public, template = settings.PUBLIC_SCHEMA_NAME, settings.TEMPLATE_SCHEMA
    if only in (None, public):
        report(f"{public}: migrating")
        migrate_in_use(public, using=using, migrate=migrate, patience=patience)
    with alone():
        if only in (None, template):
            report(f"{template}: migrating")
            migrate_schema(template, using=using, migrate=migrate)
        furnish_public(using=using, report=report)
        if only in (None, template):
            renew_blueprint(using=using, report=report)
        if only and is_shared(only):
            return []
        names, rows = [only] if only else schema_names(using), fixed_rows(using)
        return [name for name in names if not migrate_tenant(name, rows, using=using, migrate=migrate, report=report)]


def renew_blueprint(*, using: str, report: Report) -> None:
    run_hooks(settings.TEMPLATE_SCHEMA, using=using)
    if copies.write_blueprint(using):
        report("blueprint: renewed")


def migrate_tenant(schema_name: str, rows: Rows, *, using: str, migrate: Migrate, report: Report) -> bool:
    """Closed while it runs, and until the next run if it fails. Returns whether it went well."""
    was_open = schema_name not in schema_names(using, schema_ready=False) or schema_name in half_way(using)
    if was_open:
        close_for_now(schema_name, using=using)
    try:
        copy_fixed_rows(schema_name, rows, using=using)
        migrate_schema(schema_name, using=using, migrate=migrate)
        run_hooks(schema_name, using=using)
    except Exception as error:  # one tenant's trouble must not keep the others on old tables
        report(f"{schema_name}: FAILED, {type(error).__name__}: {error}")
        return False
    set_ready(schema_name, was_open, using=using)
    report(f"{schema_name}: migrated")
    return True
