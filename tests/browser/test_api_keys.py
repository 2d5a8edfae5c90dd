"""A key made in the browser and used by a real HTTP client."""

import json
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def ask(site):
    """`ask("/api/v1/me/", key)`: status, body and headers of the answer, as a program gets them."""

    def send(path: str, credential: str = "", slug: str = "acme", body: dict | None = None, **headers):
        # Only browsers know every name below localhost.
        headers |= {"Host": site.url("", slug).removeprefix("http://"), "Content-Type": "application/json"}
        if credential:
            headers["Authorization"] = f"Bearer {credential}"
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"http://127.0.0.1:{site.port}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, json.load(response), response.headers
        except urllib.error.HTTPError as error:
            return error.code, json.load(error), error.headers

    return send


def make_key(page, site, *subjects_and_rights: tuple[str, str]) -> str:
    page.goto(site.url("/api-keys/", "acme"))
    page.get_by_role("link", name="Make a key").first.click()
    page.get_by_label("Name").fill("Nightly import")
    for subject, right in subjects_and_rights:
        page.get_by_role("group", name=subject).get_by_label(right, exact=True).check()
    page.get_by_role("button", name="Make the key").click()
    return page.get_by_label("The key").input_value()


def test_a_key_made_at_the_page_opens_what_was_ticked_until_it_is_revoked(site, person, sign_in, ask):
    page = sign_in(person(), "editor@acme.example", "acme")
    key = make_key(page, site, ("Products", "See"))
    assert ask("/api/v1/products/", key)[0] == 200
    assert ask("/api/v1/products/", **{"X-API-Key": key})[0] == 200
    assert ask("/api/v1/members/", key)[0] == 403
    assert ask("/api/v1/products/", key[:-1])[0] == 401
    assert ask("/api/v1/products/", key, slug="globex")[0] == 401
    page.get_by_role("link", name="I have kept it").click()
    page.get_by_role("link", name="Revoke Nightly import").first.click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("no longer opens anything")).to_be_visible()
    assert ask("/api/v1/products/", key)[0] == 401


def test_the_key_is_copied_by_a_button_and_shown_once(site, person, sign_in):
    page = sign_in(person(permissions=["clipboard-read", "clipboard-write"]), "viewer@acme.example", "acme")
    key = make_key(page, site, ("Products", "See"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key
    page.goto(site.url("/api-keys/", "acme"))
    assert key not in page.content()


def test_without_scripts_the_key_is_there_to_be_selected(site, person, sign_in):
    page = sign_in(person(java_script_enabled=False), "viewer@acme.example", "acme")
    key = make_key(page, site, ("Products", "See"))
    assert key.startswith("tnt_")
    expect(page.get_by_role("button", name="Copy")).to_be_hidden()


def test_an_app_signs_in_and_gets_a_token_that_opens_the_api(ask):
    credentials = {"email": "editor@acme.example", "password": "tenantry-demo"}
    status, answer, headers = ask("/api/auth/login", body=credentials)
    token = answer["meta"]["access_token"]
    assert (status, "Set-Cookie" in headers) == (200, False)
    assert ask("/api/v1/me/", token)[0] == 200
    assert ask("/api/v1/me/", token, slug="globex")[0] == 403
