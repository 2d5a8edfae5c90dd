"""Descope, played: signing in by the code flow and by the web component, and the audit webhook."""

import base64
import hashlib
import hmac
import json

import pytest
import requests

from . import flow
from .descope_calls import call, in_flow, manage, verified

PROVIDER = "descope"


@pytest.fixture
def acme(idp):
    return idp.world.add_tenant("T2acme", name="Acme")


@pytest.fixture
def ada(ada, idp):
    """In a second organisation too, without a role there."""
    idp.world.join(ada, idp.world.add_tenant("T2globex", name="Globex"))
    return ada


# --- The code flow ------------------------------------------------------------------------------


def test_code_flow_ends_with_a_session_an_id_token_and_a_refresh_token(idp, ada, acme):
    tokens = flow.exchange(idp, flow.code_for(idp, ada, acme)).json()
    session, who = verified(idp, tokens["access_token"]), verified(idp, tokens["id_token"])
    assert (session["drn"], session["dct"]) == ("DS", "T2acme")
    assert (who["aud"], who["nonce"], who["email"]) == (idp.provider.client_id, "n-1", "ada@acme.test")
    assert call(idp, "POST", "/v1/auth/refresh", tokens["refresh_token"]).status_code == 200


def test_code_flow_refuses_another_verifier(idp, ada, acme):
    answer = flow.exchange(idp, flow.code_for(idp, ada, acme), code_verifier="w" * 43)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("form", ["url", "project"])
def test_discovery_is_where_the_project_is(idp, form):
    idp.provider.issuer_form = form
    url = f"{idp.url}/{idp.provider.project_id}"
    document = requests.get(f"{url}/.well-known/openid-configuration", timeout=5).json()
    assert document["issuer"] == url
    assert document["token_endpoint"] == f"{idp.url}/oauth2/v1/token"
    assert document["jwks_uri"] == f"{url}/.well-known/jwks.json"


def test_session_ended_at_the_provider_refreshes_nothing_more(idp, ada, acme):
    token = flow.exchange(idp, flow.code_for(idp, ada, acme)).json()["refresh_token"]
    assert manage(idp, "/v1/mgmt/user/logout", loginId="ada@acme.test").json() == {}
    assert call(idp, "POST", "/v1/auth/refresh", token).status_code == 401


# --- A flow of the web component ----------------------------------------------------------------


def test_flow_ends_with_tokens_once(idp, ada, acme):
    started = in_flow(idp, "start", flowId="sign-in", options={"tenant": acme.id})
    assert started.headers["Access-Control-Allow-Origin"] == "http://acme.localhost:8000"
    step = {"executionId": started.json()["executionId"], "interactionId": "pick", "input": {"person": ada.subject}}
    tokens = in_flow(idp, "next", **step).json()["authInfo"]
    assert verified(idp, tokens["sessionJwt"])["dct"] == acme.id
    assert call(idp, "POST", "/v1/auth/refresh", tokens["refreshJwt"]).status_code == 200
    assert in_flow(idp, "next", **step).status_code == 400


def test_flow_of_another_project_does_not_begin(idp):
    assert in_flow(idp, "start", flowId="sign-in", project="P2other").status_code == 401


@pytest.mark.parametrize(
    ("given", "status"), [({"person": "nobody"}, 400), ({"person": "gus"}, 403), ({"tenant": "T2none"}, 400), ({}, 400)]
)
def test_flow_lets_in_nobody_who_does_not_belong(idp, ada, acme, given, status):
    idp.world.add_person("gus")
    tenant = "" if "tenant" in given else acme.id
    begun = in_flow(idp, "start", flowId="sign-in", options={"tenant": tenant}).json()["executionId"]
    given = {"person": ada.subject, **given} if given else {}
    assert in_flow(idp, "next", executionId=begun, input=given).status_code == status


def test_invited_person_arrives_by_signing_in(idp, acme):
    bea = idp.world.add_person("bea", verified=False)
    idp.world.join(bea, acme, invited=True)
    assert idp.provider.status(bea) == "invited"
    begun = in_flow(idp, "start", flowId="sign-in").json()["executionId"]
    user = in_flow(idp, "next", executionId=begun, input={"person": "bea"}).json()["authInfo"]["user"]
    assert (user["status"], user["verifiedEmail"]) == ("enabled", True)


def test_script_of_the_component_is_served_with_and_without_a_version(idp):
    for package in ("web-component", "web-component@3.2.1"):
        answer = requests.get(f"{idp.url}/npm/@descope/{package}/dist/index.js", timeout=5)
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert requests.get(f"{idp.url}/npm/@descope/other/dist/index.js", timeout=5).status_code == 404


# --- The audit webhook --------------------------------------------------------------------------


def hmac_is_right(idp, message, raw=None):
    digest = hmac.new(idp.provider.webhook_secret.encode(), raw or message.body, hashlib.sha256).digest()
    return message.headers.get("x-descope-webhook-s256") == base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    ("variant", "right"),
    [("signed", True), ("wrong", False), ("absent", False), ("none", False), ("plain", False), ("restyled", False)],
)
def test_webhook_is_signed_over_its_raw_body(idp, ada, acme, variant, right):
    message = idp.webhook("UserModified", person=ada, tenant=acme, variant=variant)
    body = json.loads(message.body)
    assert (body["action"], body["userId"], body["tenants"]) == ("UserModified", ada.subject, ["T2acme"])
    assert hmac_is_right(idp, message) is right


def test_restyled_webhook_is_signed_over_compact_json(idp, ada):
    message = idp.webhook("UserModified", person=ada, variant="restyled")
    compact = json.dumps(json.loads(message.body), separators=(",", ":")).encode()
    assert hmac_is_right(idp, message, compact)


def test_replayed_webhook_is_the_last_one_byte_for_byte(idp, ada):
    first = idp.webhook("UserModified", person=ada)
    assert idp.webhook("UserModified", person=ada, variant="replayed") is first


def test_webhook_may_hold_a_list(idp, ada):
    idp.provider.events_in_list = True
    assert json.loads(idp.webhook("UserDeleted", person=ada).body)[0]["action"] == "UserDeleted"
