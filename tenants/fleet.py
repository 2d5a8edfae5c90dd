"""Migrating every schema: `public`, then the template, then each tenant.

The template goes first because it gives content types and permissions their ids; each tenant gets
those rows before its own migrations run, so that Django's post-migrate step finds nothing to make and
the ids stay the same everywhere (docs/decisions/0001-schemas.md).
"""

from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.utils.module_loading import import_string
from psycopg import sql

from . import provisioning, signing
from .exceptions import SchemaMissing, TemplateBehind
from .models import Tenant
from .schema import in_public, in_schema, wrapper

# Rows whose ids must be the same in every tenant, in the order of their foreign keys.
FIXED_ID_TABLES = ("django_content_type", "auth_permission")


def schema_names(using: str, **only) -> list[str]:
    """Every tenant schema, ready or not; the template is not among them. `only` narrows, as in `filter()`."""
    with in_public(using=using):
        return list(Tenant.objects.using(using).filter(**only).order_by("pk").values_list("schema_name", flat=True))


def migrate_all(
    *, using: str, migrate: Callable[[str], None], report: Callable[[str], None], named: bool = False
) -> list[str]:
    """Bring every schema to the code's state. Returns the names of those that failed.

    `migrate(schema_name)` runs Django's own command on a connection bound to that schema; `report`
    takes a line of progress. A tenant that fails is marked not ready, so it answers 503 instead of
    errors, and the others go on; running it again continues. `named` says that the command names a
    migration, perhaps an earlier one: it then runs in tenants that lack none, too.
    """
    for schema_name in (settings.PUBLIC_SCHEMA_NAME, settings.TEMPLATE_SCHEMA):
        migrate_shared(schema_name, using=using, migrate=migrate, report=report)
    return migrate_tenants(schema_names(using), using=using, migrate=migrate, report=report, named=named)


def migrate_only(schema_name: str, *, using: str, migrate, report, named: bool = False) -> list[str]:
    """The same for one schema. Raises SchemaMissing for a name that is nobody's, and TemplateBehind.

    A tenant never goes ahead of the template: its new rows would get ids of their own.
    """
    if schema_name in (settings.PUBLIC_SCHEMA_NAME, settings.TEMPLATE_SCHEMA):
        migrate_shared(schema_name, using=using, migrate=migrate, report=report)
        return []
    refuse_unknown(schema_name, using=using)
    if not named and has_pending(settings.TEMPLATE_SCHEMA, using=using):
        raise TemplateBehind(f"Run `manage.py migrate --schema {settings.TEMPLATE_SCHEMA}` first: it is behind.")
    return migrate_tenants([schema_name], using=using, migrate=migrate, report=report, named=named)


def show_pending(only: str | None, *, using: str, migrate, report) -> None:
    """What `--plan` and `--check` ask for: Django's own answer for each schema. Nothing is written.

    Raises SchemaMissing.
    """
    if only not in (None, settings.PUBLIC_SCHEMA_NAME, settings.TEMPLATE_SCHEMA):
        refuse_unknown(only, using=using)
    for schema_name in [only] if only else _every_schema(using):
        report(f"{schema_name}:")
        with wrapper(using).session_bound(schema_name):
            migrate(schema_name)


def _every_schema(using: str) -> Iterator[str]:
    """The tenants are asked for last: on an empty database there is no table of them yet."""
    yield settings.PUBLIC_SCHEMA_NAME
    yield settings.TEMPLATE_SCHEMA
    yield from schema_names(using)


def refuse_unknown(schema_name: str, *, using: str) -> None:
    if schema_name not in schema_names(using):
        raise SchemaMissing(f"There is no tenant schema {schema_name!r}. See `manage.py list_tenants`.")


def migrate_shared(schema_name: str, *, using: str, migrate, report) -> None:
    """Bring `public` or the template to the code's state; with the template, what sign-ups copy."""
    report(f"{schema_name}: migrating")
    migrate_schema(schema_name, using=using, migrate=migrate)
    if schema_name != settings.TEMPLATE_SCHEMA:
        if not has_pending(schema_name, using=using) and signing.make_first(
            using
        ):  # pending: an earlier state was named
            report("signing key: made")
        return
    run_hooks(schema_name, using=using)
    if provisioning.write_blueprint(using):
        report("blueprint: renewed")


