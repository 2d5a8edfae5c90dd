"""`manage.py migrate`: a new app's migration reaches every schema, and one tenant's failure stops nobody else's.

The command runs as a process of its own, on a copy of the test database, with an app that exists only here.
"""

import os
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from psycopg import sql

from tests import databases

from .server import database_url

pytestmark = pytest.mark.real

COPY = "test_fleet"
FILES = {
    "fleet_settings.py": """
from config.settings.test import *
TENANT_APPS = [*TENANT_APPS, "parcels"]
INSTALLED_APPS = [*INSTALLED_APPS, "parcels"]
""",
    "parcels/__init__.py": "",
    "parcels/models.py": """
from django.db import models
class Parcel(models.Model):
    weight = models.IntegerField()
""",
    "parcels/migrations/__init__.py": "",
    "parcels/migrations/0001_initial.py": """
from django.db import migrations, models
class Migration(migrations.Migration):
    initial = True
    operations = [migrations.CreateModel("Parcel", [
        ("id", models.BigAutoField(primary_key=True)), ("weight", models.IntegerField())])]
""",
}


class Fleet:
    """The copied database, and `manage.py` with one app more."""

    def __init__(self, folder, address: str):
        self.address = address
        self.environment = os.environ | {
            "DATABASE_URL": address,
            "DJANGO_SETTINGS_MODULE": "fleet_settings",
            "PYTHONPATH": str(folder),
        }

    def manage(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment, capture_output=True, text=True, check=False
        )

    def ask(self, schema_name: str, statement: str) -> list[tuple]:
        with psycopg.connect(self.address) as direct:
            direct.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema_name)))
            cursor = direct.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def ready(self) -> dict[str, bool]:
        return dict(self.ask("public", "SELECT slug, schema_ready FROM tenants_tenant"))

    def everything(self) -> dict[str, list]:
        """All that a migrate may write: which tables there are, and these."""
        tables = {"public": ("tenants_tenant", "tenants_blueprint", "django_migrations")}
        tenants = ("accounts_role", "auth_permission", "django_content_type", "django_migrations")
        tables |= dict.fromkeys(("template", "t_acme", "t_globex"), tenants)
        return {"schemas": self.ask("public", SCHEMAS), "parcels": self.has_parcels()} | {
            f"{schema}.{table}": self.ask(schema, f"SELECT * FROM {table} ORDER BY 1")
            for schema in tables
            for table in tables[schema]
        }

    def has_parcels(self) -> set[str]:
        return {name for (name,) in self.ask("public", HOLDERS)}


SCHEMAS = "SELECT nspname FROM pg_namespace ORDER BY nspname"
HOLDERS = "SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'parcels_parcel'"


@pytest.fixture
def fleet(tenants, django_db_blocker, tmp_path):
    """Acme and Globex, copied as they are, with a migration waiting."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    with django_db_blocker.unblock():
        original = database_url()
        name = connection.settings_dict["NAME"]
        connections.close_all()  # PostgreSQL copies no database that is in use
    with psycopg.connect(original.replace(f"/{name}?", "/postgres?"), autocommit=True) as server:
        databases.drop(server, COPY)
        server.execute(f"CREATE DATABASE {COPY} TEMPLATE {name}")
        yield Fleet(tmp_path, original.replace(f"/{name}?", f"/{COPY}?"))
        databases.drop(server, COPY)


def test_a_new_migration_reaches_every_tenant_and_the_next_sign_up(fleet):
    done = fleet.manage("migrate")
    assert done.returncode == 0, done.stderr
    assert "t_acme: migrated" in done.stdout
    assert "blueprint: renewed" in done.stdout
    assert fleet.has_parcels() == {"template", "t_acme", "t_globex"}
    assert fleet.manage("create_tenant", "Apex", "apex", "ann@apex.test").returncode == 0
    assert fleet.has_parcels() == {"template", "t_acme", "t_globex", "t_apex"}
    assert fleet.ready() == {"acme": True, "globex": True, "apex": True}


def test_new_content_types_and_permissions_have_the_same_ids_everywhere(fleet):
    """Even where the tenant's own sequences would have given others."""
    for sequence in ("django_content_type_id_seq", "auth_permission_id_seq"):
        fleet.ask("t_globex", f"SELECT setval('{sequence}', 5000)")
    fleet.manage("migrate")
    for table in ("django_content_type", "auth_permission"):
        wanted = fleet.ask("template", f"SELECT * FROM {table} ORDER BY id")
        assert "parcel" in str(wanted)
        assert fleet.ask("t_acme", f"SELECT * FROM {table} ORDER BY id") == wanted
        assert fleet.ask("t_globex", f"SELECT * FROM {table} ORDER BY id") == wanted


def test_looking_ahead_writes_nothing(fleet):
    """Not even what migrate would make right by the way: roles, the blueprint, ready."""
    fleet.ask("public", "UPDATE tenants_tenant SET schema_ready = false")
    fleet.ask("public", "UPDATE tenants_blueprint SET fingerprint = 'old'")
    for name in ("template", "t_acme"):
        fleet.ask(name, "DELETE FROM accounts_role WHERE key = 'guest'")
    before = fleet.everything()
    for option, code in (("--plan", 0), ("--check", 1)):
        for schema in ((), ("--schema", "t_acme")):
            shown = fleet.manage("migrate", option, *schema)
            assert shown.returncode == code
            assert ("parcels.0001_initial" in shown.stdout) is (option == "--plan")
            assert fleet.everything() == before
