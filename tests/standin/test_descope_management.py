"""Descope's management API, played: each row that the site uses, who may call it, and its traps."""

import pytest
import requests

from .descope_calls import manage

PROVIDER = "descope"
pytestmark = pytest.mark.usefixtures("ada")  # of Acme


@pytest.fixture
def acme(idp):
    return idp.world.add_tenant("T2acme", name="Acme")


@pytest.fixture
def world(idp, ada):
    return idp.world


def invite(idp, email="bea@acme.test", tenant="T2acme", roles=("Viewer",), **more):
    places = [{"tenantId": tenant, "roleNames": list(roles)}]
    return manage(idp, "/v1/mgmt/user/create", loginId=email, email=email, invite=True, userTenants=places, **more)


@pytest.mark.parametrize("path", ["/v1/mgmt/license", "/v1/mgmt/tenant/all", "/v1/mgmt/role/all"])
def test_calls_need_the_management_key_of_the_project(idp, path):
    assert manage(idp, path, "GET", key="wrong").status_code == 401
    assert requests.get(idp.url + path, timeout=5).status_code == 401
    assert manage(idp, path, "GET").status_code == 200


def test_license_is_what_the_sdk_asks_for_first(idp):
    assert manage(idp, "/v1/mgmt/license", "GET").json() == {"rateLimitTier": "tier1"}


def test_too_many_calls_are_told_when_to_come_back(idp):
    idp.throttle("/v1/mgmt/", seconds=7)
    answer = manage(idp, "/v1/mgmt/license", "GET")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["errorCode"] == "E130429"
    assert manage(idp, "/v1/mgmt/license", "GET").status_code == 200


# --- Tenants ------------------------------------------------------------------------------------


def test_tenant_is_made_with_our_id_or_one_of_theirs(idp, world):
    assert manage(idp, "/v1/mgmt/tenant/create", name="Globex", id="T2globex").json() == {"id": "T2globex"}
    theirs = manage(idp, "/v1/mgmt/tenant/create", name="Initech", id=None).json()["id"]
    assert (world.tenants["T2globex"].name, world.tenants[theirs].name) == ("Globex", "Initech")


@pytest.mark.parametrize("body", [{"name": "Acme", "id": "T2acme"}, {"name": " "}, {}])
def test_tenant_known_already_or_without_a_name_is_refused(idp, world, body):
    assert manage(idp, "/v1/mgmt/tenant/create", **body).status_code == 400
    assert list(world.tenants) == ["T2acme"]


def test_tenants_are_loaded_listed_and_renamed(idp):
    assert manage(idp, "/v1/mgmt/tenant/update", id="T2acme", name="Acme Ltd").status_code == 200
    loaded = manage(idp, "/v1/mgmt/tenant", "GET", params={"id": "T2acme"}).json()
    assert manage(idp, "/v1/mgmt/tenant/all", "GET").json() == {"tenants": [loaded]}
    assert (loaded["id"], loaded["name"], loaded["selfProvisioningDomains"]) == ("T2acme", "Acme Ltd", [])
    assert manage(idp, "/v1/mgmt/tenant", "GET", params={"id": "T2none"}).status_code == 404


@pytest.mark.parametrize(("cascade", "left"), [(False, {"ada", "both"}), (True, {"both"})])
def test_deleting_a_tenant_takes_its_people_along_if_asked_to(idp, world, cascade, left):
    both = world.add_person("both")
    for tenant in (world.tenant("T2acme"), world.add_tenant("T2globex")):
        world.join(both, tenant)
    assert manage(idp, "/v1/mgmt/tenant/delete", id="T2acme", cascade=cascade).status_code == 200
    assert {person.handle for person in world.people.values()} == left
    assert [each.tenant.id for each in world.memberships_of(both)] == ["T2globex"]


# --- People -------------------------------------------------------------------------------------


