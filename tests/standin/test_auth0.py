"""Auth0 with Organizations: what tokens say of one, who may manage what, invitations, events."""

import json

import pytest
import requests

from .flow import answer_in, authorize_url, code_for, endpoints, exchange, read, token

PROVIDER = "auth0"


@pytest.fixture
def ask(idp):
    """A management call below /api/v2."""
    form = {"grant_type": "client_credentials", "audience": f"{idp.url}/api/v2/"}

    def ask(method, path, **options):
        headers = {"Authorization": f"Bearer {token(idp, form).json()['access_token']}"}
        return requests.request(method, f"{idp.url}/api/v2{path}", headers=headers, timeout=5, **options)

    return ask


@pytest.fixture
def invitation(idp):
    inviter = {"inviter": {"name": "Ada"}, "client_id": idp.provider.client_id}
    return {**inviter, "invitee": {"email": "b@acme.test"}, "roles": []}


def role_ids(ask, *names):
    return [role["id"] for role in ask("GET", "/roles").json() if role["name"] in names]


@pytest.mark.parametrize(("asked", "org_id"), [({"organization": "acme-id"}, "acme-id"), ({}, None)])
def test_tokens_name_an_organisation_only_if_the_login_did(idp, ada, asked, org_id):
    tokens = exchange(idp, code_for(idp, ada, audience=idp.provider.audience, **asked)).json()
    access, identity = read(idp, tokens["access_token"]), read(idp, tokens["id_token"])
    assert (access.get("org_id"), identity.get("org_id")) == (org_id, org_id)
    assert (access["iss"], access["aud"]) == (f"{idp.url}/", [idp.provider.audience, f"{idp.url}/userinfo"])
    assert (access[idp.provider.roles_claim], identity["aud"]) == (["Admin"] if org_id else [], idp.provider.client_id)


def test_a_silent_login_names_no_organisation_of_an_earlier_one(idp, ada):
    browser = requests.Session()
    idp.pick(authorize_url(idp, organization="acme-id"), ada, browser=browser)
    silent = browser.get(authorize_url(idp), allow_redirects=False, timeout=5)
    code = answer_in(silent.headers["Location"])["code"]
    assert "org_id" not in read(idp, exchange(idp, code).json()["id_token"])


def test_without_an_audience_the_access_token_is_opaque_and_a_strange_one_is_refused(idp, ada):
    assert "." not in exchange(idp, code_for(idp, ada)).json()["access_token"]
    assert exchange(idp, code_for(idp, ada, audience="https://other.test")).status_code == 403


def test_only_who_asks_for_offline_access_may_refresh(idp, ada):
    assert "refresh_token" in exchange(idp, code_for(idp, ada)).json()
    assert "refresh_token" not in exchange(idp, code_for(idp, ada, scope="openid")).json()


def test_the_key_set_holds_the_current_and_the_next_key(idp, ada):
    before = [key["kid"] for key in idp.keys.jwks()["keys"]]
    old = idp.mint("idToken", person=ada)
    idp.keys.rotate()
    assert (len(before), idp.keys.current.kid) == (2, before[1])
    assert read(idp, old)["sub"] == ada.subject == read(idp, idp.mint("idToken", person=ada))["sub"]


def test_both_ways_to_sign_out_lead_back(idp):
    for path, name in (("/oidc/logout", "post_logout_redirect_uri"), ("/v2/logout", "returnTo")):
        to = {name: "http://localhost:8000/"}
        response = requests.get(f"{idp.url}{path}", params=to, allow_redirects=False, timeout=5)
        assert (response.status_code, response.headers["Location"]) == (302, "http://localhost:8000/")
    assert endpoints(idp)["issuer"] == f"{idp.url}/"


@pytest.mark.parametrize(
    ("scopes", "status", "code"), [("read:*", 200, None), ("create:users read:roles", 403, "insufficient_scope")]
)
def test_management_needs_a_token_with_the_scope(idp, ask, acme, scopes, status, code):
    idp.provider.management_scopes = scopes
    response = ask("GET", "/organizations/acme-id")
    assert (response.status_code, response.json().get("errorCode")) == (status, code)
    bare = requests.get(f"{idp.url}/api/v2/organizations", timeout=5)
    user = requests.get(f"{idp.url}/api/v2/organizations", headers={"Authorization": "Bearer x"}, timeout=5)
    assert (bare.status_code, user.status_code) == (401, 401)


def test_an_organisation_is_made_found_changed_and_deleted(ask):
    made = ask("POST", "/organizations", json={"name": "new-co", "display_name": "New Co"})
    path = f"/organizations/{made.json()['id']}"
    assert (made.status_code, ask("GET", "/organizations/name/new-co").json()["id"]) == (201, made.json()["id"])
    assert ask("POST", "/organizations", json={"name": "new-co"}).status_code == 409
    assert ask("POST", "/organizations", json={"name": "New Co"}).status_code == 400
    assert ask("PATCH", path, json={"display_name": "Newer"}).json()["display_name"] == "Newer"
    assert [ask("DELETE", path).status_code, ask("GET", path).status_code] == [204, 404]


def test_an_invitation_makes_its_addressee_a_member_once(idp, ask, acme, invitation):
    invitation["roles"] = role_ids(ask, "Editor")
    made = ask("POST", "/organizations/acme-id/invitations", json=invitation)
    ticket = answer_in(made.json()["invitation_url"])
    url = authorize_url(idp, organization=ticket["organization"], invitation=ticket["invitation"])
    eve, bob = idp.world.add_person("eve"), idp.world.add_person("bob", email="b@acme.test")
    assert (made.status_code, answer_in(idp.pick(url, eve))["error"]) == (201, "access_denied")
    assert "code" in answer_in(idp.pick(url, bob))
    assert idp.world.roles_of(bob, acme) == ["Editor"]
    assert answer_in(idp.pick(url, bob))["error"] == "access_denied"


