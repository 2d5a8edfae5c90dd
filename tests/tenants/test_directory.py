"""Who may be found where: by the hash of an address, in organisations that are open, and nothing more."""

import pytest
from django.db import transaction

from tenants import directory
from tenants.models import DirectoryEntry, Tenant

ADDRESS = "ann@apex.test"


@pytest.fixture
def entered(apex):
    directory.enter(ADDRESS, apex)
    return apex


@pytest.mark.parametrize("typed", [ADDRESS, "ANN@Apex.Test", f"  {ADDRESS} "])
def test_an_address_is_found_however_it_is_typed(entered, typed):
    assert directory.organisations_of(typed) == [entered]


@pytest.mark.parametrize("typed", ["ann@apex.tes", "bob@apex.test", "", "%", "ann@apex.test' OR '1'='1"])
def test_no_other_address_is_found(entered, typed):
    assert directory.organisations_of(typed) == []


@pytest.mark.parametrize(
    "state", [{"status": "suspended"}, {"status": "closing"}, {"status": "preparing"}, {"schema_ready": False}]
)
def test_an_organisation_that_is_not_open_is_not_named(entered, state):
    Tenant.objects.filter(pk=entered.pk).update(**state)
    assert directory.organisations_of(ADDRESS) == []


def test_entering_twice_is_one_entry_and_leaving_ends_it(entered):
    directory.enter(ADDRESS.upper(), entered)
    assert entered.directory_entries.count() == 1
    directory.leave(ADDRESS, entered)
    assert directory.organisations_of(ADDRESS) == []


def test_the_address_itself_is_stored_nowhere(entered, sql, settings):
    stored = sql(None, "SELECT * FROM tenants_directoryentry")
    assert ADDRESS not in str(stored)
    settings.SECRET_KEY = "another"
    assert DirectoryEntry.hash(ADDRESS) not in str(stored)


def test_an_entry_that_fails_with_its_transaction_is_not_left(apex):
    """The directory is written in the transaction of what it tells of."""
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enter_and_fail(apex)
    assert directory.organisations_of(ADDRESS) == []


def enter_and_fail(tenant) -> None:
    directory.enter(ADDRESS, tenant)
    raise ZeroDivisionError
