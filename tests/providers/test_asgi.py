"""The same door under ASGI: two organisations at once, and no answer is the other's. Real connections, real commits."""

import asyncio
import json

import pytest
from django.db import connection

from accounts.models import User
from accounts.providers import registry
from config.asgi import application
from tenants import provisioning
from tenants.models import Tenant
from tenants.schema import in_tenant
from tests import world as worlds

from .battery import frontegg

pytestmark = pytest.mark.real

ROUNDS = 12


@pytest.fixture(scope="module")
def two(django_db_setup, django_db_blocker):
    """Two throw-away organisations of one provider, committed."""
    with django_db_blocker.unblock():
        made = {}
        for slug in ("north", "south"):
            made[slug] = worlds.build(slug, f"{slug}word")
            connection.set_schema_to_public()
            Tenant.objects.filter(pk=made[slug].tenant.pk).update(
                provider="frontegg", provider_tenant_id=f"{slug}-there", admits="provider"
            )
            made[slug].tenant.refresh_from_db()
        yield made
        connection.set_schema_to_public()
        for world in made.values():
            provisioning.delete_tenant(world.tenant)
        connection.close()


def token(slug: str, person: str, **changes) -> str:
    said = {"tenant": f"{slug}-there", "sub": person, "name": f"{person} of {slug}", "email": f"{person}@{slug}.test"}
    return frontegg.token(body={**said, **changes})


async def ask(host: str, path: str, credential: str) -> tuple[int, dict, dict]:
    """One request, as a server hands it over: status, headers, body."""
    headers = [(b"host", host.encode()), (b"authorization", f"Bearer {credential}".encode())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    scope |= {"http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}
    sent, bodies, over = [], iter([{"type": "http.request", "body": b"", "more_body": False}]), asyncio.Event()

    async def receive():
        if (message := next(bodies, None)) is None:
            await over.wait()
            return {"type": "http.disconnect"}
        return message

    async def send(message):
        sent.append(message)

    await application(scope, receive, send)
    over.set()
    names = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], names, json.loads(b"".join(message.get("body", b"") for message in sent[1:]))


async def all_of(questions) -> list:
    return await asyncio.gather(*(ask(*question) for question in questions))


@pytest.fixture
def warm(wire):
    """The provider's keys are known: who comes during the very first fetch is told to come again."""
    wire(frontegg)
    assert registry.hosted_providers()["frontegg"].keys.are_known


def test_two_organisations_at_once_get_their_own_answers(two, warm):
    wanted = [(slug, f"person-{number}") for number in range(ROUNDS) for slug in two]
    questions = [(two[slug].tenant.host, "/api/v1/me/", token(slug, person)) for slug, person in wanted]
    for _round in range(2):  # at first sight, and again
        answers = asyncio.run(all_of(questions))
        assert [status for status, _headers, _body in answers] == [200] * len(wanted)
        told = [(body["organisation"]["slug"], body["name"]) for _status, _headers, body in answers]
        assert told == [(slug, f"{person} of {slug}") for slug, person in wanted]
        assert not any("set-cookie" in headers for _status, headers, _body in answers)
    for slug, world in two.items():
        with in_tenant(world.tenant):
            names = set(User.objects.filter(issuer=frontegg.issuer).values_list("name", flat=True))
        assert names == {f"person-{number} of {slug}" for number in range(ROUNDS)}


def test_refusals_are_the_same_as_under_wsgi(two, warm):
    north, south = (two[slug].tenant.host for slug in two)
    good = token("north", "ada")
    questions = [
        (north, "/api/v1/me/", good),
        (south, "/api/v1/me/", good),
        (north, "/api/v1/me/", f"{good[:-8]}AAAAAAAA"),
        (north, "/api/v1/members/", token("north", "guest", roles=[])),
        (south, "/api/v1/products/999999/", token("south", "ada")),
    ]
    answers = asyncio.run(all_of(questions * 2))
    assert [status for status, _headers, _body in answers] == [200, 403, 401, 403, 404] * 2
    assert answers[2][1]["www-authenticate"] == 'Bearer error="invalid_token"'


def test_keys_that_are_not_known_yet_are_waited_for_by_nobody(two, wire):
    network = wire(frontegg)
    network.is_away = True
    questions = [(world.tenant.host, "/api/v1/me/", token(slug, "ada")) for slug, world in two.items()]
    answers = asyncio.run(all_of(questions * 5))
    assert {status for status, _headers, _body in answers} == {503}
    assert len(network.asked) == 1
