"""A read that is sent time after time is a transaction of its own, as long as nothing of its request was written."""

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import IsolationLevel

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
    for _time in range(WORTH_KEEPING + 2):
        with in_tenant(acme_alone):
            assert persons.by_number(found).pk == found
            persons.by_number(found)
    return found


def test_reading_alone_neither_begins_nor_commits(acme_alone, person, trips):
    with in_tenant(acme_alone):
        assert persons.by_number(person).name == "Olive Owner acmeword"
        assert persons.by_number(person + 10**6) is None
    assert [text for text in trips if "BEGIN" in text or "COMMIT" in text] == []
    assert len(trips) == 2


def test_each_is_bound_where_it_reads(acme_alone, tenants, person):
    """The binding ends with the string: the next one brings its own, whichever tenant's it is."""
    with in_tenant(acme_alone):
        mine = persons.by_number(person).name
        with in_tenant(tenants[1].tenant):
            theirs = persons.by_number(tenants[1].owner.pk).name
        assert persons.by_number(person).name == mine
        with in_public():
            assert Tenant.objects.filter(pk=acme_alone.pk).exists()
    assert (mine, theirs) == (tenants[0].owner.name, tenants[1].owner.name)


def test_what_is_written_after_it_is_one_transaction_and_is_undone_whole(acme_alone, person, trips):
    with undone(), in_tenant(acme_alone):
        persons.by_number(person)
        describe("undone")
        assert persons.by_number(person).pk == person  # within the transaction by now
        describe("undone too", "viewer")
    assert ["BEGIN" in text for text in trips][:2] == [False, True]
    assert sum("BEGIN" in text for text in trips) == 1
    with in_tenant(acme_alone):
        assert not Role.objects.filter(description__startswith="undone").exists()


def test_it_sees_what_its_own_transaction_wrote(acme_alone, person):
    with undone(), in_tenant(acme_alone):
        User.objects.filter(pk=person).update(name="Renamed")
        assert persons.by_number(person).name == "Renamed"
    with in_tenant(acme_alone):
        assert persons.by_number(person).name == "Olive Owner acmeword"


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


def test_where_something_is_to_be_written_the_first_statement_begins(acme_alone, person, trips):
    with in_tenant(acme_alone):
        connection.expect(to_write=True)
        persons.by_number(person)
        describe("told")
    connection.expect_nothing()
    assert ["BEGIN" in text for text in trips] == [True, *[False] * (len(trips) - 1)]
    assert trips[-1] == "COMMIT"


def test_where_a_transaction_has_one_snapshot_it_is_begun(acme_alone, person, trips, monkeypatch):
    monkeypatch.setattr(connection, "isolation_level", IsolationLevel.REPEATABLE_READ)
    with in_tenant(acme_alone):
        persons.by_number(person)
    assert ("BEGIN" in trips[0], trips[-1]) == (True, "COMMIT")


def test_what_is_not_kept_is_begun(acme_alone, person, trips, monkeypatch):
    """So nothing differs where nothing is kept: behind a pooler that shares its connections, on Citus."""
    monkeypatch.setitem(connection.settings_dict, SETTING, 0)
    for _time in range(2):
        with in_tenant(acme_alone):
            persons.by_number(person)
    assert ("BEGIN" in trips[-2], trips[-1]) == (True, "COMMIT")


def test_a_read_in_somebodys_own_words_is_begun(acme_alone, trips):
    """What its SELECT calls may write."""
    for _time in range(3):
        with in_tenant(acme_alone), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM accounts_user")
    assert sum("BEGIN" in text for text in trips) == 3
