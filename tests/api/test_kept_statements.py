"""Statements that the database keeps ready answer as their text does: of each tenant its own, by today's rights."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import persons, shares
from accounts.models import User
from catalog.models import Product
from tenants.known import KNOWN
from tenants.postgresql import keeping
from tenants.postgresql.keeping import SETTING, WORTH_KEEPING, Lasting
from tenants.schema import in_tenant
from tests.statements import sent_by

PRODUCTS = "/api/v1/products/?count=true&fields=id,title"


@pytest.fixture
def keep(acme, monkeypatch):
    """`keep(7)`: from now on the test's session keeps so many statements."""

    def most(number: int) -> None:
        keeping._kept.pop(connection.connection, None)
        monkeypatch.setitem(connection.settings_dict, SETTING, number)

    yield most
    keeping._kept.pop(connection.connection, None)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


def ready() -> list[str]:
    """The texts that the session keeps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE name LIKE 'kept%' ORDER BY prepare_time")
        return [text for (text,) in cursor.fetchall()]


def ask(client, times: int = WORTH_KEEPING + 1, path: str = PRODUCTS):
    """What the last of so many equal requests is answered, sent by calls alone."""
    for _time in range(times - 1):
        client.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == 200, response.content
    return response.json(), [query["sql"] for query in captured]


def test_what_was_sent_often_is_called_and_answers_the_same(acme, keep, api_as):
    guest = api_as("guest")
    shares.grant(actor=acme.owner, obj=acme.coffee, principal=acme.guest, permissions=["catalog.view_product"])
    keep(0)
    as_text, sent = ask(guest)
    assert (ready(), [text for text in sent if "EXECUTE" in text]) == ([], [])
    keep(50)
    assert ask(guest)[0] == as_text
    by_calls, sent = ask(guest)
    assert by_calls == as_text
    assert [row["id"] for row in as_text["results"]] == [acme.coffee.pk]
    assert all("EXECUTE kept_" in text for text in sent if "catalog_product" in text or "accounts_user" in text)
    assert any("WITH inside" in text for text in ready())


@pytest.mark.parametrize("path", [PRODUCTS, "/api/v1/products/1/?fields=id"])
def test_a_page_takes_three_statements_the_binding_among_them(acme, keep, key_as, path):
    keep(50)
    owner = key_as("owner")
    ask(owner, path=path)
    sent = "; ".join(sent_by(lambda: owner.get(path)))
    assert [statement.split()[0] for statement in sent.split("; ")] == ["SELECT", "EXECUTE", "EXECUTE"]


def test_a_right_that_was_taken_away_is_gone_at_the_next_call(acme, keep, api_as):
    keep(50)
    guest = api_as("guest")
    named = {"obj": acme.coffee, "principal": acme.guest}
    shares.grant(actor=acme.owner, **named, permissions=["catalog.view_product"])
    assert ask(guest)[0]["count"] == 1
    shares.grant(actor=acme.owner, **named, permissions=[])
    assert ask(guest, 1)[0] == {"next": None, "previous": None, "count": 0, "count_is_exact": True, "results": []}


def test_each_tenant_is_answered_from_its_own_rows(acme, globex, keep, key_as):
    keep(50)
    with in_tenant(globex.tenant):
        others = key_as("owner", world=globex)
    ours = key_as("owner")
    for _time in range(WORTH_KEEPING + 2):
        of_ours, of_others = ask(ours, 1)[0], ask(others, 1)[0]
    with in_tenant(globex.tenant):
        assert {row["title"] for row in of_others["results"]} == set(Product.objects.values_list("title", flat=True))
    assert {row["title"] for row in of_ours["results"]} == set(Product.objects.values_list("title", flat=True))
    assert of_ours != of_others
    lists = [text for text in ready() if 'FROM "catalog_product"' in text]
    assert (len(lists), len({text.partition(" AS ")[2] for text in lists})) == (2, 1)  # one text, a plan each


def test_a_session_keeps_no_more_than_it_may(acme, keep, key_as):
    keep(3)
    owner = key_as("owner")
    for name in ("id", "title", "price", "sku", "status"):
        shown, _sent = ask(owner, path=f"/api/v1/products/?fields={name}")
        assert shown["results"][0].keys() == {name}
    assert 0 < len(ready()) <= 3 + 2  # the two last thrown out go with the next that is made


def test_what_is_made_for_one_search_is_not_kept(acme, keep, key_as):
    keep(50)
    owner = key_as("owner")
    found, _sent = ask(owner, path="/api/v1/products/?q=coffee&fields=title")
    assert [row["title"] for row in found["results"]] == [acme.coffee.title]
    assert [text for text in ready() if "catalog_product" in text] == []


@pytest.mark.parametrize("begun", ["remembered", "read anew"])
def test_a_column_of_another_type_is_found_by_beginning_anew(acme, keep, key_as, begun):
    """As a migration leaves it, while servers go on."""
    keep(50)
    owner, path = key_as("owner"), "/api/v1/products/?fields=id,picture_url"
    before = ask(owner, path=path)[0]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE catalog_product ALTER picture_url TYPE varchar(3000)")
    if begun == "read anew":
        KNOWN.clear()
        refused = owner.get(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
    assert ask(owner, 1, path)[0] == before
    assert ask(owner, path=path)[0] == before
    assert any("catalog_product" in text for text in ready())


def test_a_session_that_is_not_ours_alone_is_found_out_and_keeps_no_more(acme, keep, key_as, caplog):
    """As behind a pooler that was not there when the server began."""
    keep(50)
    owner = key_as("owner")
    before = ask(owner)[0]
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert ask(owner, 1)[0] == before
    assert "is a pooler in front of the database?" in caplog.text
    assert connection.settings_dict[SETTING] == 0
    assert ask(owner)[0] == before
    assert ready() == []


def test_a_write_whose_body_is_read_already_is_to_be_sent_again(acme, keep, key_as, product_body):
    """Nothing of it was done."""
    keep(50)
    owner = key_as("owner")
    titles = [f"Kept {number}" for number in range(WORTH_KEEPING + 1)]
    for title in titles:
        assert add(owner, product_body(title=title)).status_code == 201
    lose("FOR NO KEY UPDATE")
    refused = add(owner, product_body(title="Kept on"))
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
    made = Product.objects.filter(title__startswith="Kept")
    assert sorted(made.values_list("title", flat=True)) == titles
    assert add(owner, product_body(title="Kept on")).status_code == 201
    assert made.count() == len(titles) + 1


def add(client, body):
    return client.post("/api/v1/products/", body, content_type="application/json")


def lose(words: str) -> None:
    """Behind our back, what has these words in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE statement LIKE %s", [f"%{words}%"])
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute("; ".join(f"DEALLOCATE {name}" for name in names))


