"""Descope, played: its tokens, keys and sessions, and what it refuses, over real HTTP."""

from datetime import timedelta

import pytest
import requests

from standin import REMOVE, StandIn

from .descope_calls import call, verified

PROVIDER = "descope"


@pytest.fixture
def acme(idp):
    return idp.world.add_tenant("T2acme", name="Acme")


@pytest.fixture
def ada(ada, idp):
    """In a second organisation too, without a role there."""
    idp.world.join(ada, idp.world.add_tenant("T2globex", name="Globex"))
    return ada


# --- Tokens -------------------------------------------------------------------------------------


def test_session_token_carries_rights_in_its_tenants_alone(idp, ada, acme):
    claims = verified(idp, idp.mint("session", person=ada, tenant=acme))
    assert (claims["sub"], claims["drn"], claims["dct"]) == (ada.subject, "DS", "T2acme")
    assert claims["tenants"]["T2acme"] == {"roles": ["Admin"], "permissions": ["projects.read"]}
    assert claims["tenants"]["T2globex"] == {"roles": [], "permissions": []}
    assert not {"roles", "permissions", "aud", "email"} & set(claims)


@pytest.mark.parametrize(("form", "ending"), [("url", "/P2test"), ("project", "P2test")])
def test_both_forms_of_the_issuer_are_played(ada, form, ending):
    with StandIn("descope", project_id="P2test", issuer_form=form) as idp:
        person = idp.world.add_person("ada")
        issuer = verified(idp, idp.mint("session", person=person))["iss"]
    assert issuer == (idp.url + ending if form == "url" else ending)


def test_profile_and_audience_are_said_only_where_set(idp, ada):
    assert not {"email", "aud"} & set(verified(idp, idp.mint("session", person=ada)))
    idp.provider.carries_profile, idp.provider.audience = True, "P2standin"
    claims = verified(idp, idp.mint("session", person=ada))
    assert (claims["email"], claims["email_verified"], claims["aud"]) == ("ada@acme.test", True, "P2standin")


def test_refresh_token_differs_from_a_session_by_drn(idp, ada, acme):
    session, refresh = (verified(idp, idp.mint(kind, person=ada, tenant=acme)) for kind in ("session", "refresh"))
    assert refresh["drn"] == "DSR"
    assert refresh["tenants"] == session["tenants"]


def test_dsub_names_the_person_where_sub_does_not(idp, ada, acme):
    claims = verified(idp, idp.mint("dsub", person=ada, tenant=acme))
    assert claims["dsub"] == ada.subject != claims["sub"]


def test_project_roles_are_at_the_top_and_not_in_the_tenant(idp, ada, acme):
    claims = verified(idp, idp.mint("projectRoles", person=ada, tenant=acme))
    assert (claims["roles"], claims["tenants"]) == (["Admin"], {"T2acme": {}})


def test_a_token_may_choose_a_tenant_that_the_person_is_not_in(idp, ada):
    claims = verified(idp, idp.mint("session", person=ada, tenant=idp.world.add_tenant("T2other")))
    assert claims["dct"] == "T2other" not in claims["tenants"]


def test_any_claim_can_be_changed_or_dropped(idp, ada, acme):
    token = idp.mint("session", person=ada, tenant=acme, claims={"dct": REMOVE, "iss": "https://evil.test"})
    claims = verified(idp, token)
    assert claims["iss"] == "https://evil.test"
    assert "dct" not in claims


def test_lies_reach_what_is_issued(idp, ada, acme):
    token = idp.mint("refresh", person=ada, tenant=acme)
    idp.faults.issuer, idp.faults.tenant = "https://evil.test", "T2globex"
    claims = verified(idp, call(idp, "POST", "/v1/auth/refresh", token).json()["sessionJwt"])
    assert (claims["iss"], claims["dct"]) == ("https://evil.test", "T2globex")


# --- Keys ---------------------------------------------------------------------------------------


def test_both_addresses_of_the_key_set_agree(idp):
    project = idp.provider.project_id
    urls = f"{idp.url}/v2/keys/{project}", f"{idp.url}/{project}/.well-known/jwks.json"
    one, other = (requests.get(url, timeout=5).json() for url in urls)
    assert one == other
    assert one["keys"][0]["alg"] == "RS256"


def test_another_projects_keys_are_not_given(idp):
    assert requests.get(f"{idp.url}/v2/keys/P2other", timeout=5).status_code == 404


# --- Sessions -----------------------------------------------------------------------------------


def test_refresh_gives_a_session_with_the_roles_of_now(idp, ada, acme):
    refresh = idp.mint("refresh", person=ada, tenant=acme)
    idp.world.set_roles(ada, acme, ["Viewer"])
    body = call(idp, "POST", "/v1/auth/refresh", refresh).json()
    claims = verified(idp, body["sessionJwt"])
    assert (claims["dct"], claims["tenants"]["T2acme"]["roles"]) == ("T2acme", ["Viewer"])
    assert (body["refreshJwt"], body["user"]["userId"]) == (refresh, ada.subject)
    assert (body["cookieMaxAge"], body["cookiePath"], body["firstSeen"]) == (2592000, "/", False)


def test_refresh_may_leave_the_refresh_token_out(idp, ada):
    idp.provider.repeats_refresh_token = False
    assert "refreshJwt" not in call(idp, "POST", "/v1/auth/refresh", idp.mint("refresh", person=ada)).json()


