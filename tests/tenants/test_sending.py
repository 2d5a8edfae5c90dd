"""BEGIN, savepoints and the binding travel with the statement that needs them; what nothing needs is never sent.

Counted are round trips: how often psycopg's cursors are given something to send, and commits. These tests commit.
"""

from contextlib import contextmanager, suppress

import pytest
from django.db import DatabaseError, connection, connections, transaction
from psycopg.pq import TransactionStatus

from accounts.models import Role, User
from tenants.exceptions import OutsideTransaction
from tenants.models import Tenant
from tenants.postgresql import sending
from tenants.schema import in_public, in_tenant

pytestmark = pytest.mark.real


def names() -> list[str]:
    return list(User.objects.filter(email="owner@acme.test").values_list("name", flat=True))


@contextmanager
def undone():
    """A savepoint that is rolled back."""
    with suppress(ZeroDivisionError), transaction.atomic():
        yield
        raise ZeroDivisionError


def status() -> TransactionStatus:
    return connection.connection.pgconn.transaction_status


def lock() -> object:
    return User.objects.select_for_update().filter(email="owner@acme.test").first()


def describe(text: str, key: str = "guest") -> int:
    return Role.objects.filter(key=key).update(description=text)


def test_a_first_statement_takes_begin_and_binding_along(acme_alone, trips):
    with transaction.atomic(), in_tenant(acme_alone):
        assert names() == ["Olive Owner acmeword"]
    assert len(trips) == 2
    assert [word in trips[0] for word in ("BEGIN; SELECT set_config", "; SELECT ")] == [True] * 2
    assert trips[1] == "COMMIT"


def test_a_savepoint_after_a_write_travels_with_its_first_statement(acme_alone, trips):
    with in_tenant(acme_alone):
        lock()
        with transaction.atomic():
            names()
    assert trips[-2].startswith("SAVEPOINT")
    assert "; SELECT " in trips[-2]


@pytest.mark.parametrize("reading", [names, lambda: None])
def test_before_anything_is_written_a_savepoint_is_the_transactions_beginning(acme_alone, trips, reading):
    """What is undone is all that there was, so the transaction begins anew, bound as before."""
    with in_tenant(acme_alone):
        reading()
        with undone():
            describe("undone")
        assert Role.objects.get(key="guest").description != "undone"
        describe("after", "viewer")
    assert [text for text in trips if "SAVEPOINT" in text] == []
    with in_tenant(acme_alone):
        told = dict(Role.objects.filter(key__in=["guest", "viewer"]).values_list("key", "description"))
    assert (told["guest"] != "undone", told["viewer"]) == (True, "after")


def test_a_read_that_fails_before_anything_is_written_leaves_the_rest(acme_alone):
    with in_tenant(acme_alone):
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute("SELECT 1/0")
        describe("after it", "viewer")
    with in_tenant(acme_alone):
        assert Role.objects.get(key="viewer").description == "after it"


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def move_a_sequence() -> None:
    execute("SELECT setval('catalog_product_id_seq', 1000, false)")


def write_in_a_query() -> None:
    execute("WITH w AS (UPDATE accounts_role SET description = 'w' RETURNING 1) SELECT count(*) FROM w")


def copy_in() -> None:
    with connection.cursor() as cursor, cursor.copy("COPY (SELECT 1) TO STDOUT") as copy:
        list(copy.rows())


def call_a_function() -> None:
    execute("SELECT describe_guests()")


def two_at_once() -> None:
    execute("SELECT 1; LOCK accounts_role")


@pytest.fixture
def function(acme_alone, sql):
    """One of a tenant's own, whose name does not say that it writes."""
    text = "UPDATE accounts_role SET description = 'by a function' WHERE key = 'guest'"
    sql(acme_alone, f"CREATE FUNCTION describe_guests() RETURNS void LANGUAGE sql AS $${text}$$")
    yield
    sql(acme_alone, "DROP FUNCTION describe_guests()")


WRITES = [move_a_sequence, write_in_a_query, copy_in, call_a_function, two_at_once, lambda: describe("x")]


