"""Plain OpenID Connect: its lies, and back-channel log-out."""

import jwt
import pytest
import requests

from standin.oidc import LOGOUT_EVENT

from .flow import answer_in, authorize_url, code_for, endpoints, exchange, read

PROVIDER = "oidc"


def test_discovery_stands_below_an_issuer_with_a_path_and_may_name_another(idp):
    assert endpoints(idp)["issuer"] == idp.environment()["OIDC_ISSUER"] == f"{idp.url}/realms/main"
    idp.faults.discovery_issuer = "https://other.test"
    assert endpoints(idp)["issuer"] == "https://other.test"


def test_the_answer_names_its_issuer(idp, ada):
    assert answer_in(idp.pick(authorize_url(idp), ada))["iss"] == idp.provider.issuer
    idp.faults.issuer = "https://other.test"
    assert answer_in(idp.pick(authorize_url(idp), ada))["iss"] == "https://other.test"


@pytest.mark.parametrize(
    ("lie", "claim"), [("issuer", "iss"), ("nonce", "nonce"), ("audience", "aud"), ("tenant", "tenant")]
)
def test_issued_tokens_lie_on_demand_until_the_faults_are_cleared(idp, ada, lie, claim):
    setattr(idp.faults, lie, "a-lie")
    lied = read(idp, exchange(idp, code_for(idp, ada)).json()["id_token"])
    idp.faults.clear()
    true = read(idp, exchange(idp, code_for(idp, ada)).json()["id_token"])
    assert (lied[claim], true[claim] == "a-lie") == ("a-lie", False)


def test_userinfo_may_be_somebody_elses(idp, ada):
    headers = {"Authorization": f"Bearer {exchange(idp, code_for(idp, ada)).json()['access_token']}"}
    idp.faults.userinfo_subject = "eve"
    assert requests.get(endpoints(idp)["userinfo_endpoint"], headers=headers, timeout=5).json()["sub"] == "eve"


def test_access_tokens_are_typed_or_opaque(idp, ada):
    token = exchange(idp, code_for(idp, ada)).json()["access_token"]
    assert (jwt.get_unverified_header(token)["typ"], read(idp, token)["aud"]) == ("at+jwt", idp.provider.audience)
    idp.faults.opaque_access_tokens = True
    assert "." not in exchange(idp, code_for(idp, ada)).json()["access_token"]


def test_a_new_key_is_unknown_until_it_is_announced(idp, ada):
    idp.keys.rotate(announce=False)
    token = idp.mint("idToken", person=ada)
    with pytest.raises(jwt.PyJWKClientError):
        read(idp, token)
    idp.keys.announce()
    assert read(idp, token)["sub"] == ada.subject


def test_a_revoked_key_is_gone_and_dropped_keys_too(idp, ada):
    token = idp.mint("idToken", person=ada)
    idp.keys.rotate()
    assert read(idp, token)["sub"] == ada.subject
    idp.keys.revoke(jwt.get_unverified_header(token)["kid"])
    with pytest.raises(jwt.PyJWKClientError):
        read(idp, token)
    idp.faults.drop_keys()
    assert requests.get(endpoints(idp)["jwks_uri"], timeout=5).json() == {"keys": []}


def test_the_clock_is_off_by_what_is_said(idp, ada):
    idp.faults.clock_offset = -2 * idp.provider.lifetimes["idToken"]
    with pytest.raises(jwt.ExpiredSignatureError):
        read(idp, idp.mint("idToken", person=ada))


@pytest.mark.parametrize(
    ("variant", "flaw"),
    [
        ("signed", {}),
        ("nonce", {"nonce": "n-1"}),
        ("audience", {"aud": "somebody-else"}),
        ("no_event", {"events": {}}),
        ("list", {"events": [LOGOUT_EVENT]}),
    ],
)
def test_a_logout_token_names_the_person_the_session_and_the_event(idp, ada, variant, flaw):
    idp.pick(authorize_url(idp), ada)
    [session] = idp.provider.flow.sign_in.sessions.values()
    claims = read(idp, idp.logout_token(ada, variant=variant))
    expected = {"aud": "django-app", "events": {LOGOUT_EVENT: {}}, "sub": ada.subject, "sid": session.sid, **flaw}
    assert ({name: claims[name] for name in expected}, "nonce" in claims) == (expected, variant == "nonce")


@pytest.mark.parametrize("variant", ["wrong", "none"])
def test_a_logout_token_is_badly_signed_on_demand(idp, ada, variant):
    with pytest.raises(jwt.InvalidTokenError):
        read(idp, idp.logout_token(ada, variant=variant))
    with pytest.raises(ValueError, match="unheard-of"):
        idp.logout_token(ada, variant="unheard-of")


def test_a_logout_token_is_sent_as_a_form_and_can_be_sent_again(idp, ada):
    token = idp.logout_token(ada)
    for _ in range(2):
        idp.send_logout_token(f"{idp.url}/back", ada, token=token, host="acme.localhost")
    got = [each for each in idp.requests if each.path == "/back"]
    assert [each.body for each in got] == [f"logout_token={token}".encode()] * 2
    assert (got[0].headers["host"], got[0].headers["content-type"]) == (
        "acme.localhost",
        "application/x-www-form-urlencoded",
    )


def test_signing_out_here_tells_the_site(idp, ada):
    browser = requests.Session()
    idp.provider.backchannel_logout_uri = f"{idp.url}/back"
    idp.pick(authorize_url(idp), ada, browser=browser)
    browser.get(endpoints(idp)["end_session_endpoint"], timeout=5)
    [told] = [each for each in idp.requests if each.path == "/back"]
    assert read(idp, told.body.decode().removeprefix("logout_token="))["sub"] == ada.subject
