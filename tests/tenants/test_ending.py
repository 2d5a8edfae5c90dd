"""The end of a request that has only read is sent and not waited for; whatever comes next finds the connection free."""

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from psycopg.pq import TransactionStatus

from accounts.models import User

from .remembered import describe, names, request_of

pytestmark = pytest.mark.real


@pytest.fixture
def terminated(acme_alone):
    """`terminated()` ends the server process behind the test's connection."""

    def end() -> None:
        pid = connection.connection.pgconn.backend_pid
        with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    return end


def status() -> TransactionStatus:
    return connection.connection.pgconn.transaction_status


def test_the_end_of_a_request_that_has_read_is_heard_when_there_is_time(acme_alone):
    with request_of(acme_alone):
        names()
    assert status() == TransactionStatus.ACTIVE
    with request_of(acme_alone):
        assert names() == ["Olive Owner acmeword"]
    connection.hear_end()
    assert status() == TransactionStatus.IDLE


@pytest.mark.parametrize("act", [describe, lambda: list(User.objects.select_for_update())])
def test_the_end_of_a_request_that_has_done_more_is_waited_for(acme_alone, act):
    with request_of(acme_alone):
        act()
    assert status() == TransactionStatus.IDLE


def test_the_end_of_what_is_no_request_is_waited_for(acme_alone):
    with transaction.atomic():
        connection.set_tenant(acme_alone)
        names()
    connection.set_schema_to_public()
    assert status() == TransactionStatus.IDLE


def test_whatever_comes_next_finds_the_connection_free(acme_alone):
    for then, answer in ((connection.is_usable, True), (connection.rollback, None), (connection.close, None)):
        with request_of(acme_alone):
            names()
        assert status() == TransactionStatus.ACTIVE
        raw = connection.connection
        assert then() is answer
        assert raw.pgconn.transaction_status in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)


def test_a_cursor_from_before_finds_it_free_as_well(acme_alone):
    with request_of(acme_alone):
        cursor = connection.cursor()
        names()
    with request_of(acme_alone):
        cursor.execute("SELECT count(*) FROM accounts_user")
        assert cursor.fetchone()[0] > 0


def test_a_lost_connection_is_not_usable(acme_alone, terminated):
    with request_of(acme_alone):
        names()
    terminated()
    assert connection.is_usable() is False
    connection.close()


def test_a_connection_that_was_lost_meanwhile_is_noticed(acme_alone, terminated):
    with request_of(acme_alone):
        names()
    terminated()
    with pytest.raises(OperationalError), request_of(acme_alone):
        names()
    connection.close()


def test_a_lost_connection_is_closed_without_a_word(acme_alone, terminated):
    with request_of(acme_alone):
        names()
    raw = connection.connection
    terminated()
    connection.close()
    assert raw.closed
    with request_of(acme_alone):
        assert names() == ["Olive Owner acmeword"]