@pytest.mark.usefixtures("function")
@pytest.mark.parametrize("act", [lock, *WRITES])
def test_what_is_more_than_reading_is_kept_by_a_real_savepoint(acme_alone, trips, act):
    """A lock is lost with its transaction as a row is: going back must not let it go."""
    with in_tenant(acme_alone):
        act()
        with undone():
            names()
        assert status() == TransactionStatus.INTRANS
        transaction.set_rollback(True)
    assert [text for text in trips if text.startswith("SAVEPOINT")]


@pytest.mark.usefixtures("function")
def test_what_a_function_wrote_outlives_a_savepoint_that_is_undone(acme_alone):
    with in_tenant(acme_alone):
        call_a_function()
        with undone():
            names()
        assert Role.objects.get(key="guest").description == "by a function"
        transaction.set_rollback(True)


def test_beginnings_lie_in_one_another(acme_alone):
    with in_tenant(acme_alone):
        with transaction.atomic():
            with undone():
                describe("inner")
            describe("outer")
            with undone():
                describe("later")
        assert Role.objects.get(key="guest").description == "outer"
        transaction.set_rollback(True)


def test_a_transaction_that_asks_nothing_sends_nothing(acme_alone, trips):
    with in_tenant(acme_alone), transaction.atomic(), transaction.atomic():
        pass
    assert trips == []


def test_a_savepoint_is_released_with_the_next_statement_or_ended_by_the_commit(acme_alone, trips):
    with in_tenant(acme_alone):
        lock()
        for _time in range(3):
            with transaction.atomic():
                names()
    assert [text.count("RELEASE") for text in trips][-4:] == [0, 1, 1, 0]


def test_a_text_that_was_never_sent_goes_alone(acme_alone, trips):
    sending._understood.clear()
    with in_tenant(acme_alone), transaction.atomic():
        names()
    assert [text.startswith("SELECT") for text in trips] == [False, True, False]


@pytest.mark.parametrize("known", [True, False])
def test_what_fails_in_a_savepoint_leaves_the_rest_of_the_transaction(acme_alone, known):
    """Were the view's first statement no SQL at all, what is logged about it afterwards is still written."""
    bad = "SELECT 1/0" if known else "SELECT FROM WHERE"
    if known:
        sending.understand(bad)
    with in_tenant(acme_alone):
        Role.objects.filter(key="guest").update(description="before")
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(bad)
        Role.objects.filter(key="viewer").update(description="after")
    with in_tenant(acme_alone):
        told = dict(Role.objects.filter(key__in=["guest", "viewer"]).values_list("key", "description"))
    assert told == {"guest": "before", "viewer": "after"}


@pytest.mark.parametrize("is_written_before", [True, False])
def test_a_value_that_cannot_be_sent_leaves_the_rest_of_the_transaction(acme_alone, is_written_before):
    with in_tenant(acme_alone):
        assert not Role.objects.filter(description="understood from here on").exists()
    with in_tenant(acme_alone):
        if is_written_before:
            describe("kept")
        with pytest.raises(DatabaseError), transaction.atomic():
            Role.objects.filter(description="a zero byte: \0").exists()
        describe("kept as well", "viewer")
    with in_tenant(acme_alone):
        found = dict(Role.objects.filter(description__startswith="kept").values_list("key", "description"))
    assert found == {"viewer": "kept as well"} | ({"guest": "kept"} if is_written_before else {})


@pytest.mark.parametrize("opened", ["outside", "inside"])
def test_a_savepoint_undoes_what_an_older_cursor_wrote_in_it(acme_alone, opened):
    """Whenever the cursor was opened: what counts is when it is used."""
    with in_tenant(acme_alone):
        Role.objects.filter(key="guest").update(description="kept")
        early = connection.cursor()
        with undone():
            cursor = early if opened == "outside" else connection.cursor()
            cursor.execute("UPDATE accounts_role SET description = 'undone' WHERE key = 'guest'")
        assert Role.objects.get(key="guest").description == "kept"