def migrate_tenants(names: list[str], *, using: str, migrate, report, named: bool = False) -> list[str]:
    rows, closed, failed = fixed_rows(using), schema_names(using, schema_ready=False), []
    for number, schema_name in enumerate(names, start=1):
        place = f"[{number}/{len(names)}] {schema_name}"
        idle = "nothing to do, but closed; see `manage.py doctor`" if schema_name in closed else "nothing to do"
        try:
            behind = has_pending(schema_name, using=using)
            open_after = behind or schema_name not in closed
            runs = behind or named
            _bring_up_to_date(schema_name, rows, runs=runs, open_after=open_after, using=using, migrate=migrate)
            report(f"{place}: {'migrated' if runs else idle}")
        except Exception as error:  # one tenant's trouble must not keep the others on old tables
            failed.append(schema_name)
            set_ready(schema_name, False, using=using)
            report(f"{place}: FAILED, {type(error).__name__}: {error}")
    return failed


def _bring_up_to_date(schema_name: str, rows: dict, *, runs: bool, open_after: bool, using: str, migrate) -> None:
    """Closed while it runs. One that the doctor closed, and that was not behind, is not ours to open."""
    if runs:
        set_ready(schema_name, False, using=using)
    copy_fixed_rows(schema_name, rows, using=using)
    if runs:
        migrate_schema(schema_name, using=using, migrate=migrate)
    run_hooks(schema_name, using=using)
    if runs:
        set_ready(schema_name, open_after, using=using)


def migrate_schema(schema_name: str, *, using: str, migrate: Callable[[str], None]) -> None:
    """Create the schema if there is none, then run Django's migrate in it, session-bound."""
    connection = wrapper(using)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema_name)))
    with connection.session_bound(schema_name):
        migrate(schema_name)


def has_pending(schema_name: str, *, using: str) -> bool:
    """Whether the schema lacks a migration that the code has. One query, no state rendered."""
    with in_schema(schema_name, using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        applied = set(cursor.fetchall())
    return bool(set(MigrationLoader(None).graph.nodes) - applied)


def fixed_rows(using: str) -> dict[str, tuple[list[str], list[tuple]]]:
    """The template's content types and permissions: table -> (columns, rows)."""
    result = {}
    with in_schema(settings.TEMPLATE_SCHEMA, using=using), connections[using].cursor() as cursor:
        for table in FIXED_ID_TABLES:
            cursor.execute(sql.SQL("SELECT * FROM {} ORDER BY id").format(sql.Identifier(table)))
            result[table] = ([column.name for column in cursor.description], cursor.fetchall())
    return result


def copy_fixed_rows(schema_name: str, rows: dict, *, using: str) -> None:
    """Give a tenant the template's content types and permissions, ids included."""
    with in_schema(schema_name, using=using), connections[using].cursor() as cursor:
        for table, (columns, values) in rows.items():
            cursor.execute(sql.SQL("SELECT id FROM {}").format(sql.Identifier(table)))
            known = {pk for (pk,) in cursor.fetchall()}
            missing = [row for row in values if row[0] not in known]
            if not missing:
                continue
            statement = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
            )
            cursor.executemany(statement, missing)
            cursor.execute(f"SELECT setval('{table}_id_seq', {max(row[0] for row in values)})")


def run_hooks(schema_name: str, *, using: str) -> None:
    """Let the apps above keep their own rows right: system roles, for one (TENANT_MIGRATED_HOOKS)."""
    with in_schema(schema_name, using=using):
        for path in settings.TENANT_MIGRATED_HOOKS:
            run_hook(path, using)


def run_hook(path: str, using: str) -> None:
    import_string(path)(connections[using])


def set_ready(schema_name: str, ready: bool, *, using: str) -> None:
    with in_public(using=using):
        Tenant.objects.using(using).filter(schema_name=schema_name).exclude(schema_ready=ready).update(
            schema_ready=ready
        )


def django_migrate(options: dict, **streams) -> Callable[[str], None]:
    """Django's own migrate command with `options`, as a function of the schema."""

    def migrate(schema_name: str) -> None:
        DjangoMigrate(**streams).execute(**{**options, "skip_checks": True})

    return migrate
