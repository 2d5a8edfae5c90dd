"""Sign-ups over HTTP at a real server that is killed in the middle: all of a tenant is there, or nothing.

And one address wanted twenty times at once: one gets it, the others are told so.
"""

import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from django.db import connection, connections
from django.test import Client

from accounts.models import User
from tenants import doctor, spares
from tenants.models import Domain, Tenant
from tenants.schema import in_public, in_tenant
from tests.tenants.server import Server, running

pytestmark = pytest.mark.real

KILLS = 40
AT_ONCE = 20


def form(slug: str) -> dict:
    person = {"name": "Ann", "email": f"ann@{slug}.test", "password": "correct horse battery"}
    return {"organisation": slug, "slug": slug, "currency": "EUR"} | person


def sign_up(server: Server, slug: str) -> int | None:
    """As a browser does it: the form, its cookie, then the answer. Returns the status; None if nobody answered."""
    token = server.get("/sign-up/", headers={"Host": "localhost"}).cookies["csrftoken"]
    headers = {"Host": "localhost", "Cookie": f"csrftoken={token}"}
    fields = form(slug) | {"csrfmiddlewaretoken": token}
    try:
        address = f"http://127.0.0.1:{server.port}/sign-up/"
        return requests.post(address, fields, headers=headers, timeout=20, allow_redirects=False).status_code
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return None


def killed_sign_up(server: Server, slug: str, delay: float) -> int | None:
    """Sign up, and kill the server `delay` seconds after the form was sent."""
    server.get("/health/", headers={"Host": "localhost"})
    with ThreadPoolExecutor(1) as other:
        answer = other.submit(sign_up, server, slug)
        time.sleep(delay)
        server.kill_worker()
        return answer.result()


def wait_for_the_orphans() -> None:
    """A connection whose client was killed ends by itself, when PostgreSQL notices."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND state <> 'idle'"
    )
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while cursor.execute(others).fetchone()[0]:
            assert time.monotonic() < deadline, "A transaction of a killed server is still open."


def traces(slug: str) -> set[bool]:
    """Of row, address and schema: {True}, {False}, or both for half a tenant."""
    with in_public(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [f"t_{slug.replace('-', '_')}"])
        return {
            cursor.fetchone()[0],
            Tenant.objects.filter(slug=slug).exists(),
            Domain.objects.filter(domain=f"{slug}.localhost").exists(),
        }


def owners(slug: str) -> list[str]:
    with in_public():
        tenant = Tenant.objects.get(slug=slug)
    with in_tenant(tenant):
        return [owner.email for owner in User.objects.holding("owner")]


def test_a_sign_up_that_is_killed_leaves_a_whole_tenant_or_nothing(committed, record_property):
    seed = int(os.environ.get("SEED", time.time()))
    record_property("seed", seed)
    dice, made, gone = random.Random(seed), [], []
    with running() as server:
        start = time.monotonic()
        assert sign_up(server, "whole") == 302
        length = time.monotonic() - start
        start = time.monotonic()
        assert sign_up(server, "whole-too") == 302
        length = min(length, time.monotonic() - start)
        for number in range(KILLS):
            slug = f"killed-{number}"
            if number % 2:  # every other one finds a spare schema, or what the one before left of it
                spares.make("default")
            killed_sign_up(server, slug, dice.uniform(0, 1.2 * length))
            wait_for_the_orphans()
            there = traces(slug)
            assert len(there) == 1, f"{slug} is half a tenant (SEED={seed})"
            (made if there == {True} else gone).append(slug)
            assert sign_up(server, slug) == (409 if there == {True} else 302), f"SEED={seed}"
    assert gone, f"Every sign-up was quicker than its killer (SEED={seed})."
    assert {owner for slug in made + gone for owner in owners(slug)} == {f"ann@{slug}.test" for slug in made + gone}
    assert [finding for _schema, left, _cured in doctor.examine_all("default") for finding in left] == []


def test_one_address_wanted_twenty_times_at_once_goes_to_one(committed):
    together = threading.Barrier(AT_ONCE)

    def want(number: int) -> tuple[int, str]:
        visitor = Client(headers={"host": "localhost"}, REMOTE_ADDR=f"10.0.0.{number}")
        together.wait()
        response = visitor.post("/sign-up/", form("wanted") | {"email": f"ann{number}@wanted.test"})
        connections.close_all()
        return response.status_code, response.content.decode()

    with ThreadPoolExecutor(AT_ONCE) as people:
        answers = list(people.map(want, range(AT_ONCE)))
    assert sorted(status for status, _page in answers) == [302] + [409] * (AT_ONCE - 1)
    assert all("This address is taken." in page for status, page in answers if status == 409)
    assert len(owners("wanted")) == 1
