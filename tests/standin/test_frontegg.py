"""Frontegg as its API description has it, through the door: headers that decide, pages, keys, tokens, webhooks."""

import json

import jwt
import pytest
import requests

from standin import REMOVE, StandIn

from .flow import authorize_url, code_for, endpoints, exchange, read

PROVIDER = "frontegg"
IDENTITY = "/identity/resources"


@pytest.fixture
def ask(idp):
    """A management call: method, path, and what goes with it. `tenant` is the header."""
    pair = {"clientId": idp.provider.client_id, "secret": idp.provider.api_key}
    vendor = requests.post(f"{idp.url}/auth/vendor/", json=pair, timeout=5).json()["token"]

    def ask(method, path, tenant=None, **options):
        headers = {"Authorization": f"Bearer {vendor}", **({"frontegg-tenant-id": tenant.id} if tenant else {})}
        return requests.request(method, f"{idp.url}{path}", headers=headers, timeout=5, **options)

    return ask


@pytest.fixture
def globex(idp):
    return idp.world.add_tenant("globex-id", name="Globex")


@pytest.mark.parametrize(("secret", "status"), [("standin-api-key", 200), ("guessed", 401)])
@pytest.mark.parametrize("path", ["/auth/vendor/", "/auth/vendor"])
def test_the_vendor_token_is_for_the_right_pair(idp, path, secret, status):
    pair = {"clientId": idp.provider.client_id, "secret": secret}
    assert requests.post(f"{idp.url}{path}", json=pair, timeout=5).status_code == status


def test_management_needs_a_vendor_token_and_a_users_is_none(idp, ask, ada, acme):
    url, user_token = f"{idp.url}{IDENTITY}/roles/v1", idp.mint("userToken", person=ada, tenant=acme)
    refused = requests.get(url, headers={"Authorization": f"Bearer {user_token}"}, timeout=5)
    assert (ask("GET", f"{IDENTITY}/roles/v1").status_code, refused.status_code) == (200, 401)
    assert requests.get(url, headers={"x-access-token": user_token}, timeout=5).status_code == 401


def test_an_invitation_is_pending_until_the_person_signs_in(idp, ask, ada, acme):
    body = {"email": "b@acme.test", "metadata": "{}", "roleIds": [idp.world.role("Admin").id]}
    made = ask("POST", f"{IDENTITY}/users/v2", acme, json=body)
    statuses = f"{IDENTITY}/tenants/users/v1/statuses?userIds={made.json()['id']}"
    assert (made.status_code, made.json()["roles"][0]["key"], made.json()["activatedForTenant"]) == (
        201,
        "Admin",
        False,
    )
    assert ask("GET", statuses).json()[0]["status"] == "PendingInvitation"
    assert not idp.world.person("b@acme.test").verified
    code_for(idp, idp.world.person("b@acme.test"), acme)
    assert (ask("GET", statuses).json()[0]["status"], idp.world.person("b@acme.test").verified) == ("Activated", True)


@pytest.mark.parametrize("flaw", [{"email": "nobody"}, {"metadata": {}}, {"roleIds": ["r-none"]}])
def test_a_flawed_invitation_invites_nobody(idp, ask, ada, acme, flaw):
    good = {"email": "b@acme.test", "metadata": "{}", "roleIds": []}
    assert ask("POST", f"{IDENTITY}/users/v2", acme, json={**good, **flaw}).status_code == 400
    assert ask("POST", f"{IDENTITY}/users/v2", json=good).status_code == 400  # no tenant header
    assert [each.person for each in idp.world.members(acme)] == [ada]
    assert ask("POST", f"{IDENTITY}/users/v2", acme, json=good).status_code == 201
    assert ask("POST", f"{IDENTITY}/users/v2", acme, json=good).status_code == 409


def test_many_are_invited_at_once_and_asked_about_later(idp, ask, acme):
    users = [{"email": f"p{number}@acme.test"} for number in range(3)]
    begun = ask("POST", f"{IDENTITY}/users/bulk/v1/invite", acme, json={"users": users})
    status = ask("GET", f"{IDENTITY}/users/bulk/v1/status/{begun.json()['id']}")
    assert (begun.status_code, status.json()["status"], len(idp.world.members(acme))) == (202, "succeeded", 3)


