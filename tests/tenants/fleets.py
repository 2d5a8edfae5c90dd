"""A fleet to be migrated: a copy of the test database, and migrations of the catalogue that exist only here."""

import importlib
import sys
from contextlib import contextmanager
from io import StringIO
from itertools import count
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections
from django.test import override_settings

import catalog.migrations
from catalog.models import Product
from tenants import blueprint
from tenants.fleet.versions import code
from tenants.models import Recording, SchemaState, Tenant
from tenants.schema import in_public, in_schema
from tests import databases

from .server import database_url

COPY = "test_fleet_in_process"
PACKAGES = (f"catalog_and_more_{number}" for number in count())
MIGRATION = """
from datetime import date
from django.db import migrations, models
from django.db.models import Q
class Migration(migrations.Migration):
    dependencies = [("catalog", "{before}")]
    operations = [{operations}]
{rest}
"""
ADD_FIELD = 'migrations.AddField("product", "weight", models.IntegerField(null=True))'


class Fleet:
    """`fleet.add(operation)` writes the next migration, `fleet.migrate()` runs the command and returns what it said."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.last = max(name for app, name in code().plan if app == "catalog")
        self.number = 0

    def add(self, operations: str = ADD_FIELD, rest: str = "") -> str:
        self.number += 1
        name = f"9{self.number:03}_added"
        text = MIGRATION.format(before=self.last, operations=operations, rest=rest)
        (self.folder / f"{name}.py").write_text(text)
        self.last = name
        importlib.invalidate_caches()
        code.cache_clear()
        return name

    def forget(self, name: str) -> None:
        """The code before that migration is back."""
        (self.folder / f"{name}.py").rename(self.folder / f"{name}.gone")
        code.cache_clear()

    def migrate(self, *arguments: str, **options) -> str:
        out = StringIO()
        call_command("migrate", *arguments, **{"stdout": out, "stderr": out, "jobs": 1, **options})
        return out.getvalue()

    def refused(self, *arguments: str, **options) -> str:
        out = StringIO()
        try:
            call_command("migrate", *arguments, **{"stdout": out, "stderr": out, "jobs": 1, **options})
        except CommandError as error:
            return f"{out.getvalue()}{error}"
        raise AssertionError("The command did not fail.")

    def run(self, schema_name: str, statement: str) -> list[tuple]:
        with in_schema(schema_name), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def columns(self, table: str = Product._meta.db_table) -> dict[str, set[str]]:
        """Schema -> the columns of one table there."""
        found = {}
        for schema_name in ("template", *self.states()):
            with in_schema(schema_name), connection.cursor() as cursor:
                found[schema_name] = set(blueprint.read_columns(cursor, schema_name)[table])
        return found

    def holders(self, column: str = "weight") -> set[str]:
        return {schema_name for schema_name, columns in self.columns().items() if column in columns}

    def structure(self, schema_name: str) -> list[blueprint.Part]:
        with in_schema(schema_name), connection.cursor() as cursor:
            return blueprint.read_structure(cursor, schema_name)

    def applied(self, schema_name: str) -> list[tuple]:
        return self.run(schema_name, "SELECT app, name FROM django_migrations ORDER BY app, name")

    def states(self) -> dict[str, str]:
        with in_public():
            return dict(SchemaState.objects.exclude(tenant=None).order_by("pk").values_list("pk", "state"))

    def ready(self) -> dict[str, bool]:
        with in_public():
            return dict(Tenant.objects.values_list("schema_name", "schema_ready"))

    def recording(self, name: str) -> Recording:
        with in_public():
            return Recording.objects.get(app="catalog", name=name)

    @contextmanager
    def other_session(self):
        """Somebody else's connection."""
        with psycopg.connect(database_url()) as other:
            yield other


@contextmanager
def more_migrations(folder: Path):
    """The catalogue's own migrations, and those that are written into the folder that this yields."""
    package = folder / next(PACKAGES)
    package.mkdir()
    (package / "__init__.py").write_text(f"__path__.append({str(Path(catalog.migrations.__file__).parent)!r})")
    sys.path.insert(0, str(folder))
    code.cache_clear()
    try:
        with override_settings(MIGRATION_MODULES={"catalog": package.name}):
            yield package
    finally:
        sys.path.remove(str(folder))
        code.cache_clear()


@contextmanager
def copied(folder: Path):
    """The process works on a copy of its database, with migrations of its own, until the end of the block."""
    settings, original, address = connection.settings_dict, connection.settings_dict["NAME"], database_url()
    connections.close_all()  # PostgreSQL copies no database that is in use
    with psycopg.connect(address.replace(f"/{original}?", "/postgres?"), autocommit=True) as server:
        databases.drop(server, COPY)
        server.execute(f"CREATE DATABASE {COPY} TEMPLATE {original}")
        settings["NAME"] = COPY
        try:
            with more_migrations(folder) as package:
                yield Fleet(package)
        finally:
            connections.close_all()
            settings["NAME"] = original
            databases.drop(server, COPY)
