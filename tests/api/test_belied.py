"""Whatever a view does with what was only remembered, no answer of it leaves, and nothing is counted twice."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from rest_framework.response import Response

from accounts.models import ApiKey, User
from catalog.api.products import ProductViewSet
from catalog.models import Product
from tenants import middleware
from tenants.models import Tenant
from tenants.postgresql import sending
from tenants.schema import in_public

PRODUCTS = "/api/v1/products/"
FAILS = 'SELECT 1 / (count(*) - count(*)) FROM "catalog_product"'


@pytest.fixture
def program(key_as):
    client = key_as("editor", raise_request_exception=False)
    for _time in range(2):
        assert client.get(PRODUCTS).status_code == 200
    return client


def revoke() -> None:
    ApiKey.objects.filter(name="test").update(revoked_at=timezone.now())


def lazily(view, request):
    """Its rows are asked for when the answer is written."""
    return Response({"results": Product.objects.values_list("title", flat=True)})


def whatever_happens(view, request):
    try:
        list(Product.objects.all())
    finally:
        return Response({"secret": 1})  # noqa: B012


def elsewhere(view, request):
    connection.set_schema_to_public()
    return Response({"secret": 1})


def with_an_error(view, request):
    with connection.cursor() as cursor:
        cursor.execute(FAILS)


@pytest.mark.parametrize("view", [lazily, whatever_happens, elsewhere, with_an_error])
def test_no_view_answers_one_whose_key_has_ended(program, monkeypatch, view):
    sending.understand(FAILS)  # so that it goes along
    monkeypatch.setattr(ProductViewSet, "list", view)
    revoke()
    assert program.get(PRODUCTS).status_code == 401


def test_what_ends_a_request_is_not_lost_where_its_answer_is_written(program, acme, monkeypatch):
    monkeypatch.setattr(ProductViewSet, "list", lazily)
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(name="Acme renamed")
    assert program.get(PRODUCTS).status_code == 200
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(status="suspended")
    assert program.get(PRODUCTS).status_code == 403


@pytest.mark.parametrize("path", [PRODUCTS, f"{PRODUCTS}?odd=1", "/api/v1/nowhere/"])
def test_a_schema_behind_its_code_is_503_wherever_the_question_meets_it(program, monkeypatch, path):
    noted = []
    monkeypatch.setattr(middleware, "is_behind", lambda tenant: True)
    monkeypatch.setattr(middleware, "note_error", lambda *told: noted.append(told[-1]))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_apikey RENAME COLUMN rights TO rights_of_tomorrow")
    answer = program.get(path)
    assert (answer.status_code, noted) == (503, [500])


def test_a_request_that_is_begun_anew_counts_once(program, acme, settings):
    settings.API_RATES = {"credential": (3, 3600), "user": (3, 3600), "address": (3, 3600)}
    cache.clear()
    for number in range(3):
        User.objects.filter(pk=acme.people["editor"].pk).update(name=f"Renamed {number}")
        answer = program.get(PRODUCTS)
        assert (answer.status_code, answer.headers["RateLimit"].count(f"r={2 - number}")) == (200, 2)
    assert program.get(PRODUCTS).status_code == 429


def test_a_key_that_has_ended_does_not_use_up_what_its_holder_may_ask(program, key_as, settings):
    other = key_as("editor")
    ApiKey.objects.exclude(pk=ApiKey.objects.earliest("pk").pk).update(name="other")
    revoke()
    settings.API_RATES = {"credential": (100, 3600), "user": (5, 3600), "address": (100, 3600)}
    cache.clear()
    for _time in range(6):
        assert program.get(PRODUCTS).status_code == 401
    assert other.get(PRODUCTS).status_code == 200