def test_removing_from_a_tenant_needs_the_header_or_the_person_is_gone_everywhere(idp, ask, ada, acme, globex):
    idp.world.join(ada, globex, ["Viewer"])
    assert ask("DELETE", f"{IDENTITY}/users/v1/{ada.subject}", acme).status_code == 200
    assert [each.tenant for each in idp.world.memberships_of(ada)] == [globex]
    assert ask("DELETE", f"{IDENTITY}/users/v1/{ada.subject}").status_code == 200
    assert ada.subject not in idp.world.people


def test_roles_are_added_and_taken_away_by_id_with_the_header(idp, ask, ada, acme):
    path, body = f"{IDENTITY}/users/v1/{ada.subject}/roles", {"roleIds": [idp.world.role("Editor").id]}
    assert ask("POST", path, json=body).status_code == 400
    added = ask("POST", path, acme, json=body)
    assert [role["key"] for role in added.json()["roles"]] == ["Admin", "Editor"]
    ask("DELETE", path, acme, json={"roleIds": [idp.world.role("Admin").id]})
    assert idp.world.roles_of(ada, acme) == ["Editor"]
    assert ask("DELETE", path, acme).status_code == 400  # a DELETE without its body


def test_somebody_is_disabled_in_one_tenant(idp, ask, ada, acme, globex):
    idp.world.join(ada, globex)
    path = f"{IDENTITY}/tenants/users/v1/{ada.subject}"
    assert (ask("POST", f"{path}/disable").status_code, ask("POST", f"{path}/disable", acme).status_code) == (400, 200)
    listed = ask("GET", f"{IDENTITY}/users/v3", acme).json()["items"][0]["tenants"]
    assert {each["tenantId"]: each["isDisabled"] for each in listed} == {"acme-id": True, "globex-id": False}
    ask("POST", f"{path}/enable", acme)
    assert not idp.world.membership(ada, acme).disabled


def test_offset_counts_pages_and_not_rows(idp, ask, acme):
    for number in range(5):
        idp.world.join(idp.world.add_person(f"p{number}"), acme)
    page = ask("GET", f"{IDENTITY}/users/v3?_limit=2&_offset=2", acme).json()
    assert [user["email"] for user in page["items"]] == ["p4@example.test"]
    assert page["_metadata"] == {"totalItems": 5, "totalPages": 3}
    assert ask("GET", f"{IDENTITY}/users/v3?_limit=201", acme).status_code == 400


def test_people_are_found_in_their_tenant_anywhere_and_by_address(idp, ask, ada, acme, globex):
    path = f"{IDENTITY}/users/v1/{ada.subject}"
    assert (ask("GET", path, acme).json()["name"], ask("GET", path, globex).status_code) == ("Ada Roe", 404)
    assert ask("GET", f"{IDENTITY}/vendor-only/users/v1/{ada.subject}").json()["tenantIds"] == ["acme-id"]
    assert ask("GET", f"{IDENTITY}/users/v1/email?email=ADA@acme.test").json()["id"] == ada.subject
    assert ask("GET", f"{IDENTITY}/users/v1/email?email=no@acme.test").status_code == 404


def test_a_known_person_joins_another_tenant(idp, ask, ada, globex):
    path = f"{IDENTITY}/users/v1/{ada.subject}/tenant"
    assert ask("POST", path, json={"tenantId": "none"}).status_code == 404
    assert ask("POST", path, json={"tenantId": "globex-id", "skipInviteEmail": True}).status_code == 201
    assert not idp.world.membership(ada, globex).invited


def test_a_tenant_is_made_once_and_revived_after_it_was_deleted(idp, ask):
    body, path = {"tenantId": "new-id", "name": "New"}, "/tenants/resources/tenants"
    first, second = ask("POST", f"{path}/v1", json=body), ask("POST", f"{path}/v1", json=body)
    assert (first.status_code, second.status_code, second.json()) == (201, 400, {"errors": ["Tenant already exists"]})
    person = idp.world.add_person("p")
    idp.world.join(person, idp.world.tenants["new-id"])
    ask("DELETE", f"{path}/v1/new-id")
    assert (ask("GET", f"{path}/v2/new-id").json(), person.subject in idp.world.people) == ([], False)
    assert ask("POST", f"{path}/v1", json=body).status_code == 201


