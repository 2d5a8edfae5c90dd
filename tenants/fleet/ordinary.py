"""The ordinary way: Django's own migrate command in one schema after another, session-bound."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.conf import settings
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections
from psycopg import sql

from tenants.schema import in_schema, wrapper

from .schemas import is_shared, refuse_unknown, schema_names
from .versions import Key

Migrate = Callable[[str], None]
Report = Callable[[str], None]


def django_migrate(options: dict, **streams) -> Migrate:
    """Django's own migrate command with `options`, as a function of the schema."""

    def migrate(schema_name: str) -> None:
        DjangoMigrate(**streams).execute(**{**options, "skip_checks": True})

    return migrate


def migrate_schema(schema_name: str, *, using: str, migrate: Migrate) -> None:
    """Create the schema if there is none, then run Django's migrate in it, session-bound."""
    connection = wrapper(using)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema_name)))
    with connection.session_bound(schema_name):
        migrate(schema_name)


def impatient(migrate: Migrate, *, using: str, lock: timedelta, statement: timedelta = timedelta(0)) -> Migrate:
    """The same with limits: how long each statement may wait for a table, and last (zero: as long as it likes).

    They are said of the session, which ends with the migration.
    """

    def limited(schema_name: str) -> None:
        with connections[using].cursor() as cursor:
            for name, limit in (("lock_timeout", lock), ("statement_timeout", statement)):
                cursor.connection.execute(f"SET {name} = {round(limit.total_seconds() * 1000)}")
        migrate(schema_name)

    return limited


def applied(schema_name: str, *, using: str) -> set[Key]:
    """The migrations that the schema says it has. One query, no state rendered. Raises SchemaMissing."""
    with in_schema(schema_name, using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return set(cursor.fetchall())


def show_pending(only: str | None, *, using: str, migrate: Migrate, report: Report) -> None:
    """What `--plan` and `--check` ask for: Django's own answer for each schema. Nothing is written.

    Raises SchemaMissing.
    """
    if only and not is_shared(only):
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
