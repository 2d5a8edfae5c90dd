"""Signing an organisation up on the public host: the form, what it refuses, and how often it may be sent."""

import pytest
from django.core.cache import cache

from accounts.models import User
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant
from tests.conftest import HostClient
from tests.world import PASSWORD

from . import hostile
from .conftest import SIGN_UP
from .pages import Page
from .test_sign_in import is_signed_in


def test_page_makes_an_organisation_with_its_owner(newcomer):
    assert newcomer.tenant.is_served
    assert newcomer.arrival.startswith("/arrive/")
    owner = newcomer.owner
    assert (owner.name, [role.key for role in owner.roles]) == ("Ada Owner", ["owner"])
    assert owner.check_password(PASSWORD)
    assert not owner.has_proven_address


def test_address_that_nobody_has_proven_is_not_in_the_directory(newcomer, in_directory):
    """Its real owner would be told of an organisation that somebody else made in his name."""
    assert not in_directory("ada@tea.test", newcomer.tenant)


@pytest.mark.parametrize(
    "change",
    [
        {"organisation": ""},
        {"slug": "no"},
        {"currency": "XXX"},
        {"name": ""},
        {"email": "ada"},
        {"password": "short"},
        {"password": "1234567890123"},
        {"password": "password1234"},
        {"password": "ada@tea.test"},
    ],
    ids=str,
)
def test_form_keeps_what_was_typed_but_never_the_password(public_client, change):
    response = public_client.post("/sign-up/", SIGN_UP | change)
    typed = Page(response).values
    assert response.status_code == 422
    assert not Tenant.objects.filter(slug="tea").exists()
    kept = {key: value for key, value in (SIGN_UP | change).items() if key in ("organisation", "slug", "name", "email")}
    assert {key: typed[key] or "" for key in kept} == kept
    assert not typed["password"]
    wrong = {a["name"] for _tag, a in Page(response).elements if a.get("aria-invalid")}
    assert wrong == set(change)


def test_taken_address_is_a_conflict_and_the_first_stays(newcomer, public_client):
    response = public_client.post("/sign-up/", SIGN_UP | {"email": "eve@evil.test", "organisation": "Evil"})
    assert response.status_code == 409
    assert "taken" in Page(response).words
    with in_public():
        assert Tenant.objects.get(slug="tea").name == "Tea & Sons"
    assert not User.objects.filter(email="eve@evil.test").exists()


@pytest.fixture
def form(public_client) -> dict[str, str]:
    """The form as a browser sends it, with what is hidden in the page."""
    return SIGN_UP | {"attempt": Page(public_client.get("/sign-up/")).values["attempt"]}


def arrive(response):
    """A visitor who follows the redirect."""
    tenant = Tenant.objects.get(slug="tea")
    client = HostClient(tenant.host)
    client.get(response["Location"].removeprefix(tenant.absolute_url("")))
    return client


def test_form_sent_twice_makes_one_organisation_and_both_lead_in(public_client, form):
    before = Tenant.objects.count()
    first, second = (public_client.post("/sign-up/", form) for _click in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert Tenant.objects.count() == before + 1
    assert is_signed_in(arrive(second))
    with in_tenant(Tenant.objects.get(slug="tea")):
        assert User.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"attempt": ""},
        {"attempt": "0b5f0e0e-7f3b-4f5e-9d55-0f3f6f1f2a11"},
        {"email": "eve@tea.test"},
        {"password": "another horse battery"},
    ],
    ids=str,
)
def test_form_that_is_not_quite_the_same_is_a_conflict(public_client, form, change):
    public_client.post("/sign-up/", form)
    assert public_client.post("/sign-up/", form | change).status_code == 409
    assert public_client.post("/sign-up/", form).status_code == 302


def test_form_sent_again_after_the_owner_came_in_is_a_conflict(public_client, form):
    """He may have a second factor by then, and this is not the way around it."""
    assert is_signed_in(arrive(public_client.post("/sign-up/", form)))
    assert public_client.post("/sign-up/", form).status_code == 409


def test_every_page_has_an_attempt_of_its_own(public_client, form):
    assert Page(public_client.get("/sign-up/")).values["attempt"] != form["attempt"]