def test_tenants_are_listed_renamed_and_described(ask, acme, globex):
    path = "/tenants/resources/tenants"
    assert ask("GET", f"{path}/v2?_filter=glo").json()["_metadata"]["totalItems"] == 1
    assert ask("PUT", f"{path}/v2/acme-id", json={"name": "Acme Ltd"}).json()["name"] == "Acme Ltd"
    described = ask("POST", f"{path}/v1/acme-id/metadata", json={"metadata": {"plan": "pro"}})
    assert json.loads(described.json()["metadata"]) == {"plan": "pro"}


def test_invite_links_come_and_go(ask, acme):
    path = f"{IDENTITY}/tenants/invites"
    invite = ask("POST", f"{path}/v1", json={"tenantId": "acme-id", "expiresInMinutes": 5, "roleIds": []}).json()
    assert [each["id"] for each in ask("GET", f"{path}/v1/all", acme).json()] == [invite["id"]]
    assert [ask("DELETE", f"{path}/v1/token/{invite['id']}").status_code for _ in range(2)] == [200, 404]
    assert ask("POST", f"{path}/v1", json={"tenantId": "acme-id", "expiresInMinutes": "soon"}).status_code == 400


def test_permissions_of_a_role_are_replaced(idp, ask, ada):
    [permission] = ask("GET", f"{IDENTITY}/permissions/v1").json()
    path = f"{IDENTITY}/roles/v1/{idp.world.role('Viewer').id}/permissions"
    assert ask("PUT", path, json={"permissionIds": ["none"]}).status_code == 400
    assert ask("PUT", path, json={"permissionIds": [permission["id"]]}).status_code == 200
    assert idp.world.role("Viewer").permissions == ["projects.read"]


def test_roles_by_page_need_to_know_what_to_sort_by(ask):
    assert ask("GET", f"{IDENTITY}/roles/v2").status_code == 400
    assert ask("GET", f"{IDENTITY}/roles/v2?_sortBy=key").json()["items"][0]["key"] == "Admin"


def test_too_many_requests_say_when_to_come_back(idp, ask):
    idp.throttle(f"{IDENTITY}/roles", seconds=2)
    first, second = ask("GET", f"{IDENTITY}/roles/v1"), ask("GET", f"{IDENTITY}/roles/v1")
    assert (first.status_code, first.headers["X-Rate-Limit-Reset"][-1], second.status_code) == (429, "Z", 200)


@pytest.mark.parametrize(
    "kind", ["userToken", "userApiToken", "tenantApiToken", "userAccessToken", "tenantAccessToken"]
)
def test_every_kind_of_token_names_its_tenant_and_is_signed(idp, ada, acme, kind):
    claims = read(idp, idp.mint(kind, person=ada, tenant=acme))
    placeholder = ["FETCH-ROLES-BY-API"] if kind.endswith("AccessToken") else None
    assert (claims["type"], claims["tenantId"], claims["iss"]) == (kind, "acme-id", idp.url)
    assert claims["roles"] == (placeholder or ["Admin"])


def test_what_a_token_says_can_be_changed_and_left_out(idp, ada, acme):
    claims = {"roles": REMOVE, "tenantId": "other"}
    token = idp.mint("userToken", person=ada, tenant=acme, claims=claims, header={"kid": REMOVE, "jku": "x"})
    said = jwt.decode(token, options={"verify_signature": False})
    assert ("roles" in said, said["tenantId"], jwt.get_unverified_header(token)) == (
        False,
        "other",
        {"typ": "JWT", "alg": "RS256", "jku": "x"},
    )
    with pytest.raises(ValueError, match="Frontegg issues no"):
        idp.mint("sessionToken", person=ada)


def test_an_attackers_tokens_can_be_made(idp, ada, acme):
    unsigned = idp.mint("userToken", person=ada, tenant=acme, algorithm="none")
    confused = idp.mint("userToken", person=ada, tenant=acme, algorithm="HS256", key=idp.keys.current.public_pem)
    assert unsigned.endswith(".")
    for token in (unsigned, confused):
        with pytest.raises(jwt.InvalidTokenError):
            read(idp, token)


