"""Rownd's management API, played: users, groups, members and invitations, who may ask, and what is refused."""

import pytest
import requests

from .rownd_calls import app, hub

PROVIDER = "rownd"
pytestmark = pytest.mark.usefixtures("ada")  # of Acme


@pytest.fixture
def acme(idp):
    return idp.world.add_tenant("group_acme", name="Acme")


@pytest.fixture
def ada(ada, idp, acme):
    idp.world.set_roles(ada, acme, ["owner"])
    return ada


@pytest.fixture
def world(idp, ada):
    return idp.world


# --- Users --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/users/data", "/groups", "/groups/group_acme/members"])
def test_management_needs_the_secret_and_the_right_app(idp, path):
    assert app(idp, path).status_code == 200
    assert app(idp, path, secret="wrong").status_code == 401
    headers = {"x-rownd-app-key": idp.provider.app_key, "x-rownd-app-secret": idp.provider.app_secret}
    assert requests.get(f"{idp.url}/applications/app_other{path}", headers=headers, timeout=5).status_code == 404


def test_user_has_data_and_what_of_it_is_verified(idp, ada):
    user = app(idp, f"/users/{ada.subject}/data").json()
    assert (user["rownd_user"], user["auth_level"], user["state"]) == (ada.subject, "verified", "enabled")
    assert (user["data"]["first_name"], user["data"]["last_name"]) == ("Ada", "Roe")
    assert user["verified_data"] == {"email": "ada@acme.test"}
    assert (user["groups"][0]["group"]["name"], user["groups"][0]["member"]["roles"]) == ("Acme", ["owner"])
    ada.verified = False
    assert app(idp, f"/users/{ada.subject}/data").json()["verified_data"] == {}
    assert app(idp, "/users/user_none/data").status_code == 404


def test_users_come_in_pages(idp, world):
    for name in ("bea", "cy"):
        world.add_person(name)
    first = app(idp, "/users/data", params={"page_size": 2}).json()
    after = first["results"][-1]["rownd_user"]
    rest = app(idp, "/users/data", params={"page_size": 2, "after": after}).json()
    assert [len(page["results"]) for page in (first, rest)] == [2, 1]
    assert first["total_results"] == rest["total_results"] == 3


def test_user_is_disabled_and_enabled(idp, ada):
    assert app(idp, f"/users/{ada.subject}/state", "POST", state="disabled").status_code == 200
    assert app(idp, f"/users/{ada.subject}/data").json()["state"] == "disabled"
    assert app(idp, f"/users/{ada.subject}/state", "POST", state="gone").status_code == 400
    assert ada.locked is True


# --- Groups, members, invitations ---------------------------------------------------------------


def test_group_is_made_read_and_deleted(idp, world):
    group = app(idp, "/groups", "POST", name="Globex", admission_policy="invite_only").json()
    assert (group["name"], group["member_count"], group["app_id"]) == ("Globex", 0, idp.provider.app_id)
    assert app(idp, f"/groups/{group['id']}").json() == group
    assert app(idp, f"/groups/{group['id']}", "DELETE").status_code == 204
    assert list(world.tenants) == ["group_acme"]


@pytest.mark.parametrize("body", [{}, {"name": " "}, {"name": "Globex", "admission_policy": "all"}])
def test_group_that_cannot_be_is_not_made(idp, world, body):
    assert app(idp, "/groups", "POST", **body).status_code == 400
    assert len(world.tenants) == 1


def test_first_member_becomes_owner(idp, world, ada):
    bea, globex = world.add_person("bea"), world.add_tenant("group_globex")
    for person in (ada, bea):
        app(idp, "/groups/group_globex/members", "POST", user_id=person.subject, roles=["editor"])
    assert world.roles_of(ada, globex) == ["editor", "owner"]
    assert world.roles_of(bea, globex) == ["editor"]


def test_member_is_changed_and_removed_by_an_id_of_its_own(idp, world, ada):
    member = app(idp, "/groups/group_acme/members").json()["results"][0]
    assert (member["user_id"], member["state"]) == (ada.subject, "active")
    assert member["id"] != ada.subject
    path = f"/groups/group_acme/members/{member['id']}"
    assert app(idp, path, "PUT", roles=["viewer"], state="active").json()["roles"] == ["viewer"]
    assert world.roles_of(ada, world.tenant("group_acme")) == ["viewer"]
    assert app(idp, f"/groups/group_acme/members/{ada.subject}", "DELETE").status_code == 404
    assert app(idp, path, "DELETE").status_code == 204
    assert world.memberships_of(ada) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"user_id": "user_none"}, 404),
        ({"user_id": "ADA"}, 400),
        ({"user_id": "BEA", "roles": "editor"}, 400),
        ({"user_id": "BEA", "state": "x"}, 400),
    ],
)
def test_member_that_cannot_be_is_not_added(idp, world, ada, body, status):
    known = {"ADA": ada.subject, "BEA": world.add_person("bea").subject}
    body["user_id"] = known.get(body["user_id"], body["user_id"])
    assert app(idp, "/groups/group_acme/members", "POST", **body).status_code == status
    assert [each.person for each in world.members(world.tenant("group_acme"))] == [ada]


def invited(idp, **changes):
    body = {"email": "bea@acme.test", "roles": ["editor"], "redirect_url": "http://acme.localhost:8000/join/"}
    return app(idp, "/groups/group_acme/invites", "POST", **{**body, **changes})


def test_invited_address_becomes_a_member_by_signing_in(idp, world):
    answer = invited(idp).json()
    assert answer["invitation"]["state"] == "pending"
    opened = requests.get(answer["link"], allow_redirects=False, timeout=5)
    assert opened.headers["Location"] == "http://acme.localhost:8000/join/"
    hub(idp, "/hub/auth/complete", email="bea@acme.test")
    assert world.roles_of(world.person("bea@acme.test"), world.tenant("group_acme")) == ["editor"]
    listed = app(idp, "/groups/group_acme/invites").json()
    assert (listed["total_results"], listed["results"][0]["state"]) == (1, "accepted")
    assert requests.get(answer["link"], allow_redirects=False, timeout=5).status_code == 404


@pytest.mark.parametrize("sign_in", [{"email": "cy@acme.test"}, {"person": "bea"}])
def test_invitation_is_for_its_address_verified(idp, world, sign_in):
    world.add_person("bea", email="bea@acme.test", verified=False)
    invited(idp)
    assert hub(idp, "/hub/auth/complete", **sign_in).status_code == 200
    assert len(world.memberships) == 1
    world.person("bea").verified = True
    hub(idp, "/hub/auth/complete", person="bea")
    assert len(world.memberships) == 2


def test_invitation_is_taken_back(idp, world):
    path = f"/groups/group_acme/invites/{invited(idp).json()['invitation']['id']}"
    assert app(idp, path, "DELETE").status_code == 204
    assert app(idp, path).status_code == 404
    hub(idp, "/hub/auth/complete", email="bea@acme.test")
    assert world.memberships_of(world.person("bea@acme.test")) == []


@pytest.mark.parametrize("change", [{"email": "bea"}, {"roles": "editor"}])
def test_invitation_that_cannot_be_is_not_made(idp, change):
    assert invited(idp, **change).status_code == 400
    assert app(idp, "/groups/group_acme/invites").json()["results"] == []


def test_invitation_leads_nowhere_else(idp):
    link = invited(idp, redirect_url="https://evil.test/").json()["link"]
    assert requests.get(link, allow_redirects=False, timeout=5).status_code == 400
