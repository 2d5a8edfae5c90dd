"""Signing in and out: what it takes, what it tells, and what a session is good for."""

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from accounts.models import User
from tenants.schema import in_tenant
from tests.conftest import HostClient
from tests.world import PASSWORD

from . import hostile
from .pages import Page

COOKIE = settings.SESSION_COOKIE_NAME
EDITOR = "editor@acme.test"


def sign_in(client, address=EDITOR, password=PASSWORD, **more):
    return client.post("/account/login/", {"login": address, "password": password, **more})


def prove_again(client) -> None:
    """What is asked before anything about one's own account is changed."""
    client.post("/account/reauthenticate/", {"password": PASSWORD})


def is_signed_in(client) -> bool:
    return client.get("/profile/").status_code == 200


@pytest.mark.parametrize(
    ("address", "password", "opens"),
    [(EDITOR, PASSWORD, True), (EDITOR.upper(), PASSWORD, True), (EDITOR, "wrong", False)],
)
def test_address_and_password_open_the_door(visitor, address, password, opens):
    response = sign_in(visitor, address, password)
    assert response.status_code == (302 if opens else 200)
    assert is_signed_in(visitor) is opens


def test_wrong_password_and_unknown_address_look_the_same(visitor):
    pages = [Page(sign_in(visitor, address, "wrong password")) for address in (EDITOR, "nobody@acme.test")]
    assert pages[0].words == pages[1].words
    assert pages[0].structure == pages[1].structure


def test_person_of_another_tenant_is_a_stranger(visitor):
    sign_in(visitor, "editor@globex.test")
    assert not is_signed_in(visitor)


@pytest.mark.parametrize("state", [{"is_active": False}, {}])
def test_deactivated_person_cannot_sign_in(visitor, acme, state):
    User.objects.filter(pk=acme.editor.pk).update(**{"is_active": True} | state)
    sign_in(visitor)
    assert is_signed_in(visitor) is not bool(state)


def test_unproven_address_gets_a_new_link_instead_of_a_session(visitor, acme, mailoutbox):
    EmailAddress.objects.filter(user=acme.editor).update(verified=False)
    response = sign_in(visitor)
    assert response["Location"] == "/account/confirm-email/"
    assert not is_signed_in(visitor)
    assert mailoutbox[0].to == [EDITOR]


def test_ten_wrong_passwords_from_one_address_and_the_right_one_waits_there_too(visitor):
    for _try in range(10):
        sign_in(visitor, password="wrong")
    sign_in(visitor)
    assert not is_signed_in(visitor)


def test_whoever_guesses_elsewhere_locks_nobody_out(acme, visitor):
    """L8."""
    stranger = HostClient(acme.tenant.host, REMOTE_ADDR="203.0.113.9")
    for _try in range(12):
        sign_in(stranger, password="wrong")
    assert not is_signed_in(stranger)
    sign_in(visitor)
    assert is_signed_in(visitor)


def test_thirty_tries_a_minute_from_one_address_and_no_more(visitor):
    statuses = [sign_in(visitor, f"person{number}@acme.test").status_code for number in range(31)]
    assert statuses[-1] == 429
    assert 429 not in statuses[:9]


def test_session_gets_a_new_key_at_sign_in(visitor):
    visitor.get("/account/login/")
    session = SessionStore()
    session["planted"] = True
    session.save()
    visitor.cookies[COOKIE] = session.session_key
    sign_in(visitor)
    assert visitor.cookies[COOKIE].value != session.session_key
    assert not Session.objects.filter(pk=session.session_key).exists()


@pytest.mark.parametrize(("method", "signed_out"), [("get", False), ("post", True)])
def test_only_a_post_signs_out(client_as, method, signed_out):
    client = client_as("editor")
    getattr(client, method)("/account/logout/")
    assert is_signed_in(client) is not signed_out


@pytest.mark.parametrize(("path", "clears"), [("/account/logout/", True), ("/account/reauthenticate/", False)])
def test_signing_out_empties_what_the_browser_kept(client_as, path, clears):
    assert client_as("editor").post(path).has_header("Clear-Site-Data") is clears


def test_copied_cookie_opens_nothing_after_sign_out(client_as, visitor):
    client = client_as("editor")
    visitor.cookies[COOKIE] = client.cookies[COOKIE].value
    assert is_signed_in(visitor)
    client.post("/account/logout/")
    assert not is_signed_in(visitor)
    assert visitor.get("/products/").status_code == 302


def test_session_of_one_tenant_opens_nothing_at_another(client_as, acme, globex):
    """Both have a person with the same number."""
    assert acme.editor.pk == globex.editor.pk
    intruder = HostClient(globex.tenant.host)
    intruder.cookies[COOKIE] = client_as("editor").cookies[COOKIE].value
    assert not is_signed_in(intruder)


@pytest.mark.parametrize("copied", [True, False])
def test_session_row_counts_only_in_the_tenant_it_was_made_in(client_as, acme, globex, copied):
    """A restored or copied session table is not believed: the row says whose it is."""
    key = client_as("editor").cookies[COOKIE].value
    row = Session.objects.get(pk=key)
    owner = globex if copied else acme
    with in_tenant(owner.tenant):
        Session.objects.update_or_create(
            pk=key, defaults={"session_data": row.session_data, "expire_date": row.expire_date}
        )
        User.objects.filter(pk=globex.editor.pk).update(password=acme.editor.password)
    client = HostClient(owner.tenant.host)
    client.cookies[COOKIE] = key
    assert is_signed_in(client) is not copied


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_registers_on_a_tenants_host(visitor, acme, method):
    before = User.objects.count()
    form = {"email": "eve@evil.test", "password1": PASSWORD, "password2": PASSWORD}
    response = getattr(visitor, method)("/account/signup/", form)
    assert response.status_code == 200
    assert "invit" in Page(response).words
    assert User.objects.count() == before


@pytest.mark.parametrize(
    "text", [*hostile.INVISIBLE, *hostile.PLAIN[:6], hostile.MEGABYTE], ids=lambda text: ascii(text)[:20]
)
@pytest.mark.parametrize("field", ["login", "password", "next", "remember"])
def test_hostile_text_signs_nobody_in_and_breaks_nothing(visitor, field, text):
    response = visitor.post("/account/login/", {"login": EDITOR, "password": "wrong", field: text})
    assert response.status_code in (200, 302)
    assert not is_signed_in(visitor)


@pytest.mark.parametrize("header", ["user-agent", "x-forwarded-for", "accept-language", "referer", "hx-current-url"])
@pytest.mark.parametrize("value", ["x" * 20_000, "\u00ff\u00fe", "<script>", "'; DROP TABLE--"])
def test_odd_header_does_not_keep_anyone_out(visitor, header, value):
    visitor.post("/account/login/", {"login": EDITOR, "password": PASSWORD}, headers={header: value})
    assert is_signed_in(visitor)