def test_an_environment_may_sign_with_a_shared_secret():
    with StandIn("frontegg", jwt_algorithm="HS256") as idp:
        token = idp.mint("userToken", person=idp.world.add_person("ada"))
        secret, audience = idp.environment()["FRONTEGG_JWT_SECRET"], idp.environment()["FRONTEGG_AUDIENCE"]
        assert jwt.decode(token, secret, algorithms=["HS256"], audience=audience)["type"] == "userToken"


def test_an_api_token_is_exchanged_and_refreshed(idp, ada, acme):
    machine = idp.provider.machines.add("userApiToken", person=ada, tenant=acme)
    url = f"{idp.url}{IDENTITY}/auth/v2/api-token"
    given = requests.post(url, json={"clientId": machine.id, "secret": machine.secret}, timeout=5).json()
    again = requests.post(f"{url}/token/refresh", json={"refreshToken": given["refresh_token"]}, timeout=5).json()
    assert (read(idp, again["access_token"])["sub"], read(idp, again["access_token"])["roles"]) == (
        machine.id,
        ["Admin"],
    )
    assert requests.post(url, json={"clientId": machine.id, "secret": "guessed"}, timeout=5).status_code == 401
    burnt = requests.post(f"{url}/token/refresh", json={"refreshToken": given["refresh_token"]}, timeout=5)
    assert burnt.status_code == 401


def test_switching_the_tenant_changes_the_next_token(idp, ask, ada, acme, globex):
    idp.world.join(ada, globex, ["Viewer"])
    tokens = exchange(idp, code_for(idp, ada, acme)).json()
    headers = {"frontegg-user-id": ada.subject, "Authorization": f"Bearer {tokens['access_token']}"}
    url = f"{idp.url}{IDENTITY}/users/v1/tenant"
    assert requests.put(url, json={"tenantId": "none"}, headers=headers, timeout=5).status_code == 404
    assert requests.put(url, json={"tenantId": "globex-id"}, timeout=5).status_code == 401
    assert requests.put(url, json={"tenantId": "globex-id"}, headers=headers, timeout=5).status_code == 200
    cookie = {"fe_refresh_c11e47000000-4000-8000-000000000000": tokens["refresh_token"]}
    refreshed = requests.post(f"{idp.url}{IDENTITY}/auth/v1/user/token/refresh", cookies=cookie, timeout=5).json()
    assert read(idp, refreshed["accessToken"])["tenantId"] == "globex-id"


def test_signing_up_founds_a_tenant(idp):
    form = {"email": "new@new.test", "name": "New", "organisation": "New Ltd"}
    requests.post(authorize_url(idp), data=form, allow_redirects=False, timeout=5)
    [membership] = idp.world.memberships_of(idp.world.person("new@new.test"))
    assert (membership.tenant.name, membership.roles) == ("New Ltd", ["Owner"])


def test_the_older_path_of_the_token_endpoint_answers_too(idp):
    assert requests.post(f"{idp.url}/frontegg/oauth/token", data={}, timeout=5).status_code == 401
    assert endpoints(idp)["token_endpoint"] == f"{idp.url}/oauth/token"


@pytest.mark.parametrize(
    ("variant", "good"), [("signed", True), ("wrong", False), ("none", False), ("plain", False), ("absent", False)]
)
def test_a_webhook_is_signed_as_asked(idp, ada, acme, variant, good):
    message = idp.webhook("user.updated", person=ada, tenant=acme, variant=variant)
    body, header = json.loads(message.body), message.headers.get("x-webhook-secret", "")
    assert (body["eventKey"], body["eventContext"]["tenantId"]) == ("frontegg.user.updated", "acme-id")
    try:
        jwt.decode(header, idp.provider.webhook_secret, algorithms=["HS256"])
        verified = True
    except jwt.InvalidTokenError:
        verified = False
    assert verified is good


def test_a_webhook_is_sent_to_a_host_by_name(idp, ada):
    idp.send_webhook(f"{idp.url}/hook", "user.deleted", person=ada, host="acme.localhost:8000")
    [got] = [each for each in idp.requests if each.path == "/hook"]
    assert (got.headers["host"], got.json["user"]["email"]) == ("acme.localhost:8000", "ada@acme.test")
