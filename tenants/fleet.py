"""Migrating every schema: `public`, then the template, then each tenant.

The template goes first because it gives content types and permissions their ids; each tenant gets
those rows before its own migrations run, so that Django's post-migrate step finds nothing to make and
the ids stay the same everywhere (docs/decisions/0001-schemas.md).
"""

from collections.abc import Callable

from django.conf import settings
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.utils.module_loading import import_string
from psycopg import sql

from . import provisioning
from .models import Tenant
from .schema import in_public, in_schema, wrapper

# Rows whose ids must be the same in every tenant, in the order of their foreign keys.
FIXED_ID_TABLES = ("django_content_type", "auth_permission")


def schema_names(using: str) -> list[str]:
    """Every tenant schema, ready or not; the template is not among them."""
    with in_public(using=using):
        return list(Tenant.objects.using(using).order_by("pk").values_list("schema_name", flat=True))


def migrate_all(*, using: str, migrate: Callable[[str], None], report: Callable[[str], None]) -> list[str]:
    """Bring every schema to the code's state. Returns the names of those that failed.

    `migrate(schema_name)` runs Django's own command on a connection bound to that schema; `report`
    takes a line of progress. A tenant that fails is marked not ready, so it answers 503 instead of
    errors, and the others go on; running it again continues.
    """
    template = settings.TEMPLATE_SCHEMA
    for schema_name in (settings.PUBLIC_SCHEMA_NAME, template):
        report(f"{schema_name}: migrating")
        migrate_schema(schema_name, using=using, migrate=migrate)
    run_hooks(template, using=using)
    if provisioning.write_blueprint(using):
        report("blueprint: renewed")
    rows = fixed_rows(using)

    names, failed = schema_names(using), []
    for number, schema_name in enumerate(names, start=1):
        place = f"[{number}/{len(names)}] {schema_name}"
        try:
            pending = has_pending(schema_name, using=using)
            _bring_up_to_date(schema_name, rows, pending=pending, using=using, migrate=migrate)
            report(f"{place}: {'migrated' if pending else 'nothing to do'}")
        except Exception as error:  # one tenant's trouble must not keep the others on old tables
            failed.append(schema_name)
            set_ready(schema_name, False, using=using)
            report(f"{place}: FAILED, {type(error).__name__}: {error}")
    return failed


def _bring_up_to_date(schema_name: str, rows: dict, *, pending: bool, using: str, migrate) -> None:
    if pending:
        set_ready(schema_name, False, using=using)
    copy_fixed_rows(schema_name, rows, using=using)
    if pending:
        migrate_schema(schema_name, using=using, migrate=migrate)
    run_hooks(schema_name, using=using)
    set_ready(schema_name, True, using=using)


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
