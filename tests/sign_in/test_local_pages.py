"""Where people come by a provider, nothing is done with a password of ours."""

import json

import pytest
from django.core import mail

from accounts.guards import LIBRARY_VIEWS
from accounts.models import User
from tests import addresses
from tests.conftest import HostClient
from tests.world import PASSWORD

pytestmark = pytest.mark.parametrize("idp", ["oidc"], indirect=True)


@pytest.fixture
def client(there, acme) -> HostClient:
    return HostClient(acme.tenant.host)


KEPT = {"account_login", "account_logout", "account_inactive", "account_reauthenticate", "usersessions_list"}
CLOSED = set(LIBRARY_VIEWS) - KEPT


def closed_paths(acme) -> list[tuple[str, str]]:
    return [(route.name, route.path) for route in addresses.of_tenants(acme) if route.name in CLOSED]


def test_every_local_page_is_closed_to_visitors(client, acme):
    paths = closed_paths(acme)
    assert {name for name, _path in paths} == CLOSED
    for name, path in paths:
        for method in ("get", "post"):
            response = getattr(client, method)(path)
            assert response.status_code in (302, 401, 403, 405), (name, method)
            if response.status_code == 302:
                assert response["Location"].startswith("/account/login/"), name


def test_every_local_page_is_closed_to_members(client, acme, open_to_all_there, ada, browser, sign_in_page):
    browser.sign_in(sign_in_page, ada)
    member = browser.site(acme.tenant.host)
    for name, path in closed_paths(acme):
        response = member.get(path)
        assert response.status_code in (403, 405), name


def test_a_password_signs_nobody_in(client, acme):
    response = client.post("/account/login/", {"login": acme.editor.email, "password": PASSWORD})
    assert response.status_code == 403
    assert client.get("/profile/").status_code == 302


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/session", "/api/auth/refresh", "/api/auth/2fa"])
def test_programs_cannot_sign_in_by_a_password(client, acme, path):
    body = {"email": acme.editor.email, "password": PASSWORD}
    response = client.post(path, json.dumps(body), content_type="application/json")
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")


def test_a_password_cannot_be_had_by_mail(client, acme):
    response = client.post("/account/password/reset/", {"email": acme.editor.email})
    assert (response.status_code, mail.outbox) == (403, [])


def test_a_link_that_was_mailed_before_changes_no_password(acme, client, there):
    before = User.objects.get(pk=acme.editor.pk).password
    assert client.get("/account/password/reset/key/1-abc-def/").status_code == 403
    assert User.objects.get(pk=acme.editor.pk).password == before


def test_the_page_says_where_it_is_kept(open_to_all_there, ada, browser, sign_in_page, acme):
    browser.sign_in(sign_in_page, ada)
    words = browser.site(acme.tenant.host).get("/account/password/change/").content.decode()
    assert "This is kept by OpenID Connect" in words


def test_proving_again_who_is_there_is_the_providers(open_to_all_there, ada, browser, sign_in_page, acme):
    browser.sign_in(sign_in_page, ada)
    location = browser.to_provider(acme.tenant.absolute_url("/account/reauthenticate/?next=/profile/"))
    assert "prompt=login" in location


def test_one_still_signs_out_here_and_sees_ones_sessions(open_to_all_there, ada, browser, sign_in_page, acme):
    browser.sign_in(sign_in_page, ada)
    member = browser.site(acme.tenant.host)
    assert member.get("/account/sessions/").status_code == 200


def test_local_organisations_keep_all_of_it(idp, globex, db):
    client = HostClient(globex.tenant.host)
    assert client.get("/account/login/").status_code == 200
    assert client.get("/account/password/reset/").status_code == 200
