"""The code flow that the hosted providers share: what it gives, and each rule with its refusal."""

import re

import pytest
import requests

from standin import StandIn

from .flow import CALLBACK, answer_in, authorize_url, code_for, endpoints, exchange, read, refresh, token

PROVIDER = "oidc"


@pytest.fixture(scope="module", params=["oidc", "frontegg", "auth0"])
def any_served(request):
    with StandIn(request.param) as idp:
        yield idp


def test_every_hosted_provider_signs_somebody_in(any_served):
    any_served.reset()
    acme = any_served.world.add_tenant("acme-id", name="Acme")
    ada = any_served.world.add_person("ada", email="ada@acme.test")
    any_served.world.join(ada, acme, ["Admin"])
    location = any_served.pick(authorize_url(any_served, organization="acme-id"), ada)
    tokens = exchange(any_served, answer_in(location)["code"]).json()
    claims = read(any_served, tokens["id_token"])
    assert (location.startswith(CALLBACK), answer_in(location)["state"]) == (True, "s-1")
    assert (claims["sub"], claims["nonce"], claims[any_served.provider.tenant_claim]) == (ada.subject, "n-1", "acme-id")
    assert (claims["iss"], tokens["token_type"]) == (any_served.provider.issuer, "Bearer")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"redirect_uri": "http://evil.test/auth/callback/"}, 400),
        ({"redirect_uri": "http://localhost:8000/elsewhere/"}, 400),
        ({"redirect_uri": None}, 400),
        ({"client_id": "another"}, 400),
    ],
)
def test_only_known_clients_and_addresses_are_sent_anywhere(idp, ada, changes, status):
    response = requests.get(authorize_url(idp, **changes), allow_redirects=False, timeout=5)
    assert (response.status_code, "Location" in response.headers) == (status, False)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"prompt": "none"}, "login_required"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"organization": "nobody"}, "invalid_request"),
    ],
)
def test_other_mistakes_go_back_to_the_site(idp, ada, changes, error):
    response = requests.get(authorize_url(idp, **changes), allow_redirects=False, timeout=5)
    answer = answer_in(response.headers["Location"])
    assert (response.status_code, answer["error"], answer["state"]) == (302, error, "s-1")


def test_a_listed_address_is_taken_alone(idp, ada):
    idp.addresses.only = {"http://acme.localhost:8000/other/"}
    taken = requests.get(authorize_url(idp, redirect_uri="http://acme.localhost:8000/other/"), timeout=5)
    refused = requests.get(authorize_url(idp), timeout=5)
    assert (taken.status_code, refused.status_code) == (200, 400)


def test_a_code_works_once_and_its_second_use_ends_what_came_of_it(idp, ada):
    code = code_for(idp, ada)
    first = exchange(idp, code)
    second = exchange(idp, code)
    assert (first.status_code, second.status_code, second.json()["error"]) == (200, 400, "invalid_grant")
    assert refresh(idp, first.json()["refresh_token"]).status_code == 400


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"code_verifier": "w" * 64}, 400),
        ({"code_verifier": ""}, 400),
        ({"redirect_uri": "http://localhost:8000/auth/callback/"}, 400),
        ({"code": "made-up"}, 400),
    ],
)
def test_a_code_needs_its_verifier_and_its_address(idp, ada, changes, status):
    response = exchange(idp, code_for(idp, ada), **changes)
    assert (response.status_code, response.json().get("error")) == (status, "invalid_grant" if status == 400 else None)


def test_a_verifier_without_a_challenge_is_refused(idp, ada):
    assert exchange(idp, code_for(idp, ada, code_challenge=None)).status_code == 400
    assert exchange(idp, code_for(idp, ada, code_challenge=None), code_verifier="").status_code == 200


def test_a_provider_that_needs_pkce_says_so(idp, ada):
    idp.provider.needs_pkce = True
    response = requests.get(authorize_url(idp, code_challenge=None), allow_redirects=False, timeout=5)
    assert answer_in(response.headers["Location"])["error"] == "invalid_request"


def test_a_code_expires(idp, ada):
    code = code_for(idp, ada)
    idp.faults.clock_offset += idp.provider.lifetimes["logoutToken"]
    assert exchange(idp, code).json()["error"] == "invalid_grant"


def test_the_client_says_who_it_is_by_basic_or_in_a_form_or_in_json(idp, ada):
    url, provider = endpoints(idp)["token_endpoint"], idp.provider
    pair = {"client_id": provider.client_id, "client_secret": provider.client_secret}
    bodies = [
        {"grant_type": "refresh_token", "refresh_token": exchange(idp, code_for(idp, ada)).json()["refresh_token"]}
        for _ in range(2)
    ]
    assert requests.post(url, data={**bodies[0], **pair}, timeout=5).status_code == 200
    assert requests.post(url, json={**bodies[1], **pair}, timeout=5).status_code == 200


@pytest.mark.parametrize("auth", [("django-app", "guessed"), ("another", "standin-client-secret"), ("", "")])
def test_a_client_that_is_not_the_one_gets_nothing(idp, ada, auth):
    form = {"grant_type": "client_credentials"}
    assert token(idp, form).status_code == 200
    assert (token(idp, form, auth).status_code, token(idp, form, auth).json()["error"]) == (401, "invalid_client")


