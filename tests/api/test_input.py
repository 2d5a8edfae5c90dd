"""N8, N9, N10, Z10: bodies and queries that nobody should send. Never an error of ours, nothing half done."""

import json

import pytest

from catalog.models import Product
from tests.accounts.hostile import MEGABYTE

BAD_JSON = [
    "", " ", "{", "[", "nul", "{]", "{'a': 1}", '{"a": 1,}', "[1,]", '{"a" 1}', "{1: 2}", "// x\n{}", "{} {}", "01",
    "+1", ".5", "1.", "0x10", "NaN", "Infinity", "-Infinity", '{"price": NaN}', '"\\x41"', '"\\u12"', '"tab\tin"',
    "'x'", '{"title": "a", "title": "b"}', '{"a": {"b": 1, "b": 2}}', '"\\ud800"', '{"\\udfff": 1}', '"\\u0000"',
    '{"\\u0000": 1}', "[" * 100_000, "[" * 30 + "]" * 30, '{"a":' * 50 + "1" + "}" * 50, "9" * 5000, "-" + "9" * 41,
    "1" + "e9" * 20, "1e99999", "\ufeff{}", b"\xff\xfe{\x00}\x00", b'{"title": "\xe9"}', b"\x00", b"\xed\xa0\x80",
]  # fmt: skip
UNREADABLE = [
    ('{"title": "a", "title": "b"}', "twice"),
    ('{"title": "\\ud800"}', "a character that is none"),
    ('{"\\u0000": 1}', "a character that is none"),
    ('{"title": ' + "[" * 30 + "]" * 30 + "}", "too deeply"),
    ("[" * 100_000, "too deeply"),
    ('{"price": NaN}', "NaN"),
    ('{"category": ' + "9" * 5000 + "}", "too long"),
]
SCALARS = ["null", "true", "1", "1.5", '"x"', "[]", "{}", '[{"title": "x"}]', "-0", "1E400", '"' + "x" * 100_000 + '"']


@pytest.mark.parametrize("body", BAD_JSON, ids=lambda body: ascii(body)[:30])
def test_what_is_not_json_is_refused_with_a_sentence(acme, api_as, body):
    response = api_as("editor").send("POST", "/products/", body)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["detail"]
    assert Product.objects.count() == 4


@pytest.mark.parametrize(("body", "words"), UNREADABLE, ids=lambda text: text[:20])
def test_the_sentence_says_what_is_wrong_with_the_body(acme, api_as, body, words):
    """Found before any field is looked at, so that none has to know of it."""
    assert words in api_as("editor").send("POST", "/products/", body).json()["detail"]


@pytest.mark.parametrize("body", SCALARS, ids=lambda body: body[:20])
@pytest.mark.parametrize("path", ["/products/", "/products/bulk/", "/categories/", "/invitations/"])
def test_json_that_is_no_such_thing_is_refused(acme, api_as, path, body):
    assert api_as("owner").send("POST", path, body).status_code == 400
    assert Product.objects.count() == 4


def test_an_exponent_beyond_all_measure_costs_no_time(acme, api_as, product_body):
    body = json.dumps(product_body()).replace('"3.20"', "1e999999999")
    assert api_as("editor").send("POST", "/products/", body).status_code == 400


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "x"],
)
def test_another_media_type_is_415(acme, api_as, product_body, kind):
    client = api_as("editor")
    sent = json.dumps(product_body())
    assert client.send("POST", "/products/", sent, content_type=kind).status_code == 415
    assert client.send("POST", "/products/", sent, content_type="application/json; charset=utf-8").status_code == 201


@pytest.mark.parametrize("charset", ["latin-1", "utf-7", "utf-16", "rot13", "x"])
def test_another_charset_is_refused(acme, api_as, product_body, charset):
    kind = f"application/json; charset={charset}"
    assert api_as("editor").send("POST", "/products/", json.dumps(product_body()), content_type=kind).status_code == 400


def test_a_large_body_is_413(acme, api_as):
    for body in (json.dumps(MEGABYTE * 3), "x" * (7 * 1024 * 1024)):
        response = api_as("editor").send("POST", "/products/", body)
        assert (response.status_code, response["Content-Type"]) == (413, "application/problem+json")


# --- Queries -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "_connector=OR", "created_by__password__startswith=a", "ordering=title", "page=1", "per_page=5", "format=json",
        "title=Coffee", "id=1", "fields=id,created_by__password", "fields=search", "fields=", "fields=id,,title",
        "order=created_by__password", "order=-pk", "order=?", "order=", "limit=0", "limit=101", "limit=-1", "limit=1e9",
        "limit=١", "limit=", "limit=1000000000", "cursor=x", "cursor=", "cursor=" + "x" * 5000,
        "count=1", "count=maybe", "status=live", "status=draft&status=draft",
        "category=999999", "category=x", "category=" + "9" * 5000,
        "category=1%20OR%201=1", "q=" + "x" * 101, "q=%00",
    ],
)  # fmt: skip
def test_a_query_that_is_not_on_the_list_is_refused_by_name(acme, api_as, query):
    response = api_as("owner").read(f"/products/?{query}")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert [error["parameter"] for error in response.json()["errors"]] == [query.partition("=")[0]]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("q=coff", ["coffee"]),
        ("q=%27%20OR%201=1", []),
        ("q=((((", ["coffee", "hammer", "saw", "sencha"]),
        ("status=draft", ["sencha"]),
        ("category={drinks}", ["coffee", "sencha"]),
        ("order=-title&limit=2", ["sencha", "saw"]),
        ("category={tools}&status=published", ["hammer"]),
    ],
)
def test_a_query_on_the_list_narrows(acme, api_as, query, keys):
    query = query.replace("{drinks}", str(acme.drinks.pk)).replace("{tools}", str(acme.tools.pk))
    rows = api_as("owner").read(f"/products/?{query}").json()["results"]
    assert [row["id"] for row in rows] == [acme.products[key].pk for key in keys]


@pytest.mark.parametrize("path", ["/me/", "/products/1/grants/", "/products/1/picture/", "/openapi.json"])
def test_where_no_parameter_is_taken_any_is_refused(acme, api_as, path):
    assert api_as("owner").read(f"{path}?fields=id").status_code == 400


def test_only_the_fields_asked_for_are_shown(acme, api_as):
    client = api_as("owner")
    assert client.read(f"/products/{acme.coffee.pk}/?fields=price,id").json() == {
        "id": acme.coffee.pk,
        "price": "12.50",
    }
    (row, *_rest) = client.read("/members/?fields=roles").json()["results"]
    assert list(row) == ["roles"]


@pytest.mark.parametrize("key", ["0", "-1", "99999999999999999999", "9" * 5000, "1.0", "x", "%00"])
def test_a_key_that_is_none_is_404(acme, api_as, key):
    for path in (f"/products/{key}/", f"/categories/{key}/grants/", f"/members/{key}/"):
        assert api_as("owner").read(path).status_code == 404


def test_a_header_of_64_kb_changes_nothing(acme, api_as):
    accept = ",".join(["text/html;q=0.1"] * 4000)
    response = api_as("owner").read("/products/", Accept=accept)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