def test_rotated_refresh_token_works_once(idp, ada):
    idp.faults.rotate_refresh_tokens = True
    first = idp.mint("refresh", person=ada)
    second = call(idp, "POST", "/v1/auth/refresh", first).json()["refreshJwt"]
    assert call(idp, "POST", "/v1/auth/refresh", first).status_code == 401
    # Whoever uses a burnt token ends the whole session, as token theft would look just so.
    assert call(idp, "POST", "/v1/auth/refresh", second).status_code == 401


def test_refresh_token_may_travel_in_its_cookie_alone(idp, ada):
    idp.provider.refresh_in_cookie = idp.faults.rotate_refresh_tokens = True
    browser = requests.Session()
    headers = {"Authorization": f"Bearer {idp.provider.project_id}"}
    browser.cookies.set("DSR", idp.mint("refresh", person=ada), domain="127.0.0.1", path="/")
    seen = {browser.cookies["DSR"]}
    for _ in range(2):
        answer = browser.post(f"{idp.url}/v1/auth/refresh", json={}, headers=headers, timeout=5)
        assert "refreshJwt" not in answer.json()
        seen.add(answer.cookies["DSR"])
    assert len(seen) == 3


def signed_with_revoked_key(idp, person):
    token = idp.mint("refresh", person=person)
    idp.keys.rotate(keep_old=False)
    return token


@pytest.mark.parametrize("wrong", ["session", "expired", "foreign", "revoked", "nonsense", "unsigned"])
def test_what_is_no_refresh_token_refreshes_nothing(idp, ada, wrong):
    token = {
        "session": idp.mint("session", person=ada),
        "expired": idp.mint("refresh", person=ada, lifetime=timedelta(seconds=-1)),
        "foreign": idp.mint("refresh", person=ada, key=idp.keys.new()),
        "nonsense": "a.b.c",
        "unsigned": idp.mint("refresh", person=ada, algorithm="none"),
    }.get(wrong) or signed_with_revoked_key(idp, ada)
    answer = call(idp, "POST", "/v1/auth/refresh", token)
    assert (answer.status_code, answer.json()["errorCode"]) == (401, "E011005")
    assert call(idp, "POST", "/v1/auth/refresh", idp.mint("refresh", person=ada)).status_code == 200


def test_refresh_for_another_project_is_refused(idp, ada):
    token = idp.mint("refresh", person=ada)
    assert call(idp, "POST", "/v1/auth/refresh", token, project="P2other").status_code == 401


def test_whoever_left_the_tenant_gets_a_session_without_it(idp, ada, acme):
    token = idp.mint("refresh", person=ada, tenant=acme)
    idp.world.leave(ada, acme)
    claims = verified(idp, call(idp, "POST", "/v1/auth/refresh", token).json()["sessionJwt"])
    assert "dct" not in claims
    assert "T2acme" not in claims["tenants"]


def test_locked_person_refreshes_nothing(idp, ada):
    token = idp.mint("refresh", person=ada)
    ada.locked = True
    assert call(idp, "POST", "/v1/auth/refresh", token).status_code == 401
    ada.locked = False
    assert call(idp, "POST", "/v1/auth/refresh", token).status_code == 200


def test_me_says_who_it_is(idp, ada, acme):
    body = call(idp, "GET", "/v1/auth/me", idp.mint("refresh", person=ada)).json()
    assert (body["userId"], body["email"], body["verifiedEmail"]) == (ada.subject, "ada@acme.test", True)
    assert {"tenantId": "T2acme", "tenantName": "Acme", "roleNames": ["Admin"]} in body["userTenants"]
    assert call(idp, "GET", "/v1/auth/me", idp.mint("session", person=ada)).status_code == 401


def test_tenant_is_chosen_by_selecting_it(idp, ada):
    token = idp.mint("refresh", person=ada)
    idp.world.add_tenant("T2other")
    assert call(idp, "POST", "/v1/auth/tenant/select", token, tenant="T2other").status_code == 403
    chosen = call(idp, "POST", "/v1/auth/tenant/select", token, tenant="T2globex").json()
    assert verified(idp, chosen["sessionJwt"])["dct"] == verified(idp, chosen["refreshJwt"])["dct"] == "T2globex"


@pytest.mark.parametrize(("path", "other"), [("/v1/auth/logout", 200), ("/v1/auth/logoutall", 401)])
def test_signing_out_ends_this_session_or_all(idp, ada, path, other):
    here, there = (idp.mint("refresh", person=ada) for _ in range(2))
    answer = call(idp, "POST", path, here)
    assert (answer.status_code, answer.json()) == (200, {})
    assert call(idp, "POST", "/v1/auth/refresh", here).status_code == 401
    assert call(idp, "POST", "/v1/auth/refresh", there).status_code == other


def test_access_key_is_exchanged_for_a_machines_token(idp, acme):
    key = idp.provider.add_access_key(acme, ["Admin"])
    body = call(idp, "POST", "/v1/auth/accesskey/exchange", key.secret, loginOptions={}).json()
    claims = verified(idp, body["sessionJwt"])
    assert (body["keyId"], claims["sub"], claims["dct"]) == (key.id, key.id, "T2acme")
    assert claims["tenants"]["T2acme"]["roles"] == ["Admin"]


@pytest.mark.parametrize(("change", "status"), [("secret", 401), ("inactive", 401), ("tenant", 403)])
def test_access_key_that_is_wrong_gets_nothing(idp, acme, change, status):
    key = idp.provider.add_access_key(acme)
    key.active = change != "inactive"
    options = {"selectedTenant": "T2globex" if change == "tenant" else "T2acme"}
    secret = "wrong" if change == "secret" else key.secret
    assert call(idp, "POST", "/v1/auth/accesskey/exchange", secret, loginOptions=options).status_code == status
