"""What the tests of the tenants' side share: throw-away tenants, commands, and a look at schemas."""

import re
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, connection, connections
from psycopg.errors import InvalidSchemaName
from psycopg.pq import DiagnosticField, TransactionStatus

from accounts.models import User
from accounts.roles import sync_system_roles
from tenants import dumps, provisioning
from tenants.models import Tenant
from tenants.postgresql.base import DatabaseWrapper
from tenants.schema import in_public, in_tenant

from . import dumping, fleets, names
from .dumping import put_note


@pytest.fixture
def public(tenants, db):
    """The test's own connection, bound to `public`."""
    connection.set_schema_to_public()


@pytest.fixture
def make_tenant(public):
    """`make_tenant("apex")`: an organisation without people, gone with the test's transaction."""

    def make(slug: str, **fields) -> Tenant:
        with provisioning.new_tenant(name=slug.title(), slug=slug, **fields) as tenant:
            pass
        return tenant

    return make


@pytest.fixture
def apex(make_tenant) -> Tenant:
    return make_tenant("apex")


class Manage:
    """`manage("doctor")` returns what the command printed; `manage.refused(..)` demands an error, and adds it."""

    def __call__(self, *args, **options) -> str:
        out = StringIO()
        call_command(*args, stdout=out, stderr=out, **options)
        return out.getvalue()

    def refused(self, *args, **options) -> str:
        out = StringIO()
        with pytest.raises(CommandError) as error:
            call_command(*args, stdout=out, stderr=out, **options)
        return f"{out.getvalue()}{error.value}"


@pytest.fixture
def manage() -> Manage:
    return Manage()


@pytest.fixture
def sql():
    """`sql(tenant, statement)` in the tenant's schema; returns the rows, if there are any."""

    def execute(tenant, statement: str, parameters=None) -> list[tuple]:
        with in_tenant(tenant) if tenant else in_public(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    return execute


@pytest.fixture
def schema_exists(sql):
    def exists(name: str) -> bool:
        return bool(sql(None, "SELECT 1 FROM pg_namespace WHERE nspname = %s", [name]))

    return exists


@pytest.fixture
def name_server(settings):
    with names.running() as server:
        settings.DNS_NAMESERVERS, settings.DNS_PORT, settings.DNS_TIMEOUT = ["127.0.0.1"], server.port, 0.5
        yield server


@pytest.fixture
def nowhere():
    """An alias whose server is not there."""
    connections.databases["nowhere"] = connections.databases[DEFAULT_DB_ALIAS] | {
        "HOST": "127.0.0.1",
        "PORT": 1,
        "OPTIONS": {},
    }
    yield "nowhere"
    del connections["nowhere"], connections.databases["nowhere"]


@pytest.fixture(scope="module")
def origin(tenants, django_db_blocker):
    """An organisation to be dumped, with something of everything. Committed, for the file."""
    with django_db_blocker.unblock():
        world = dumping.build("origin")
        yield world
        provisioning.delete_tenant(world.tenant)


@pytest.fixture
def live(origin, django_db_blocker, media):
    """The organisation, committed; whatever a test makes beside it is removed."""
    with django_db_blocker.unblock():
        connection.set_schema_to_public()
        origin.tenant.refresh_from_db()
        put_note(origin.tenant.schema_name, "as dumped")
        yield origin
        connection.set_schema_to_public()
        for tenant in Tenant.objects.exclude(slug__in=["acme", "globex", "origin"]):
            provisioning.delete_tenant(tenant)
        connection.close()


@pytest.fixture
def made(live, tmp_path, settings) -> Path:
    """A dump of it."""
    path = tmp_path / "origin.dump"
    dumps.dump(live.tenant, path, using=settings.ADMIN_DATABASE)
    return path


@pytest.fixture
def fleet(tenants, django_db_blocker, tmp_path):
    """A copy of the test database, to which migrations can be added."""
    with django_db_blocker.unblock(), fleets.copied(tmp_path) as copied:
        copied.migrate()  # the copied database knows no state yet, or one of other migrations
        yield copied


@pytest.fixture
def acme_alone(tenants, django_db_blocker):
    """Acme's tenant, with a connection that is in no transaction, and texts that the server knows.

    What the tests write to its roles is put right afterwards.
    """
    with django_db_blocker.unblock():
        connection.close()
        with in_tenant(tenants[0].tenant):
            list(User.objects.filter(email="owner@acme.test").values_list("name", flat=True))
        yield tenants[0].tenant
        with in_tenant(tenants[0].tenant):
            sync_system_roles(connection)
        connection.close()


@pytest.fixture
def trips(monkeypatch):
    """What was sent, a text a round trip."""
    sent: list[str] = []
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit

    def heard(cursor, query, *args, **kwargs):
        sent.append(str(query))
        return execute(cursor, query, *args, **kwargs)

    def committed(self):
        sent.extend(["COMMIT"] if self.pgconn.transaction_status != TransactionStatus.IDLE else [])
        commit(self)

    monkeypatch.setattr(psycopg.Cursor, "execute", heard)
    monkeypatch.setattr(psycopg.Connection, "commit", committed)
    return sent


@pytest.fixture(params=["Schema »%s« existiert nicht", "le schéma « %s » n'existe pas", 'схема "%s" не существует'])
def language(monkeypatch, request):
    """Errors as a server set to another language sends them; the embedded one knows English alone."""
    refused = DatabaseWrapper.refused

    def translated(self, error):
        if isinstance(error, InvalidSchemaName):
            said = request.param % re.split('["»«]', error.diag.message_primary)[1]
            error = InvalidSchemaName(said, info={DiagnosticField.MESSAGE_PRIMARY: said.encode()})
        refused(self, error)

    monkeypatch.setattr(DatabaseWrapper, "refused", translated)