@pytest.mark.parametrize("subject", ["it's", "50% off %s", 'a"b\\c', "$1", "ünï ; DROP"])
def test_values_arrive_as_they_are(acme, keep, subject):
    keep(50)
    User.objects.filter(pk=acme.guest.pk).update(issuer="https://idp.test", subject=subject)
    found = [persons.by_identity("https://idp.test", subject).pk for _time in range(WORTH_KEEPING + 2)]
    assert set(found) == {acme.guest.pk}
    assert persons.by_identity("https://idp.test", f"{subject}x") is None
    assert any("accounts_user" in text for text in ready())


def test_one_that_cannot_be_made_ready_spoils_no_other(acme, keep):
    """Two that are sent together: the first is there, the second is refused, and so is their transaction."""
    keep(50)
    good = Lasting("SELECT %s + 1", ["value"], {"value": "bigint"})
    bad = Lasting("SELECT nowhere FROM accounts_user WHERE id = %s", ["value"], {"value": "bigint"})
    for _time in range(WORTH_KEEPING + 1):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(Lasting.together([good, bad]), [1, 1])
    for _time in range(WORTH_KEEPING + 1):
        with connection.cursor() as cursor:
            cursor.execute(good, [1])
            assert cursor.fetchone() == (2,)
    assert connection.settings_dict[SETTING] == 50
    assert any("+ 1" in text for text in ready())


def test_what_differs_in_its_values_alone_is_another_statement(acme, keep):
    keep(50)
    either = [
        Lasting("SELECT %s, %s, %s", places, {"one": "bigint", "other": "bigint"})
        for places in (["one", "other", "one"], ["one", "other", "other"])
    ]
    for _time in range(WORTH_KEEPING + 2):
        for statement, values in zip(either, [[1, 2, 1], [1, 2, 2]], strict=True):
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                assert list(cursor.fetchone()) == values


def test_the_name_of_what_is_kept_is_that_of_its_schema_and_text():
    text = Lasting("SELECT %s", ["value"], {"value": "bigint"})
    assert text.name("t_acme") == Lasting("SELECT %s", ["value"], {"value": "bigint"}).name("t_acme")
    assert len({text.name("t_acme"), text.name("t_globex"), Lasting("SELECT 1").name("t_acme")}) == 3
    assert text.definition("kept_x") == "PREPARE kept_x (bigint) AS SELECT $1"