def test_invited_user_waits_and_the_mail_goes_out(idp, world):
    user = invite(idp, inviteUrl="https://site.test/join").json()["user"]
    assert (user["status"], user["loginIds"], user["verifiedEmail"]) == ("invited", ["bea@acme.test"], False)
    assert user["userTenants"] == [{"tenantId": "T2acme", "tenantName": "Acme", "roleNames": ["Viewer"]}]
    assert idp.provider.outbox == [{"to": "bea@acme.test", "url": "https://site.test/join"}]
    assert world.person("bea@acme.test").subject == user["userId"]


def test_silently_made_user_shows_as_invited_too_but_gets_no_mail(idp):
    user = manage(idp, "/v1/mgmt/user/create", loginId="bea@acme.test", invite=False).json()["user"]
    assert (user["status"], idp.provider.outbox) == ("invited", [])


@pytest.mark.parametrize(
    ("change", "status"),
    [({"email": "ada@acme.test"}, 400), ({"tenant": "T2none"}, 404), ({"roles": ["Nobody"]}, 400)],
)
def test_user_that_cannot_be_is_not_made(idp, world, change, status):
    assert invite(idp, **change).status_code == status
    assert len(world.people) == 1


def test_batch_makes_whom_it_can(idp):
    users = [{"loginId": "bea@acme.test"}, {"loginId": "ada@acme.test"}]
    body = manage(idp, "/v1/mgmt/user/create/batch", users=users, invite=True).json()
    assert [each["email"] for each in body["createdUsers"]] == ["bea@acme.test"]
    assert [each["failure"] for each in body["failedUsers"]] == ["User already exists"]


@pytest.mark.parametrize(
    ("path", "roles"),
    [
        ("/v2/mgmt/user/update/role/add", ["Admin", "Viewer"]),
        ("/v1/mgmt/user/update/role/set", ["Viewer"]),
        ("/v1/mgmt/user/update/role/remove", ["Admin"]),
    ],
)
def test_roles_change_in_the_tenant(idp, world, path, roles):
    body = {"loginId": "ada@acme.test", "tenantId": "T2acme", "roleNames": ["Viewer"]}
    assert manage(idp, path, **body).json()["user"]["userTenants"][0]["roleNames"] == roles
    assert world.roles_of(world.person("ada"), world.tenant("T2acme")) == roles


def test_roles_without_a_tenant_count_everywhere(idp, world):
    ada = world.person("ada")
    user = manage(idp, "/v2/mgmt/user/update/role/add", loginId=ada.email, roleNames=["Owner"]).json()["user"]
    assert (user["roleNames"], user["userTenants"][0]["roleNames"]) == (["Owner"], ["Admin"])
    assert idp.provider.claims("session", ada, None)["roles"] == ["Owner"]


@pytest.mark.parametrize(
    "change", [{"roleNames": ["Nobody"]}, {"roleNames": "Viewer"}, {"tenantId": "T2globex"}, {"loginId": "x@y.test"}]
)
def test_roles_that_cannot_be_given_change_nothing(idp, world, change):
    world.add_tenant("T2globex")
    body = {"loginId": "ada@acme.test", "tenantId": "T2acme", "roleNames": ["Viewer"], **change}
    assert manage(idp, "/v1/mgmt/user/update/role/set", **body).status_code == 400
    assert world.roles_of(world.person("ada"), world.tenant("T2acme")) == ["Admin"]


def test_user_joins_and_leaves_a_tenant(idp, world):
    globex, ada = world.add_tenant("T2globex"), world.person("ada")
    body = {"loginId": ada.email, "tenantId": "T2globex"}
    manage(idp, "/v1/mgmt/user/update/tenant/add", **body)
    assert world.membership(ada, globex)
    manage(idp, "/v1/mgmt/user/update/tenant/remove", **body)
    assert [each.tenant.id for each in world.memberships_of(ada)] == ["T2acme"]


