"""Which statements only read, told by their text: in doubt, none does."""

from itertools import product

import pytest

from tenants.postgresql import sending
from tenants.postgresql.reading import only_reads
from tests.test_counts import COUNTS


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT mark()",
        "SELECT mark ()",
        'SELECT "mark"()',
        'SELECT "count"()',
        "SELECT acme.count()",
        'SELECT "acme"."count"()',
        "SELECT acme . count()",
        "SELECT acme. count()",
        "SELECT mark/* */()",
        "SELECT mark --\n()",
        "SELECT lower(mark())",
        "SELECT DISTINCT ON (id) mark() FROM catalog_product",
        "SELECT * FROM mark() AS made(id)",
        "SELECT * FROM mark() AS (id int)",
        "WITH made(id) AS MATERIALIZED (SELECT mark()) SELECT id FROM made",
        "SELECT pg_advisory_lock(1)",
        "SELECT set_config('search_path', '', true)",
        "SELECT nextval('catalog_product_id_seq')",
        "SELECT 1; SELECT 2",
        "SELECT id FROM catalog_product FOR UPDATE",
        "SELECT 1 INTO made",
        "TABLE catalog_product",
        "EXPLAIN ANALYZE DELETE FROM catalog_product",
    ],
)
def test_what_may_do_more_than_read_is_not_taken_for_reading(statement):
    assert not only_reads(statement)


@pytest.fixture
def doubted(monkeypatch):
    """The questions that were not taken for reading."""
    texts: list[str] = []

    def heard(text: str) -> bool:
        found = only_reads(text)
        texts.extend([text] if text.startswith(("SELECT", "WITH")) and not found else [])
        return found

    monkeypatch.setattr(sending, "only_reads", heard)
    return texts


SEARCHES = ["/products/?q=coffee", "/api/v1/products/?count=true", "/api/v1/products/?count=true&q=coffee"]


@pytest.mark.parametrize(("who", "path"), [*COUNTS, *product(["owner", "guest"], SEARCHES)])
def test_a_page_that_only_reads_is_known_to(client_as, acme, doubted, who, path):
    client, path = client_as(who), path.format(coffee=acme.coffee.pk, drinks=acme.drinks.pk)
    client.get(path)
    doubted.clear()
    client.get(path)
    assert doubted == []
