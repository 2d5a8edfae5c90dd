"""What is believed is asked in front of the first statement, whatever that is; a wrong belief ends the request."""

from contextlib import suppress

import pytest
from django.db import connection, transaction

from tenants.exceptions import AnswerChanged
from tenants.models import Tenant
from tenants.postgresql import keeping
from tenants.postgresql.keeping import SETTING, WORTH_KEEPING, Lasting
from tenants.schema import in_public

from .remembered import describe, names, request_of

pytestmark = pytest.mark.real

ONE = Lasting("SELECT %s::int", ["number"], {"number": "int"})


def believe(number: int) -> None:
    connection.believe(ONE, [number], lambda cursor: cursor.fetchall() == [(1,)])


def wrongly_believed(tenant, act) -> None:
    with request_of(tenant):
        believe(2)
        act()


def create_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE stray (id int)")


def many() -> None:
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE accounts_role SET description = %s", [("stray",)])


def copied() -> None:
    with connection.cursor() as cursor, cursor.copy("COPY accounts_role TO STDOUT") as copy:
        list(copy)


def nothing() -> None:
    connection.confirm_belief()


@pytest.mark.parametrize("act", [names, create_table, describe, many, copied, nothing])
def test_a_wrong_belief_ends_the_request_whatever_it_asks_first(acme_alone, act):
    with pytest.raises(AnswerChanged):
        wrongly_believed(acme_alone, act)
    with request_of(acme_alone), connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('stray') IS NULL, (SELECT count(*) FROM accounts_role WHERE description = 'stray')"
        )
        assert cursor.fetchone() == (True, 0)


@pytest.mark.parametrize("then", [names, describe, nothing])
def test_whoever_swallows_that_hears_it_again(acme_alone, then):
    def act():
        with suppress(AnswerChanged):
            names()
        then()

    with pytest.raises(AnswerChanged):
        wrongly_believed(acme_alone, act)


def test_a_belief_that_holds_costs_no_trip(acme_alone, trips):
    with request_of(acme_alone):
        believe(1)
        assert names() == ["Olive Owner acmeword"]
        assert names() == ["Olive Owner acmeword"]
    first, second = [text for text in trips if "accounts_user" in text]
    assert ("SELECT 1::int; SELECT" in first, "::int" in second) == (True, False)


def test_what_confirms_is_kept_ready_like_any_other(acme_alone, monkeypatch, trips):
    monkeypatch.setitem(connection.settings_dict, SETTING, 10)
    for _time in range(WORTH_KEEPING + 1):
        with request_of(acme_alone):
            believe(1)
            names()
    keeping._kept.pop(connection.connection)
    assert [text for text in trips if "PREPARE kept_" in text and "::int" in text]
    assert "; EXECUTE kept_" in trips[-1]
    assert "(1); SELECT" in trips[-1]


def test_a_belief_outlives_a_savepoint_that_is_undone_before_it_was_asked(acme_alone):
    def act():
        with suppress(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
        names()

    with pytest.raises(AnswerChanged):
        wrongly_believed(acme_alone, act)


def test_a_belief_waits_while_another_schema_is_asked(acme_alone, trips):
    with request_of(acme_alone):
        believe(1)
        with in_public():
            assert Tenant.objects.filter(pk=acme_alone.pk).exists()
        assert names() == ["Olive Owner acmeword"]
    asked = [text for text in trips if 'FROM "tenants_tenant"' in text or "accounts_user" in text]
    assert ["::int" in text for text in asked] == [False, True]


def test_a_belief_ends_with_its_request(acme_alone):
    with request_of(acme_alone):
        believe(2)
    with request_of(acme_alone):
        assert names() == ["Olive Owner acmeword"]


def test_nothing_is_believed_once_something_was_asked_or_of_a_tenant_just_read(acme_alone):
    with request_of(acme_alone):
        assert connection.may_believe
        names()
        assert not connection.may_believe
    with request_of(acme_alone):
        connection.expect()
        assert not connection.may_believe
