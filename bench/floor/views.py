"""One statement a request, tables named with their schema, tenant and verified token remembered, grants with keys.

No validation, no invalidation, no CSRF, no security headers. Its answers are compared with the others' before
anything is timed.
"""

import json
import time
from functools import cache, lru_cache

import jwt
import psycopg
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.urls import path

from . import queries

PER_PAGE = 50
keys = jwt.PyJWKClient(settings.JWKS_URL, cache_keys=True)
verified: dict[str, dict] = {}


@cache
def database() -> psycopg.Connection:
    named = settings.DATABASES["default"]
    return psycopg.connect(
        host=named["HOST"], user=named["USER"], dbname=named["NAME"], autocommit=True, prepare_threshold=2
    )


def one(statement: str, values: list):
    row = database().execute(statement.encode(), values).fetchone()
    assert row
    return row[0]


@lru_cache(10_000)
def schema_of(host: str) -> str:
    return one(queries.TENANT, [host])


def caller(request, schema: str) -> str:
    token = request.META["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    claims = verified.get(token)
    if claims is None or claims["exp"] < time.time():
        claims = verified[token] = jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token).key,
            algorithms=["RS256"],
            audience=settings.JWT_AUDIENCE,
            issuer=settings.JWT_ISSUER,
        )
    if claims["tenant"] != schema:
        raise PermissionError
    return claims["sub"]


def shown(row) -> dict:
    key, title, price, description, image, created = row
    return {
        "id": key,
        "title": title,
        "price": str(price),
        "description": description,
        "image": image,
        "created": created.isoformat(),
    }


def products(request):
    schema = schema_of(request.get_host().partition(":")[0])
    person = caller(request, schema)
    if request.method == "POST":
        return create(json.loads(request.body), schema, person)
    after = int(request.GET.get("after", 0))
    rows = database().execute(queries.page(schema), [person, after, PER_PAGE + 1]).fetchall()
    said = {
        "results": [shown(row) for row in rows[:PER_PAGE]],
        "next": rows[PER_PAGE - 1][0] if len(rows) > PER_PAGE else None,
    }
    if "count" in request.GET:
        said["count"] = one(queries.count(schema), [person])
    return JsonResponse(said)


def create(sent: dict, schema: str, person: str):
    values = [person, sent["title"], sent["price"], sent["description"], sent["image"]]
    row = database().execute(queries.create(schema), values).fetchone()
    return JsonResponse(shown(row), status=201)


def product(request, pk: int):
    schema = schema_of(request.get_host().partition(":")[0])
    row = database().execute(queries.one(schema), [caller(request, schema), pk]).fetchone()
    return JsonResponse(shown(row)) if row else HttpResponse(status=404)


def hello(request):
    return HttpResponse("hello")


urlpatterns = [
    path("hello", hello),
    path("api/products/", products),
    path("api/products/<int:pk>/", product),
]