def test_address_and_mail_are_stored_in_lower_case(public_client):
    public_client.post("/sign-up/", SIGN_UP | {"slug": "TeA", "email": "Ada@Tea.TEST"})
    with in_tenant(Tenant.objects.get(slug="tea")):
        assert User.objects.get().email == "ada@tea.test"


@pytest.mark.parametrize("slug", hostile.SLUGS, ids=ascii)
def test_reserved_or_odd_address_makes_nothing(public_client, slug):
    before = Tenant.objects.count()
    response = public_client.post("/sign-up/", SIGN_UP | {"slug": slug})
    clean = slug.strip()  # a form's text loses the spaces around it
    assert response.status_code == (302 if clean == "tea" else 422)
    assert Tenant.objects.count() == before + (clean == "tea")


@pytest.mark.parametrize("text", [*hostile.INVISIBLE, hostile.MEGABYTE], ids=lambda text: ascii(text)[:20])
@pytest.mark.parametrize("field", ["organisation", "name"])
def test_invisible_or_endless_text_is_refused(public_client, field, text):
    response = public_client.post("/sign-up/", SIGN_UP | {field: text})
    assert response.status_code == 422
    assert not Tenant.objects.filter(slug="tea").exists()


@pytest.mark.parametrize("text", [*hostile.PLAIN, *hostile.MARKUP], ids=ascii)
def test_any_other_text_is_stored_as_typed(public_client, text):
    response = public_client.post("/sign-up/", SIGN_UP | {"organisation": text[:80], "name": text[:80]})
    tenant = Tenant.objects.get(slug="tea")
    assert (response.status_code, tenant.name) == (302, text[:80].strip())
    with in_tenant(tenant):
        assert User.objects.get().name == text[:80].strip()


@pytest.mark.parametrize("field", ["organisation", "slug", "currency", "name", "email", "password"])
@pytest.mark.parametrize("broken", hostile.BROKEN_BYTES)
def test_bytes_that_are_no_text_are_no_error_of_ours(public_client, field, broken):
    body = "&".join(f"{key}={value}" for key, value in (SIGN_UP | {"organisation": "Tea"}).items() if key != field)
    response = public_client.generic(
        "POST", "/sign-up/", body.encode() + f"&{field}=".encode() + broken, "application/x-www-form-urlencoded"
    )
    assert response.status_code in (302, 422)


@pytest.mark.parametrize("field", ["slug", "currency", "email", "password"])
@pytest.mark.parametrize("text", [hostile.NUL, hostile.MEGABYTE, "\U0001f60d" * 300], ids=["nul", "1 MB", "emoji"])
def test_hostile_value_in_any_field_is_named_beside_it(public_client, field, text):
    response = public_client.post("/sign-up/", SIGN_UP | {field: text})
    assert response.status_code == 422
    assert not Tenant.objects.filter(slug="tea").exists()


def test_twenty_sign_ups_an_hour_from_one_address_and_no_more(public_client):
    for _try in range(20):
        public_client.post("/sign-up/", SIGN_UP | {"slug": "acme"})
    refused = public_client.post("/sign-up/", SIGN_UP)
    assert refused.status_code == 429
    assert Page(refused).values["organisation"] == "Tea & Sons"
    assert not Tenant.objects.filter(slug="tea").exists()
    cache.clear()  # an hour later
    assert public_client.post("/sign-up/", SIGN_UP).status_code == 302


@pytest.mark.parametrize(
    ("slug", "word"), [("acme", "taken"), ("tea", "tea.localhost"), ("www", "reserved"), ("T!", "letters")]
)
def test_address_is_checked_while_typing(public_client, slug, word):
    response = public_client.get("/sign-up/address/", {"slug": slug}, headers={"hx-request": "true"})
    assert response.status_code == 200
    assert word in Page(response).words
    assert "<html" not in response.content.decode()


@pytest.mark.parametrize("address", hostile.UNSENDABLE, ids=ascii)
def test_address_that_mail_cannot_reach_is_refused(public_client, address):
    assert public_client.post("/sign-up/", SIGN_UP | {"email": address}).status_code == 422
    assert not Tenant.objects.filter(slug="tea").exists()


@pytest.mark.parametrize("slug", hostile.SLUGS, ids=ascii)
def test_checking_an_odd_address_is_harmless(public_client, slug):
    assert public_client.get("/sign-up/address/", {"slug": slug}).status_code == 200
