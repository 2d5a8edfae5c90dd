"""What breaks in a tenant is noted for the operators: bounded, without secrets, and never the next trouble."""

import pytest
from django.db import DatabaseError, connection

from accounts.views.profile import ProfileView
from catalog.views.products import ProductListView
from tenants import errors
from tenants.models import PlatformEvent
from tenants.schema import in_public


@pytest.fixture
def broken(client_as, monkeypatch):
    client = client_as("owner")
    client.raise_request_exception = False
    monkeypatch.setattr(ProductListView, "get_queryset", lambda view: 1 / 0)
    return client


def noted() -> list[PlatformEvent]:
    with in_public():
        return list(PlatformEvent.objects.filter(kind="error"))


def test_a_page_that_breaks_is_noted_with_what_and_where(broken):
    response = broken.get("/products/?q=secret")
    assert response.status_code == 500
    (event,) = noted()
    assert event.detail == "500 ZeroDivisionError GET products/"
    assert (event.schema_name, event.request_id) == ("t_acme", response["X-Request-ID"])


@pytest.mark.parametrize(("path", "status"), [("/profile/", 200), ("/nowhere/", 404), ("/products/1/", 404)])
def test_what_does_not_break_is_not_noted(broken, path, status):
    assert broken.get(path.replace("/1/", "/987654/")).status_code == status
    assert noted() == []


def test_a_page_that_breaks_at_every_request_fills_no_table(broken, monkeypatch):
    monkeypatch.setattr(errors, "MOST_AN_HOUR", 3)
    for _request in range(5):
        assert broken.get("/products/").status_code == 500
    assert len(noted()) == 3


def test_an_hour_later_it_is_noted_again(broken, monkeypatch, clock):
    monkeypatch.setattr(errors, "MOST_AN_HOUR", 1)
    broken.get("/products/")
    broken.get("/products/")
    clock(hours=2)
    broken.get("/products/")
    assert len(noted()) == 2


def test_an_error_that_cannot_be_noted_is_still_answered(broken, monkeypatch):
    def refuse(*_args, **_options):
        raise DatabaseError

    monkeypatch.setattr(PlatformEvent.objects, "create", refuse)
    assert broken.get("/products/").status_code == 500


def test_the_views_own_writes_are_gone_and_the_note_is_there(client_as, acme, monkeypatch):
    client = client_as("owner")
    client.raise_request_exception = False
    monkeypatch.setattr(ProfileView, "get_success_url", lambda view: 1 / 0)
    response = client.post("/profile/", {"name": "Changed", "picture": ""})
    connection.set_tenant(acme.tenant)
    acme.owner.refresh_from_db()
    assert (response.status_code, acme.owner.name, len(noted())) == (500, "Olive Owner acmeword", 1)
