"""A POST that is sent twice acts once."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.core import mail
from django.utils import timezone

from accounts.api import idempotency
from accounts.guards import routes
from accounts.models import IdempotentAnswer
from catalog.models import Product
from tenants.schema import in_tenant
from tests.catalog.test_product_update import cafe, run

from .conftest import ApiClient

__all__ = ["cafe"]  # a fixture


def test_the_same_request_is_answered_the_same_and_acts_once(acme, api_as, product_body):
    client = api_as("editor")
    first, again = (client.send("POST", "/products/", product_body(), Idempotency_Key="k1") for _try in range(2))
    assert (first.status_code, first.content, first["ETag"], first["Location"]) == (
        again.status_code, again.content, again["ETag"], again["Location"],
    )  # fmt: skip
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert Product.objects.filter(title="Mocha").count() == 1
    assert client.send("POST", "/products/", product_body(), Idempotency_Key="k2").json()["id"] != first.json()["id"]


def test_mails_leave_once(acme, api_as):
    sent = {"addresses": ["a@b.test"], "role": "guest"}
    for _try in range(2):
        assert api_as("owner").send("POST", "/invitations/", sent, Idempotency_Key="k").json()["sent"] == ["a@b.test"]
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("path", "changes"), [("/products/", {"title": "Other"}), ("/products/?", {}), ("/products/bulk/", {})]
)
def test_another_request_with_the_same_key_is_a_conflict(acme, api_as, product_body, path, changes):
    client = api_as("editor")
    client.send("POST", "/products/", product_body(), Idempotency_Key="k")
    body = product_body(**changes)
    response = client.send("POST", path.replace("?", ""), [body] if "bulk" in path else body, Idempotency_Key="k")
    expected = (201, None) if path == "/products/?" else (409, "key_reused")
    assert (response.status_code, response.json().get("code")) == expected
    assert Product.objects.filter(created_by=acme.editor).count() == 1


def test_a_refusal_is_not_remembered(acme, api_as, product_body):
    client = api_as("editor")
    taken = product_body(sku=acme.saw.sku)
    assert client.send("POST", "/products/", taken, Idempotency_Key="k").status_code == 409
    assert client.send("POST", "/products/", {}, Idempotency_Key="k").status_code == 400
    assert not IdempotentAnswer.objects.exists()
    assert client.send("POST", "/products/", product_body(), Idempotency_Key="k").status_code == 201


def test_a_key_is_ones_own(acme, api_as, product_body):
    for who in ("editor", "admin"):
        assert api_as(who).send("POST", "/products/", product_body(), Idempotency_Key="k").status_code == 201
    assert Product.objects.filter(title="Mocha").count() == 2


def test_what_one_key_of_somebody_was_told_is_not_anothers_to_hear(acme, api_visitor, make_key, product_body):
    wide, narrow = make_key("editor"), make_key("editor", ["catalog.add_product", "catalog.view_category"])
    asked = {"method": "POST", "path": "/products/", "body": product_body(), "Idempotency_Key": "k"}
    assert api_visitor.send(**asked, Authorization=f"Bearer {wide}").status_code == 201
    assert api_visitor.send(**asked, Authorization=f"Bearer {narrow}").status_code == 409


def test_an_answer_is_given_again_only_to_who_may_still_ask(acme, api_as, product_body):
    client = api_as("editor")
    client.send("POST", "/products/", product_body(), Idempotency_Key="k")
    acme.editor.groups.clear()
    assert client.send("POST", "/products/", product_body(), Idempotency_Key="k").status_code == 403


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "ü", "a\tb"])
def test_a_bad_key_is_refused_by_name(acme, api_as, product_body, key):
    response = api_as("editor").send("POST", "/products/", product_body(), Idempotency_Key=key)
    assert (response.status_code, response.json()["errors"][0]["header"]) == (400, "Idempotency-Key")
    assert not Product.objects.filter(title="Mocha").exists()


def test_a_day_later_it_is_a_new_request(acme, api_as, product_body):
    client = api_as("editor")
    client.send("POST", "/products/", product_body(), Idempotency_Key="k")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.purge() == 1
    client.send("POST", "/products/", product_body(), Idempotency_Key="k")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    client.send("POST", "/products/", product_body(), Idempotency_Key="k")
    assert Product.objects.filter(title="Mocha").count() == 3


def test_every_post_takes_a_key():
    posts = [
        getattr(view.cls, view.actions["post"])
        for _pattern, name, view in routes("config.urls.tenant")
        if (name or "").startswith("api:") and "post" in getattr(view, "actions", {})
    ]
    assert len(posts) >= 8
    assert [action.__qualname__ for action in posts if not getattr(action, "is_idempotent", False)] == []


@pytest.mark.real
def test_of_several_at_once_the_others_are_given_the_answer_of_the_first(cafe):
    answers: list = []
    body = {"title": "Once", "price": "1", "category": cafe.drinks.pk}
    clients = [ApiClient(cafe.tenant.host).sign_in(cafe.owner, cafe.tenant) for _each in range(4)]
    barrier = threading.Barrier(len(clients))

    def post(client):
        barrier.wait(10)
        answers.append(client.send("POST", "/products/", body, Idempotency_Key="k"))

    for thread in run(*(partial(post, client) for client in clients)):
        thread.join(30)
    assert [(answer.status_code, answer.content) for answer in answers] == [(201, answers[0].content)] * 4
    with in_tenant(cafe.tenant):
        assert Product.objects.filter(title="Once").count() == 1
