"""What the session keeps ready is called within the transaction that it belongs to, as its text would be."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import persons
from accounts.models import Role, User
from tenants.models import Tenant
from tenants.postgresql.keeping import SETTING, WORTH_KEEPING, Lasting
from tenants.schema import in_public, in_tenant

from .test_sending import describe, undone

pytestmark = pytest.mark.real


@pytest.fixture
def person(acme_alone, monkeypatch):
    """Somebody whose question the server keeps ready."""
    monkeypatch.setitem(connection.settings_dict, SETTING, 50)
    with in_tenant(acme_alone):
        found = User.objects.get(email="owner@acme.test").pk
    for _time in range(WORTH_KEEPING + 1):
        with in_tenant(acme_alone):
            assert persons.by_number(found).pk == found
    return found


def test_a_call_takes_begin_and_binding_along(acme_alone, person, trips):
    with in_tenant(acme_alone):
        assert persons.by_number(person).name == "Olive Owner acmeword"
        assert persons.by_number(person + 10**6) is None
    assert [text.split("; ")[0].split()[0] for text in trips] == ["BEGIN", "EXECUTE", "COMMIT"]
    assert "EXECUTE kept_" in trips[0]


def test_each_is_bound_where_it_reads(acme_alone, tenants, person):
    with in_tenant(acme_alone):
        mine = persons.by_number(person).name
        with in_tenant(tenants[1].tenant):
            theirs = persons.by_number(tenants[1].owner.pk).name
        assert persons.by_number(person).name == mine
        with in_public():
            assert Tenant.objects.filter(pk=acme_alone.pk).exists()
    assert (mine, theirs) == (tenants[0].owner.name, tenants[1].owner.name)


def test_what_is_written_between_calls_is_seen_by_them_and_undone_whole(acme_alone, person):
    with undone(), in_tenant(acme_alone):
        persons.by_number(person)
        describe("undone")
        User.objects.filter(pk=person).update(name="Renamed")
        assert persons.by_number(person).name == "Renamed"
        describe("undone too", "viewer")
    with in_tenant(acme_alone):
        assert persons.by_number(person).name == "Olive Owner acmeword"
        assert not Role.objects.filter(description__startswith="undone").exists()


def test_one_that_fails_leaves_nothing_behind(acme_alone, person):
    failing = Lasting("SELECT 1 / %s", ["by"], {"by": "bigint"})
    with in_tenant(acme_alone):
        persons.by_number(person)
        for by in (1, 1, 1, 0):
            with connection.cursor() as cursor:
                if by:
                    cursor.execute(failing, [by])
                    continue
                with pytest.raises(DatabaseError), transaction.atomic():
                    cursor.execute(failing, [by])
        assert persons.by_number(person).pk == person


def test_where_no_request_is_served_a_lost_call_is_an_error_like_any_other(acme_alone, person):
    """Only TenantMiddleware catches what ends a request: a job goes on with the next tenant."""
    connection.cursor().execute("DEALLOCATE ALL")
    with pytest.raises(DatabaseError), in_tenant(acme_alone):
        persons.by_number(person)
    with in_tenant(acme_alone):
        assert persons.by_number(person).pk == person