def test_nested_savepoints_are_undone_one_by_one(acme_alone):
    with in_tenant(acme_alone):
        with transaction.atomic():
            Role.objects.filter(key="guest").update(description="outer")
            with undone(), transaction.atomic():
                Role.objects.filter(key="guest").update(description="inner")
        assert Role.objects.get(key="guest").description == "outer"
        transaction.set_rollback(True)


def test_a_savepoint_that_was_never_made_is_not_rolled_back_to(acme_alone, trips):
    with in_tenant(acme_alone):
        describe("kept")
        with undone():
            pass
        names()
    assert [text for text in trips if "SAVEPOINT" in text] == []


def test_nothing_is_released_that_was_never_made(acme_alone, trips):
    """Django releases each savepoint that it has rolled back to; the next statement would fail on it."""
    with in_tenant(acme_alone):
        Role.objects.filter(key="guest").update(description="written")
        with transaction.atomic():
            with undone(), undone(), transaction.atomic():
                pass
            assert names()
        assert names()
        transaction.set_rollback(True)
    assert [text.count("RELEASE") for text in trips if "SAVEPOINT" in text] == [0, 1]


def test_a_cursor_from_before_the_transaction_begins_it(acme_alone):
    with in_public(), connection.cursor() as cursor:
        assert status() == TransactionStatus.IDLE
        cursor.execute("SELECT 1")
        assert status() == TransactionStatus.INTRANS
    early = connection.cursor()
    with in_tenant(acme_alone):
        early.execute("SELECT name FROM accounts_user WHERE email = 'owner@acme.test'")
        assert (early.fetchone(), status()) == (("Olive Owner acmeword",), TransactionStatus.INTRANS)
    connection.set_tenant(acme_alone)
    with pytest.raises(OutsideTransaction):
        early.connection  # noqa: B018  (past which nothing is asked)


def test_whoever_goes_past_the_cursor_finds_everything_sent(acme_alone):
    with in_tenant(acme_alone), connection.cursor() as cursor:
        raw = cursor.connection
        assert raw.pgconn.transaction_status == TransactionStatus.INTRANS
        assert raw.execute("SELECT current_schema()").fetchone() == ("t_acme",)
    copying = "COPY (SELECT current_schema()) TO STDOUT"
    with in_tenant(acme_alone), connection.cursor() as cursor, cursor.copy(copying) as copy:
        assert list(copy.rows()) == [("t_acme",)]


def test_several_rows_at_once_are_bound_as_well(acme_alone):
    with in_tenant(acme_alone):
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE accounts_role SET description = %s WHERE key = %s", [("a", "guest")])
        assert Role.objects.get(key="guest").description == "a"
        transaction.set_rollback(True)


def test_percent_signs_are_the_statements_own(acme_alone):
    for parameters, answer in ((None, "100%%"), ([], "100%"), (["x"], "100%x")):
        text = "SELECT '100%%" + ("' || %s" if parameters else "'")
        sending.understand(text)
        with in_tenant(acme_alone), connection.cursor() as cursor:
            cursor.execute(text, parameters)
            assert cursor.fetchone() == (answer,)


def test_a_public_question_needs_no_transaction_and_takes_nothing_along(acme_alone, trips):
    connection.set_schema_to_public()
    assert Tenant.objects.filter(slug="acme").exists()
    assert ["set_config" in text for text in trips] == [False]


@pytest.fixture
def prepared(acme_alone):
    """A connection that prepares each statement the second time, as another alias."""
    options = {**connection.settings_dict["OPTIONS"], "server_side_binding": True, "prepare_threshold": 1}
    connections.databases["prepared"] = {**connection.settings_dict, "OPTIONS": options}
    yield "prepared"
    connections["prepared"].close()
    del connections["prepared"], connections.databases["prepared"]


def test_a_plan_that_was_made_in_one_tenant_never_serves_another(tenants, prepared):
    """One connection, one text, equal keys: PostgreSQL plans anew where the path is another one."""
    for _time in range(4):
        for world in tenants:
            with in_tenant(world.tenant, using=prepared):
                found = User.objects.using(prepared).get(pk=world.owner.pk)
            assert found.email == world.owner.email
    with connections[prepared].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%accounts_user%'")
        assert cursor.fetchone()[0] > 0