def test_disabling_holds_in_the_whole_project_and_ends_sessions(idp, world):
    ada = world.person("ada")
    token = idp.mint("refresh", person=ada)
    headers = {"Authorization": f"Bearer {idp.provider.project_id}:{token}"}
    assert requests.get(f"{idp.url}/v1/auth/me", headers=headers, timeout=5).status_code == 200
    user = manage(idp, "/v1/mgmt/user/update/status", loginId=ada.email, status="disabled").json()["user"]
    assert (user["status"], ada.locked) == ("disabled", True)
    manage(idp, "/v1/mgmt/user/update/status", loginId=ada.email, status="enabled")
    assert requests.get(f"{idp.url}/v1/auth/me", headers=headers, timeout=5).status_code == 401
    assert manage(idp, "/v1/mgmt/user/update/status", loginId=ada.email, status="gone").status_code == 400


@pytest.mark.parametrize("by", ["loginId", "userId"])
def test_deleting_a_user_is_for_the_whole_project(idp, world, by):
    ada = world.person("ada")
    world.join(ada, world.add_tenant("T2globex"))
    body = {"loginId": ada.email, "userId": ada.subject}
    assert manage(idp, "/v1/mgmt/user/delete", **{by: body[by]}).status_code == 200
    assert (world.people, world.memberships) == ({}, {})


@pytest.mark.parametrize("body", [{"loginId": "x@y.test"}, {"userId": "U2none"}, {}])
def test_nobody_is_deleted_by_a_name_that_nobody_has(idp, world, body):
    assert manage(idp, "/v1/mgmt/user/delete", **body).status_code == 400
    assert len(world.people) == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["ada@acme.test", "bea@acme.test", "cy@globex.test"]),
        ({"tenantIds": ["T2acme"]}, ["ada@acme.test", "bea@acme.test"]),
        ({"tenantIds": ["T2acme"], "statuses": ["invited"]}, ["bea@acme.test"]),
        ({"roleNames": ["Admin"]}, ["ada@acme.test"]),
        ({"text": "CY@"}, ["cy@globex.test"]),
        ({"limit": 2, "page": 1}, ["cy@globex.test"]),
    ],
)
def test_search_finds_by_tenant_status_role_and_page(idp, world, asked, found):
    invite(idp)
    world.add_person("cy", email="cy@globex.test")
    users = manage(idp, "/v2/mgmt/user/search", **asked).json()["users"]
    assert [user["email"] for user in users] == found


def test_user_is_loaded_by_either_id(idp, world):
    for params in ({"loginId": "ada@acme.test"}, {"userId": world.person("ada").subject}):
        assert manage(idp, "/v1/mgmt/user", "GET", params=params).json()["user"]["name"] == "Ada Roe"
    assert manage(idp, "/v1/mgmt/user", "GET", params={"loginId": "x"}).json()["errorCode"] == "E062108"


# --- Roles and the audit trail ------------------------------------------------------------------


def test_roles_are_listed_searched_and_made(idp):
    assert manage(idp, "/v1/mgmt/role/create", name="Auditor", permissionNames=["logs.read"]).status_code == 200
    wanted = {"name": "Auditor", "description": "", "permissionNames": ["logs.read"], "tenantId": ""}
    assert wanted in manage(idp, "/v1/mgmt/role/all", "GET").json()["roles"]
    assert manage(idp, "/v1/mgmt/role/search", roleNames=["Auditor"]).json() == {"roles": [wanted]}
    assert manage(idp, "/v1/mgmt/role/create", name="Auditor").status_code == 400


@pytest.mark.parametrize(("names", "left"), [(["Admin"], 4), ([], 0)])
def test_batch_without_names_deletes_every_role(idp, world, names, left):
    manage(idp, "/v1/mgmt/role/delete/batch", roleNames=names)
    assert len(world.roles) == left
    assert world.roles_of(world.person("ada"), world.tenant("T2acme")) == []


def test_audit_trail_can_be_read_instead_of_waiting_for_webhooks(idp, world):
    invite(idp)
    manage(idp, "/v1/mgmt/user/delete", loginId="bea@acme.test")
    everything = manage(idp, "/v1/mgmt/audit/search").json()["audits"]
    assert [each["action"] for each in everything] == ["UserDeleted", "UserCreated"]
    assert manage(idp, "/v1/mgmt/audit/search", actions=["UserCreated"]).json()["audits"] == everything[1:]
    assert manage(idp, "/v1/mgmt/audit/search", to=1).json()["audits"] == []
