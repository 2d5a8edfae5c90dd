"""Passkeys: what a visitor may send in place of a browser's answer is wrong, and no more than that."""

import json
from base64 import urlsafe_b64encode

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from fido2 import cbor

from .test_second_factor import secret  # noqa: F401  (a fixture)
from .test_sign_in import is_signed_in, prove_again, sign_in


def encoded(raw: bytes | dict) -> str:
    return urlsafe_b64encode(json.dumps(raw).encode() if isinstance(raw, dict) else raw).decode().rstrip("=")


def answer(**changes) -> dict:
    """What a browser would send, as far as its shape goes, for the person with the number 1."""
    told = {"type": "webauthn.get", "challenge": "AA", "origin": "http://acme.localhost"}
    response = {
        "clientDataJSON": encoded(told),
        "authenticatorData": encoded(bytes(37)),
        "signature": "AA",
        "userHandle": encoded(b"1"),
    }
    return {"id": "AA", "rawId": "AA", "type": "public-key", "response": response | changes}


def told(**changes) -> dict:
    return answer(clientDataJSON=encoded({"type": "webauthn.get", "challenge": "AA", "origin": "x"} | changes))


def made(authenticator_data: bytes) -> dict:
    """The answer to "make a passkey"."""
    attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": authenticator_data})
    client = {"type": "webauthn.create", "challenge": "AA", "origin": "x"}
    return answer(clientDataJSON=encoded(client), attestationObject=encoded(attestation))


CUT_SHORT = bytes(32) + b"\x40" + bytes(4) + bytes(17)  # says that a key follows, and ends within its head
EXTENDED = bytes(32) + b"\x80" + bytes(4)  # says that extensions follow, in CBOR
NOISE = [
    {"id": 1},
    {"id": "AA"},
    {"id": "\ud800", "rawId": None, "response": "x", "type": 7},
    ["id"],
    "id",
    answer(),
    answer() | {"response": {}},
    answer() | {"response": []},
    answer(clientDataJSON="é"),
    answer(userHandle=["MQ"]),
    answer(authenticatorData=encoded(CUT_SHORT)),
    answer(attestationObject="oA"),
    *(told(origin=origin) for origin in (1, None, [], {})),
    *(told(challenge=challenge) for challenge in (1, None, [])),
    made(CUT_SHORT),
    made(b""),
    made(EXTENDED + b"\x81" * 900),
    *(made(EXTENDED + extensions) for extensions in (b"\x19", b":", b"\xa1\xa0\x01", b"\xc0\x01")),
    answer(authenticatorData=encoded(EXTENDED + b"\x19")),
]
ALL_NOISE = [*map(json.dumps, NOISE), "1" * 5000, "-1e999", "NaN", "[" * 90_000, '{"id":' * 5000, "", "{", "\x00"]


@pytest.fixture(params=ALL_NOISE, ids=lambda text: repr(text[:40]))
def noise(request) -> dict[str, str]:
    cache.clear()  # ten tries a minute
    return {"credential": request.param}


def test_noise_signs_nobody_in(visitor, noise):
    visitor.get("/account/2fa/webauthn/login/", headers={"accept": "application/json"})  # a challenge to answer
    assert visitor.post("/account/2fa/webauthn/login/", noise).status_code == 302
    assert not is_signed_in(visitor)


def test_noise_is_no_second_step(visitor, secret, noise):  # noqa: F811
    sign_in(visitor)
    visitor.get("/account/2fa/authenticate/")
    assert visitor.post("/account/2fa/authenticate/", noise).status_code == 200
    assert not is_signed_in(visitor)


def test_noise_proves_nothing_again(visitor, noise):
    sign_in(visitor)
    visitor.get("/account/2fa/webauthn/reauthenticate/")
    assert visitor.post("/account/2fa/webauthn/reauthenticate/", noise).status_code == 302


def test_noise_is_no_new_passkey_and_is_not_shown_again(visitor, acme, noise):
    sign_in(visitor)
    prove_again(visitor)
    visitor.get("/account/2fa/webauthn/add/")
    response = visitor.post("/account/2fa/webauthn/add/", {"name": "Phone", **noise})
    assert response.status_code == 200
    assert len(response.content) < 50_000
    assert not Authenticator.objects.exists()
