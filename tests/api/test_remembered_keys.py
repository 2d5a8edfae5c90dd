"""A key is remembered from request to request and confirmed along with the rows: whatever ends it ends it at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ApiKey, Role, User
from accounts.persons import REMEMBERED
from catalog.models import Product
from tests.statements import answered, sent_by, tables_asked

PRODUCTS, ME, OPEN = "/api/v1/products/", "/api/v1/me/", "/api/v1/openapi.json"


@pytest.fixture
def program(acme, key_as):
    """A program with the editor's key, which this process remembers."""
    client = key_as("editor")
    for _time in range(2):  # the first one writes that the key was used
        assert client.get(PRODUCTS).status_code == 200
    assert REMEMBERED.recall((acme.tenant.schema_name, ApiKey.objects.get().prefix))
    return client


def asked(act) -> list[list[str]]:
    """What one request asks of the two tables, trip by trip."""
    return tables_asked(sent_by(act, 200, 401), "accounts_apikey", "catalog_product")


def revoked(acme):
    ApiKey.objects.update(revoked_at=timezone.now())


def expired(acme):
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def another_secret(acme):
    ApiKey.objects.update(secret_hash=ApiKey.hash("another"))


def bound_to_an_address(acme):
    ApiKey.objects.update(addresses=["203.0.113.7/32"])


def of_fewer_rights(acme):
    ApiKey.objects.update(rights=["catalog.view_category"])


def deactivated(acme):
    User.objects.filter(pk=acme.people["editor"].pk).update(is_active=False)


def without_roles(acme):
    acme.people["editor"].groups.clear()


def gone(acme):
    ApiKey.objects.all().delete()


ENDS = [revoked, expired, another_secret, bound_to_an_address, deactivated, gone]


@pytest.mark.parametrize("path", [PRODUCTS, f"{PRODUCTS}{{coffee}}/"])
def test_rows_are_asked_for_along_with_whose_key_it_is(program, acme, path):
    path = path.format(coffee=acme.coffee.pk)
    program.get(path)
    assert asked(lambda: program.get(path)) == [["accounts_apikey", "catalog_product"]]


def test_other_views_begin_when_it_is_known(program, acme, begun):
    assert (program.get(ME).status_code, begun) == (200, [ME])
    revoked(acme)
    assert (program.get(ME).status_code, begun) == (401, [ME])


def test_writes_begin_when_it_is_known(program, acme):
    path = f"{PRODUCTS}{acme.coffee.pk}/"
    assert asked(lambda: program.send("PATCH", path, {"title": "Renamed"}))[0] == ["accounts_apikey"]
    assert Product.objects.get(pk=acme.coffee.pk).title == "Renamed"


@pytest.mark.parametrize("change", [*ENDS, of_fewer_rights, without_roles])
@pytest.mark.parametrize(
    "path", [PRODUCTS, f"{PRODUCTS}{{coffee}}/", f"{PRODUCTS}?odd=1", ME, OPEN, "/api/v1/nowhere/"]
)
def test_what_has_changed_elsewhere_holds_as_if_no_key_were_remembered(program, acme, change, path):
    path = path.format(coffee=acme.coffee.pk)
    before = answered(program.get(path))
    change(acme)
    remembered = answered(program.get(path))
    REMEMBERED.clear()
    assert remembered == answered(program.get(path))
    if change in ENDS:
        assert remembered[0] == 401
    if path == PRODUCTS:
        assert remembered != before


@pytest.mark.parametrize("change", ENDS)
def test_a_write_is_never_begun_with_what_is_remembered(program, acme, change):
    """It could not be begun anew."""
    change(acme)
    assert program.send("PATCH", f"{PRODUCTS}{acme.coffee.pk}/", {"title": "Stray"}).status_code == 401
    assert Product.objects.get(pk=acme.coffee.pk).title == acme.coffee.title


def test_a_right_that_was_given_to_its_holder_is_there_at_once(program, acme):
    acme.people["editor"].groups.clear()
    assert program.get(PRODUCTS).json()["results"] == []
    acme.people["editor"].groups.add(Role.objects.get(key="editor").group)
    assert len(program.get(PRODUCTS).json()["results"]) == Product.objects.count()


def test_a_wrong_secret_opens_nothing_however_well_its_key_is_known(program, acme):
    right = program.defaults["HTTP_AUTHORIZATION"]
    program.defaults["HTTP_AUTHORIZATION"] = right[:-1] + ("A" if right[-1] != "A" else "B")
    assert program.get(PRODUCTS).status_code == 401


@pytest.mark.parametrize("change", ENDS)
def test_what_has_ended_costs_a_second_attempt_once(program, acme, change):
    change(acme)
    for _time in range(3):
        assert program.get(PRODUCTS).status_code == 401
    assert len(asked(lambda: program.get(PRODUCTS))) == 1


def test_being_used_is_no_change(program, clock):
    """It is noted every five minutes, by each process."""
    for _time in range(3):
        clock(minutes=6)
        ApiKey.objects.update(last_used_at=timezone.now() - timedelta(minutes=6))
        assert asked(lambda: program.get(PRODUCTS)) == [["accounts_apikey", "catalog_product"]]


def test_being_used_is_noted_once_and_remembered_as_noted(program, clock):
    """Else each request from then on would take it for long ago, and write."""
    clock(minutes=6)
    for _time in range(2):  # the second one learns of it with its answer
        program.get(PRODUCTS)
    sent = sent_by(lambda: program.get(PRODUCTS))
    assert [text for text in sent if 'UPDATE "accounts_apikey"' in text] == []
