"""Several backends, one after another; each has people of its own. (W01-W04, W08, W09)"""

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth import authenticate, get_user, load_backend
from django.contrib.auth.signals import user_login_failed
from django.core import mail
from django.test import RequestFactory

from accounts.backends import LocalBackend, ProviderBackend, RoleBackend
from accounts.models import User
from tenants.schema import in_tenant
from tests.world import PASSWORD

LOCAL, PROVIDER = "accounts.backends.LocalBackend", "accounts.backends.ProviderBackend"


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """The backends in the order in which they were asked who somebody is."""
    order: list[str] = []
    for backend in (LocalBackend, ProviderBackend, RoleBackend):

        def ask(self, request, *, name=backend.__name__, known=backend.authenticate, **credentials):
            order.append(name)
            return known(self, request, **credentials)

        monkeypatch.setattr(backend, "authenticate", ask)
    return order


def by_password(email="editor@acme.test", password=PASSWORD):
    return authenticate(RequestFactory().get("/"), email=email, password=password)


def test_the_first_that_answers_wins_and_is_noted_on_the_user(acme, asked):
    user = by_password()
    assert (user, user.backend, asked) == (acme.editor, LOCAL, ["LocalBackend"])


def test_each_is_asked_in_the_order_of_the_settings_until_one_answers(acme, asked):
    assert by_password(password="wrong wrong wrong") is None
    assert asked == [path.rpartition(".")[2] for path in settings.AUTHENTICATION_BACKENDS]


def test_a_backend_whose_arguments_do_not_fit_is_skipped(acme, monkeypatch, asked):
    def picky(self, request, *, passport):
        raise AssertionError

    monkeypatch.setattr(LocalBackend, "authenticate", picky)
    assert by_password() is None
    assert asked == ["ProviderBackend", "RoleBackend"]


def test_a_password_stops_the_chain_where_people_come_by_a_provider(acme, there, asked):
    failures = []
    user_login_failed.connect(lambda **kwargs: failures.append(kwargs), weak=False, dispatch_uid="a test")
    assert by_password() is None
    user_login_failed.disconnect(dispatch_uid="a test")
    assert (asked, len(failures)) == (["LocalBackend"], 1)


@pytest.fixture
def provider_person(there, ask, connect) -> User:
    """Somebody who came by the provider and has, against all rules, a password; the organisation is local again."""
    ask(there.token("eve", email="eve@acme.test", roles=("admin",)))
    person = there.user("eve")
    person.set_password(PASSWORD)
    person.save()
    connect("local", provider_tenant_id="", admits="invited")
    return person


def test_people_of_a_provider_do_not_get_in_by_a_password(provider_person, visitor):
    assert by_password("eve@acme.test") is None
    response = visitor.post("/account/login/", {"login": "eve@acme.test", "password": PASSWORD})
    assert (response.status_code, "_auth_user_id" in visitor.session) == (200, False)
    assert visitor.post("/account/login/", {"login": "editor@acme.test", "password": PASSWORD}).status_code == 302


def test_people_of_a_provider_are_sent_no_link_for_a_password(provider_person, visitor):
    for address in ("eve@acme.test", "editor@acme.test"):
        visitor.post("/account/password/reset/", {"email": address})
    assert [message.to for message in mail.outbox if "/account/password/reset/key/" in message.body] == [
        ["editor@acme.test"]
    ]


@pytest.mark.parametrize(("who", "comes_in"), [("editor", True), ("eve", False)])
def test_no_way_in_of_our_own_lets_people_of_a_provider_in(acme, provider_person, visitor, monkeypatch, who, comes_in):
    """Were such a link about, and were it to sign in at once."""
    monkeypatch.setattr(settings, "ACCOUNT_LOGIN_ON_PASSWORD_RESET", True, raising=False)
    person = provider_person if who == "eve" else User.objects.get(pk=acme.editor.pk)  # the key depends on his row
    key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
    page = visitor.get(f"/account/password/reset/key/{key}/", follow=True).request["PATH_INFO"]
    response = visitor.post(page, {"password1": "another good one", "password2": "another good one"})
    assert (response.status_code, "_auth_user_id" in visitor.session) == (302 if comes_in else 403, comes_in)


def session_of(user: User, backend: str) -> dict:
    return {
        "_auth_user_id": str(user.pk),
        "_auth_user_backend": backend,
        "_auth_user_hash": user.get_session_auth_hash(),
    }


def test_each_backend_finds_its_own_people_again_and_in_this_schema_alone(acme, globex, there, ask):
    ask(there.token())
    person = there.user()
    assert load_backend(PROVIDER).get_user(person.pk) == person
    assert load_backend(PROVIDER).get_user(acme.editor.pk) is None
    assert load_backend(LOCAL).get_user(person.pk) is None
    with in_tenant(globex.tenant):
        assert load_backend(PROVIDER).get_user(person.pk) is None


def test_connecting_another_provider_ends_everybodys_sessions(acme, known, connect, there, ask):
    """W09, both ways."""
    request = RequestFactory().get("/")
    request.session = session_of(acme.editor, LOCAL)
    assert get_user(request).is_anonymous
    ask(there.token())
    request.session = session_of(there.user(), PROVIDER)
    assert get_user(request) == there.user()
    for provider in ("oidc", "local", "forgotten"):
        connect(provider)
        with in_tenant(acme.tenant):
            assert get_user(request).is_anonymous, provider


@pytest.mark.parametrize("end", [{"is_active": False}, {"removed_at": "2026-01-01T00:00Z"}])
def test_whoever_was_ended_is_found_by_no_backend(there, ask, end):
    ask(there.token())
    person = there.user()
    User.objects.filter(pk=person.pk).update(**end)
    assert load_backend(PROVIDER).get_user(person.pk) is None