@pytest.mark.parametrize("flaw", [{"ttl_sec": 31 * 86400}, {"ttl_sec": "x"}, {"client_id": "x"}, {"invitee": {}}])
def test_a_flawed_invitation_is_not_made(ask, acme, invitation, flaw):
    path = "/organizations/acme-id/invitations"
    assert ask("POST", path, json={**invitation, **flaw}).status_code == 400
    assert ask("GET", path).json() == []
    assert ask("POST", path, json=invitation).status_code == 201


def test_an_invitation_is_withdrawn_or_expires(idp, ask, acme, invitation):
    path = "/organizations/acme-id/invitations"
    first, second = (ask("POST", path, json=invitation).json()["id"] for _ in range(2))
    assert [ask("DELETE", f"{path}/{first}").status_code for _ in range(2)] == [204, 404]
    assert [each["id"] for each in ask("GET", path).json()] == [second]
    idp.faults.clock_offset = idp.provider.lifetimes["idToken"] * 24
    assert ask("GET", path).json() == []


def test_members_come_and_go_with_a_body_and_show_roles_only_on_demand(idp, ask, ada):
    path, bob = "/organizations/acme-id/members", idp.world.add_person("bob")
    assert ask("POST", path, json={"members": [bob.subject]}).status_code == 204
    assert [set(each) for each in ask("GET", path).json()] == [{"user_id", "name", "email", "picture"}] * 2
    assert ask("GET", f"{path}?fields=user_id,roles").json()[0]["roles"][0]["name"] == "Admin"
    assert ask("DELETE", path).status_code == 400
    assert ask("DELETE", path, json={"members": [ada.subject]}).status_code == 204
    assert [each["user_id"] for each in ask("GET", path).json()] == [bob.subject]


def test_a_members_roles_are_changed_by_id(idp, ask, ada, acme):
    path = f"/organizations/acme-id/members/{ada.subject.replace('|', '%7C')}/roles"
    assert ask("POST", path, json={"roles": role_ids(ask, "Viewer")}).status_code == 204
    assert ask("DELETE", path, json={"roles": role_ids(ask, "Admin")}).status_code == 204
    assert [role["name"] for role in ask("GET", path).json()] == ["Viewer"] == idp.world.roles_of(ada, acme)
    assert ask("POST", path, json={"roles": ["rol_none"]}).status_code == 404
    stranger = idp.world.add_person("eve").subject
    assert ask("GET", f"/organizations/acme-id/members/{stranger}/roles").status_code == 404


def test_lists_come_by_page_and_by_checkpoint(idp, ask, acme):
    for number in range(5):
        idp.world.join(idp.world.add_person(f"p{number}"), acme)
    first = ask("GET", "/organizations/acme-id/members?take=3&fields=email").json()
    rest = ask("GET", f"/organizations/acme-id/members?take=3&from={first['next']}&fields=email").json()
    assert ([len(first["members"]), len(rest["members"])], "next" in rest) == ([3, 2], False)
    totals = ask("GET", "/organizations/acme-id/members?per_page=2&page=2&include_totals=true").json()
    assert (len(totals["members"]), totals["total"]) == (1, 5)
    assert ask("GET", "/organizations/acme-id/members?take=101").status_code == 400


def test_deleting_a_user_is_global(idp, ask, ada, acme):
    assert ask("GET", "/users-by-email?email=ada@acme.test").json()[0]["user_id"] == ada.subject
    assert ask("PATCH", f"/users/{ada.subject}", json={"blocked": True}).json()["blocked"] is True
    assert ask("GET", f"/users/{ada.subject}/organizations").json()[0]["id"] == "acme-id"
    assert [ask("DELETE", f"/users/{ada.subject}").status_code for _ in range(2)] == [204, 204]
    assert (ask("GET", f"/users/{ada.subject}").status_code, idp.world.members(acme)) == (404, [])


def test_too_many_requests_say_when_to_come_back(idp, ask):
    idp.throttle("/api/v2/roles", seconds=3)
    response = ask("GET", "/roles")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "3")


def test_a_client_gets_a_token_of_its_own(idp, acme):
    form = {"grant_type": "client_credentials", "audience": idp.provider.audience, "organization": "acme-id"}
    claims = read(idp, token(idp, form).json()["access_token"])
    assert (claims["sub"], claims["org_id"]) == (f"{idp.provider.client_id}@clients", "acme-id")
    assert token(idp, {**form, "audience": "https://other.test"}).status_code == 403


@pytest.mark.parametrize(
    ("variant", "authorization"),
    [("signed", "Bearer standin-webhook-token"), ("plain", "standin-webhook-token"), ("absent", None)],
)
def test_an_event_says_what_happened_and_carries_the_streams_token(idp, ada, acme, variant, authorization):
    event = idp.event("organization.member.role.deleted", person=ada, tenant=acme)
    message = idp.webhook(event, variant=variant)
    assert (json.loads(message.body), message.headers.get("Authorization")) == (event, authorization)
    assert event["data"]["object"]["user"] == {"user_id": ada.subject}
    assert event["data"]["object"]["organization"] == {"id": "acme-id"}


def test_events_come_twice_and_out_of_order(idp, ada):
    first, second = idp.event("user.updated", person=ada), idp.event("user.deleted", person=ada)
    for event in (second, first, first):
        idp.send_webhook(f"{idp.url}/hook", event)
    got = [each.json["id"] for each in idp.requests if each.path == "/hook"]
    assert got == [second["id"], first["id"], first["id"]]
    assert second["time"] >= first["time"]
