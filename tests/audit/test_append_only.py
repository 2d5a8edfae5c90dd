"""The application's role adds and reads lines of the log, and can do nothing else to them. (D7, O4)"""

import pytest
from django.core.checks import Tags, run_checks
from django.db import ProgrammingError, connection, transaction

from accounts.audit.models import Entry
from tenants import privileges
from tenants.schema import in_schema, in_tenant

from .lines import write

STATEMENTS = [
    "UPDATE audit_entry SET action = 'nothing'",
    "DELETE FROM audit_entry",
    "TRUNCATE audit_entry",
    "UPDATE audit_link SET digest = ''",
    "DELETE FROM audit_link",
    "TRUNCATE audit_link",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_refuses_to_change_the_log(acme, statement):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_orm_is_refused_as_well(acme):
    [entry] = write(1)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        entry.delete()
    assert Entry.objects.filter(pk=entry.pk).exists()


@pytest.mark.parametrize("schema_name", ["template", "t_acme", "t_globex"])
def test_it_holds_in_the_template_and_in_every_copy(acme, schema_name):
    with in_schema(schema_name), connection.cursor() as cursor:
        assert privileges.append_only_tables(cursor, schema_name) == ["audit_entry", "audit_link"]


def test_a_tenant_that_lost_it_is_closed_and_mended(acme, manage):
    with in_tenant(acme.tenant), connection.cursor() as cursor:
        cursor.execute(privileges.changeable("audit_entry"))
    connection.set_schema_to_public()
    assert f"{acme.tenant.schema_name}: privilege audit_entry: missing" in manage.refused("doctor")
    manage("doctor", repair=True)
    with in_tenant(acme.tenant), connection.cursor() as cursor:
        assert "audit_entry" in privileges.append_only_tables(cursor, acme.tenant.schema_name)


def warnings() -> list[str]:
    return [
        found.msg for found in run_checks(tags=[Tags.database], databases=["default"]) if found.id == "tenants.W001"
    ]


def test_a_role_that_may_change_the_log_is_warned_of(acme, manage):
    assert warnings() == []
    with in_schema("template"), connection.cursor() as cursor:
        cursor.execute(privileges.changeable("audit_entry"))
    connection.set_schema_to_public()
    assert ["may change rows of audit_entry" in text for text in warnings()] == [True]


def test_the_suite_runs_as_the_pages_do_without_being_superuser(acme):
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


def test_a_role_of_its_own_for_the_pages_is_refused_too(settings):
    """The pages' role gets what it needs by default privileges; this takes back what it must not have."""
    settings.ADMIN_DATABASE = "admin"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(settings.DATABASES, "admin", {"USER": "owner"})
        patch.setitem(settings.DATABASES["default"], "USER", "pages")
        statement = privileges.append_only("audit_entry")
    assert statement.endswith('ON TABLE "audit_entry" FROM PUBLIC, CURRENT_USER, "pages"')