def test_a_body_that_is_no_json_and_a_grant_that_is_none_are_refused(idp):
    url = endpoints(idp)["token_endpoint"]
    broken = requests.post(url, data="{", headers={"Content-Type": "application/json"}, timeout=5)
    assert (broken.status_code, token(idp, {"grant_type": "password"}).json()["error"]) == (
        400,
        "unsupported_grant_type",
    )


def test_a_refresh_token_lasts_unless_it_is_rotated_then_a_burnt_one_ends_the_session(idp, ada):
    first = exchange(idp, code_for(idp, ada)).json()["refresh_token"]
    assert [refresh(idp, first).status_code for _ in range(2)] == [200, 200]
    idp.faults.rotate_refresh_tokens = True
    second = refresh(idp, first).json()["refresh_token"]
    assert second != first
    assert refresh(idp, first).json()["error"] == "invalid_grant"
    assert refresh(idp, second).json()["error"] == "invalid_grant"


def test_roles_are_as_they_are_at_the_refresh_and_nobody_refreshes_who_was_disabled(idp, ada, acme):
    tokens = exchange(idp, code_for(idp, ada)).json()
    idp.world.set_roles(ada, acme, ["Viewer"])
    assert read(idp, refresh(idp, tokens["refresh_token"]).json()["access_token"])["groups"] == ["Viewer"]
    idp.world.disable(ada, acme)
    assert refresh(idp, tokens["refresh_token"]).status_code == 400


def test_signing_in_again_is_silent_until_one_signs_out_or_is_asked(idp, ada):
    browser = requests.Session()
    idp.pick(authorize_url(idp), ada, browser=browser)
    silent = browser.get(authorize_url(idp, prompt="none"), allow_redirects=False, timeout=5)
    asked = browser.get(authorize_url(idp, prompt="select_account"), allow_redirects=False, timeout=5)
    assert ("code" in answer_in(silent.headers["Location"]), asked.status_code) == (True, 200)
    browser.get(endpoints(idp)["end_session_endpoint"], timeout=5)
    assert browser.get(authorize_url(idp), allow_redirects=False, timeout=5).status_code == 200


def test_signing_out_returns_to_this_machine_alone_and_ends_refresh_tokens(idp, ada):
    browser, url = requests.Session(), endpoints(idp)["end_session_endpoint"]
    location = idp.pick(authorize_url(idp), ada, browser=browser)
    refresh_token = exchange(idp, answer_in(location)["code"]).json()["refresh_token"]
    foreign = browser.get(url, params={"post_logout_redirect_uri": "http://evil.test/"}, timeout=5)
    assert (foreign.status_code, refresh(idp, refresh_token).status_code) == (400, 200)
    home = {"post_logout_redirect_uri": "http://localhost:8000/", "state": "s-2"}
    back = browser.get(url, params=home, allow_redirects=False, timeout=5)
    assert (back.headers["Location"], refresh(idp, refresh_token).status_code) == (
        "http://localhost:8000/?state=s-2",
        400,
    )


def test_only_members_who_are_not_disabled_get_in(idp, ada, acme):
    bob = idp.world.add_person("bob")
    url = authorize_url(idp, organization="acme-id")
    assert "code" in answer_in(idp.pick(url, ada))
    assert answer_in(idp.pick(url, bob))["error"] == "access_denied"
    idp.world.disable(ada, acme)
    assert answer_in(idp.pick(url, ada))["error"] == "access_denied"


def test_somebody_locked_or_unknown_gets_in_nowhere(idp, ada, acme):
    ada.locked = True
    assert answer_in(idp.pick(authorize_url(idp), ada))["error"] == "access_denied"
    idp.world.remove_person(ada)
    assert answer_in(idp.pick(authorize_url(idp), ada))["error"] == "invalid_request"


def test_the_page_offers_people_escaped_and_the_hinted_one_first(idp, ada):
    idp.world.add_person("eve", email="eve@acme.test", name="<Eve>")
    page = requests.get(authorize_url(idp, login_hint="eve@acme.test"), timeout=5)
    assert re.findall(r"<strong>(.*?)</strong>", page.text) == ["&lt;Eve&gt;", "Ada Roe"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_somebody_new_signs_up_on_the_page(idp):
    form = {"email": "new@acme.test", "name": "New"}
    response = requests.post(authorize_url(idp), data=form, allow_redirects=False, timeout=5)
    code = answer_in(response.headers["Location"])["code"]
    assert read(idp, exchange(idp, code).json()["id_token"])["email"] == "new@acme.test"


def test_userinfo_is_for_tokens_that_were_issued(idp, ada):
    tokens = exchange(idp, code_for(idp, ada)).json()
    url = endpoints(idp)["userinfo_endpoint"]
    known = requests.get(url, headers={"Authorization": f"Bearer {tokens['access_token']}"}, timeout=5)
    other = requests.get(url, headers={"Authorization": f"Bearer {tokens['id_token']}"}, timeout=5)
    assert (known.json()["sub"], other.status_code) == (ada.subject, 401)
