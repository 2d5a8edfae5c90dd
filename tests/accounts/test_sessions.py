"""One's own sessions: the list, ending all others, and what ends them besides."""

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.flows import membership
from tests.world import PASSWORD

from .pages import Page
from .test_sign_in import is_signed_in, sign_in

COOKIE = settings.SESSION_COOKIE_NAME


def test_every_session_is_listed_with_its_browser(client_as, visitor, acme):
    client_as("editor")
    visitor.post(
        "/account/login/", {"login": "editor@acme.test", "password": PASSWORD}, headers={"user-agent": "Teapot/4"}
    )
    page = visitor.get("/account/sessions/")
    assert page.status_code == 200
    assert "Teapot/4" in Page(page).words
    assert UserSession.objects.filter(user=acme.editor).count() == 2


def test_ending_the_others_leaves_this_one_and_other_people_alone(client_as, acme):
    here, there, colleague = client_as("editor"), client_as("editor"), client_as("viewer")
    sign_in_again(here)
    here.post("/account/sessions/")
    assert [is_signed_in(client) for client in (here, there, colleague)] == [True, False, True]
    assert UserSession.objects.filter(user=acme.editor).count() == 1


def sign_in_again(client) -> None:
    client.cookies.clear()
    sign_in(client)


def test_new_password_ends_the_other_sessions(client_as, visitor):
    other = client_as("editor")
    sign_in(visitor)
    new = {"oldpassword": PASSWORD, "password1": "new horse battery", "password2": "new horse battery"}
    assert visitor.post("/account/password/change/", new).status_code == 302
    assert (is_signed_in(visitor), is_signed_in(other)) == (True, False)


def test_session_under_a_new_key_is_still_ended_with_the_account(client_as, visitor, acme, fresh):
    """A changed password gives the session a new key; deactivating must find it under that one."""
    sign_in(visitor)
    new = {"oldpassword": PASSWORD, "password1": "new horse battery", "password2": "new horse battery"}
    visitor.post("/account/password/change/", new)
    membership.deactivate(actor=fresh("owner"), member=fresh("editor"))
    membership.reactivate(actor=fresh("owner"), member=fresh("editor"))
    assert not is_signed_in(visitor)
    assert not Session.objects.filter(pk=visitor.cookies[COOKIE].value).exists()
