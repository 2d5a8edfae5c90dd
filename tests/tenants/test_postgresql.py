"""The database backend: the tenant is bound to the transaction, and to nothing that outlives it.

These tests commit for real: inside a test's own transaction nothing would ever be outside of one.
"""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from tenants.exceptions import OutsideTransaction, SchemaMissing
from tenants.models import Tenant
from tenants.postgresql import sending
from tenants.schema import in_public, in_schema, in_tenant

pytestmark = pytest.mark.real


@pytest.fixture
def two(tenants, django_db_blocker):
    """Both tenants, with a connection that is in no transaction."""
    with django_db_blocker.unblock():
        connection.close()
        yield [world.tenant for world in tenants]
        connection.close()


def path_of_the_session() -> str:
    """What the server has for this very connection, asked past our backend."""
    connection.ensure_connection()
    return connection.connection.execute("SHOW search_path").fetchone()[0]


def owner() -> str:
    return User.objects.holding("owner").get().email


def fail(after) -> None:
    after()
    connection.cursor().execute("SELECT 1/0")


def test_a_tenant_query_outside_a_transaction_is_refused(two):
    connection.set_tenant(two[0])
    with pytest.raises(OutsideTransaction):
        owner()
    with transaction.atomic():
        assert owner() == "owner@acme.test"


def test_a_public_query_needs_no_transaction(two):
    assert Tenant.objects.count() == 2


def test_the_binding_ends_with_the_transaction(two):
    before = path_of_the_session()
    with in_tenant(two[0]):
        assert owner() == "owner@acme.test"
        assert path_of_the_session() == "t_acme"
    assert path_of_the_session() == before


def test_the_binding_ends_with_a_transaction_that_fails(two):
    before = path_of_the_session()
    with pytest.raises(DatabaseError), in_tenant(two[0]):
        connection.cursor().execute("SELECT 1/0")
    assert path_of_the_session() == before
    assert Tenant.objects.count() == 2


def test_nobody_but_the_tenant_is_on_the_path(two):
    with in_tenant(two[0]), pytest.raises(DatabaseError, match="tenants_tenant"):
        Tenant.objects.count()


@pytest.mark.parametrize("bound_before", [True, False])
def test_a_rolled_back_savepoint_leaves_the_tenant_bound(two, bound_before):
    with in_tenant(two[0]):
        if bound_before:
            owner()
        with pytest.raises(DatabaseError), transaction.atomic():
            fail(after=owner)
        assert owner() == "owner@acme.test"


def test_a_tenant_chosen_in_a_savepoint_is_bound_anew_after_its_rollback(two):
    with transaction.atomic():
        Tenant.objects.count()
        with pytest.raises(DatabaseError), transaction.atomic():
            fail(after=lambda: (connection.set_tenant(two[0]), owner()))
        assert owner() == "owner@acme.test"


def test_the_outer_tenant_is_back_after_another_ones_block(two):
    with in_tenant(two[0]):
        with in_tenant(two[1]):
            assert owner() == "owner@globex.test"
        assert owner() == "owner@acme.test"
        with in_public():
            assert Tenant.objects.count() == 2
        assert owner() == "owner@acme.test"


def test_the_outer_tenant_is_back_after_another_ones_block_fails(two):
    with in_tenant(two[0]):
        with pytest.raises(DatabaseError), in_tenant(two[1]):
            connection.cursor().execute("SELECT 1/0")
        assert owner() == "owner@acme.test"


def test_a_missing_schema_is_refused_before_the_statement(two):
    with pytest.raises(SchemaMissing), in_schema("t_nowhere"):
        connection.cursor().execute("CREATE TABLE stray (id int)")
    assert owner_of_public_tables() == {"django_migrations", "tenants"}


@pytest.mark.usefixtures("language")
def test_a_missing_schema_is_known_by_its_name_in_any_language(two):
    with pytest.raises(SchemaMissing), in_schema("t_nowhere"):
        owner()


@pytest.mark.parametrize("name", ["t_acme_else", "not_t_acme", "else"])
def test_of_a_schema_that_a_statement_names_its_own_error_is_heard(two, name):
    asked = "SELECT %s::text::regnamespace"
    sending.understand(asked)  # so that it goes along with the binding
    with pytest.raises(DatabaseError, match=name), in_tenant(two[0]):
        connection.cursor().execute(asked, [name])


def owner_of_public_tables() -> set[str]:
    """The apps that have a table in `public`."""
    tables = connection.introspection.table_names()
    return {name if name == "django_migrations" else name.partition("_")[0] for name in tables}


def test_public_has_no_table_of_a_tenants(two):
    assert owner_of_public_tables() == {"django_migrations", "tenants"}


def test_a_session_bound_connection_leaves_nothing_behind(two):
    with connection.session_bound("t_acme"):
        assert owner() == "owner@acme.test"
        assert path_of_the_session() == "t_acme"
    assert connection.schema_name == "public"
    assert "t_acme" not in path_of_the_session()


def test_a_broken_transaction_says_so_itself(two):
    with in_tenant(two[0]):
        with pytest.raises(DatabaseError, match="division by zero"):
            connection.cursor().execute("SELECT 1/0")
        with pytest.raises(DatabaseError, match="transaction"):
            owner()
        transaction.set_rollback(True)
