"""The second factor: setting it up, signing in with it, and the codes for when it is lost."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache

from accounts.flows import membership

from .pages import Page
from .test_sign_in import is_signed_in, prove_again, sign_in

PERIOD = 30


def code_for(secret: str) -> str:
    """What an authenticator app would show now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD))


@pytest.fixture
def secret(visitor, acme) -> str:
    """The editor's secret, after he has set the second factor up through the page."""
    sign_in(visitor)
    prove_again(visitor)
    page = visitor.get("/account/2fa/totp/activate/")
    secret = page.context["form"].secret
    response = visitor.post("/account/2fa/totp/activate/", {"code": code_for(secret)})
    assert response.status_code == 302
    visitor.post("/account/logout/")
    return secret


def test_page_shows_the_secret_under_the_organisations_name(visitor, acme):
    sign_in(visitor)
    prove_again(visitor)
    page = visitor.get("/account/2fa/totp/activate/")
    assert page.context["form"].secret in page.content.decode()
    assert "issuer=Acme" in page.context["totp_url"]


def test_wrong_code_sets_nothing_up(visitor, acme):
    sign_in(visitor)
    prove_again(visitor)
    assert visitor.post("/account/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("right", [True, False])
def test_password_alone_opens_nothing_and_the_code_decides(visitor, secret, right):
    assert sign_in(visitor)["Location"].startswith("/account/2fa/authenticate/")
    assert not is_signed_in(visitor)
    forget_used_codes()
    visitor.post("/account/2fa/authenticate/", {"code": code_for(secret) if right else "000000"})
    assert is_signed_in(visitor) is right


def forget_used_codes() -> None:
    """The code that set it up counts as used for the rest of its half minute."""
    cache.clear()


def test_code_works_once(visitor, secret, acme):
    forget_used_codes()
    for opens in (True, False):
        sign_in(visitor)
        visitor.post("/account/2fa/authenticate/", {"code": code_for(secret)})
        assert is_signed_in(visitor) is opens
        visitor.post("/account/logout/")


def test_recovery_code_opens_the_door_once(visitor, secret, acme):
    RecoveryCodes.activate(acme.editor)
    code = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()[0]
    for opens in (True, False):
        sign_in(visitor)
        visitor.post("/account/2fa/authenticate/", {"code": code})
        assert is_signed_in(visitor) is opens
        visitor.post("/account/logout/")


def test_recovery_codes_come_with_the_set_up_and_are_shown_to_their_owner(visitor, secret):
    sign_in(visitor)
    forget_used_codes()
    visitor.post("/account/2fa/authenticate/", {"code": code_for(secret)})
    prove_again(visitor)
    page = visitor.get("/account/2fa/recovery-codes/")
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    assert len(codes) == 10
    assert all(code in Page(page).words.replace(" ", "") for code in codes)


@pytest.mark.parametrize("path", ["", "webauthn/", "webauthn/add/", "totp/activate/"])
def test_pages_of_the_second_factor_open_to_their_owner_alone(visitor, client_as, path):
    assert visitor.get(f"/account/2fa/{path}").status_code == 302
    sign_in(visitor)
    prove_again(visitor)
    assert visitor.get(f"/account/2fa/{path}").status_code == 200


def test_passkey_is_asked_for_this_host_under_the_organisations_name(visitor, acme):
    sign_in(visitor)
    prove_again(visitor)
    options = visitor.get("/account/2fa/webauthn/add/").context["js_data"]["creation_options"]["publicKey"]
    assert options["rp"] == {"id": acme.tenant.host, "name": acme.tenant.name}


def test_signing_in_with_a_passkey_starts_with_a_challenge(visitor):
    answer = visitor.get("/account/2fa/webauthn/login/", headers={"accept": "application/json"})
    assert answer.json()["request_options"]["publicKey"]["challenge"]


def test_former_members_second_factors_do_not_come_back_with_him(secret, fresh, acme):
    """An invitation proves the address, not that the old phone is still his."""
    membership.remove(actor=fresh("owner"), member=fresh("editor"))
    assert not Authenticator.objects.filter(user=acme.editor).exists()


def test_secret_is_asked_for_again_before_it_is_taken_away(visitor, secret, client_as):
    """A session left open is not enough to switch the second factor off."""
    client = client_as("editor")  # has not typed a password in this session
    assert client.post("/account/2fa/totp/deactivate/")["Location"].startswith("/account/")
    assert Authenticator.objects.filter(type="totp").exists()
