"""When something is refused or broken, the page says so, with a number, and nothing of the inside (W10)."""

import pytest
from django.db import connection

from accounts.views import members, profile, public
from tests.conftest import HostClient
from tests.world import MARKER

from .pages import Page

HTMX = {"hx-request": "true", "hx-current-url": "http://acme.localhost/members/"}
CANARY = "canary-in-a-setting"


@pytest.fixture(autouse=True)
def secrets_planted(settings):
    settings.EMAIL_HOST_PASSWORD = CANARY
    settings.SECRET_NOTE = CANARY


def reveals_nothing(response) -> None:
    text = response.content.decode()
    for secret in (
        CANARY,
        MARKER,
        "Traceback",
        "SELECT",
        "psycopg",
        "/site-packages/",
        "/views/",
        "DEBUG",
        "acme.t_",
        "t_acme",
    ):
        assert secret not in text, secret
    assert response["X-Request-ID"]
    assert response["X-Request-ID"] in text or not text


def break_view(monkeypatch, error) -> None:
    def broken(view, *args, **kwargs):
        raise error

    monkeypatch.setattr(members.MemberListView, "get_queryset", broken)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize(
    ("who", "method", "path", "status"),
    [
        ("guest", "get", "/members/", 403),
        ("owner", "get", "/nothing/here/", 404),
        ("owner", "get", "/members/999999/role/", 404),
        ("owner", "put", "/members/", 405),
        ("owner", "get", "/invitations/1/revoke/", 405),
        (None, "get", "/nothing/here/", 404),
    ],
)
def test_refusal_is_a_plain_page(client_as, visitor, headers, who, method, path, status):
    client = client_as(who) if who else visitor
    response = getattr(client, method)(path, headers=headers)
    assert response.status_code == status
    reveals_nothing(response)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("error", [RuntimeError(f"{CANARY} {MARKER}"), KeyError(MARKER), UnicodeError("x")], ids=repr)
def test_fault_of_ours_is_a_plain_page(client_as, monkeypatch, headers, error):
    client = client_as("owner")
    client.raise_request_exception = False
    break_view(monkeypatch, error)
    response = client.get("/members/", headers=headers)
    assert response.status_code == 500
    reveals_nothing(response)


@pytest.mark.parametrize("statement", ["SELECT nothing FROM nowhere", "SELECT 1/0"])
def test_fault_in_the_database_is_a_plain_page_and_the_next_request_is_right(client_as, monkeypatch, statement):
    client = client_as("owner")
    client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(members.MemberListView, "get_queryset", lambda view: connection.cursor().execute(statement))
        response = client.get("/members/")
    assert response.status_code == 500
    reveals_nothing(response)
    assert client.get("/members/").status_code == 200


def test_too_many_fields_are_a_bad_request(client_as):
    client = client_as("owner")
    response = client.post("/profile/", {f"field{number}": "x" for number in range(600)})
    assert response.status_code == 400
    reveals_nothing(response)


@pytest.mark.parametrize("path", ["/profile/", "/invitations/new/", "/account/login/"])
def test_too_large_a_body_is_refused_unread(client_as, settings, path):
    response = client_as("owner").post(path, {"name": "x" * (settings.MAX_BODY_BYTES + 1)})
    assert response.status_code == 413
    reveals_nothing(response)


@pytest.mark.parametrize("path", ["/profile/", "/invitations/new/"])
def test_larger_a_form_than_any_of_ours_is_refused(client_as, settings, path):
    response = client_as("owner").post(
        path, "name=" + "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1), "application/x-www-form-urlencoded"
    )
    assert response.status_code in (400, 413)
    reveals_nothing(response)


@pytest.mark.parametrize("length", ["-1", "x", "1e9", "٣", " "])
def test_length_that_is_no_number_is_refused(client_as, length):
    response = client_as("owner").generic("POST", "/profile/", b"", CONTENT_LENGTH=length)
    assert response.status_code in (302, 413, 422)


def test_failed_form_token_is_a_plain_page(client_as):
    response = client_as("owner", enforce_csrf_checks=True).post("/profile/", {"name": "x"})
    assert response.status_code == 403
    reveals_nothing(response)


@pytest.mark.parametrize("path", ["/nothing/", "/members/", "/products/", "/account/login/"])
def test_public_host_knows_no_tenant_page(public_client, path):
    response = public_client.get(path)
    assert response.status_code == 404
    reveals_nothing(response)


def test_fault_on_the_public_host_is_a_plain_page(public_client, monkeypatch):
    def broken(view, form):
        raise RuntimeError(f"{CANARY} {MARKER}")

    monkeypatch.setattr(public.FindView, "form_valid", broken)
    public_client.raise_request_exception = False
    response = public_client.post("/find/", {"email": "ann@acme.test"})
    assert response.status_code == 500
    reveals_nothing(response)


def test_unknown_host_does_not_say_who_is_here(acme):
    response = HostClient("nobody.localhost").get("/")
    assert response.status_code == 404
    reveals_nothing(response)
    assert acme.tenant.name not in response.content.decode()


def test_view_that_fails_leaves_nothing_half_written(client_as, acme, fresh, monkeypatch):
    before = fresh("guest").name

    def broken(*args):
        raise RuntimeError

    monkeypatch.setattr(profile.messages, "success", broken)  # after the name was written? then it is taken back
    client = client_as("guest")
    client.raise_request_exception = False
    assert client.post("/profile/", {"name": "Half", "picture": ""}).status_code == 500
    assert fresh("guest").name == before


def test_refusal_names_no_right_and_no_route(client_as):
    words = Page(client_as("guest").get("/members/")).words
    assert "accounts.view_user" not in words
    assert "member-list" not in words
