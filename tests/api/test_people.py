"""Oneself, members, roles and invitations by the API: through the same flows as the pages."""

import pytest
from django.core import mail

from accounts.models import Invitation, Role, User


@pytest.fixture
def role_of():
    return lambda user: [role.key for role in User.objects.get(pk=user.pk).roles]


@pytest.fixture
def invitation(acme):
    made = Invitation(email="old@acme.test", role=Role.objects.get(key="viewer"), invited_by=acme.owner)
    made.renew()
    made.save()
    return made


# --- Oneself -----------------------------------------------------------------------------------------------------


def test_one_sees_who_one_is_and_what_the_credential_may(acme, api_as, key_as):
    own = api_as("editor").read("/me/").json()
    assert (own["email"], own["roles"], own["through"], own["organisation"]["slug"]) == (
        "editor@acme.test", ["editor"], "session", "acme",
    )  # fmt: skip
    assert "catalog.change_product" in own["permissions"]
    limited = key_as("editor", ["catalog.view_product"]).read("/me/").json()
    assert (limited["through"], limited["permissions"]) == ("key", ["catalog.view_product"])


def test_one_changes_ones_own_name_and_a_key_does_not(acme, api_as, key_as):
    assert key_as("editor").send("PATCH", "/me/", {"name": "By key"}).status_code == 403
    assert api_as("editor").send("PATCH", "/me/", {"name": "By hand"}).json()["name"] == "By hand"
    assert User.objects.get(pk=acme.editor.pk).name == "By hand"


@pytest.mark.parametrize(
    "field", ["email", "is_active", "kind", "groups", "roles", "is_superuser", "issuer", "password"]
)
def test_nothing_else_of_oneself_can_be_set(acme, api_as, field):
    client = api_as("editor")
    client.read("/me/")
    before = User.objects.values().get(pk=acme.editor.pk)
    assert client.send("PATCH", "/me/", {"name": "X", field: "owner"}).status_code == 400
    assert User.objects.values().get(pk=acme.editor.pk) == before


def test_one_leaves_but_not_by_key_and_not_as_the_last_owner(acme, api_as, key_as):
    assert key_as("editor").send("POST", "/me/leave/").status_code == 403
    refused = api_as("owner").send("POST", "/me/leave/")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_owner")
    client = api_as("editor")
    assert client.send("POST", "/me/leave/").status_code == 204
    assert User.objects.get(pk=acme.editor.pk).removed_at
    assert client.read("/me/").status_code == 401


# --- Members -----------------------------------------------------------------------------------------------------


def test_the_team_is_shown_to_those_who_may_see_it(acme, api_as):
    found = api_as("viewer").read("/members/?q=guest@").json()["results"]
    assert [(row["email"], row["roles"], row["is_active"]) for row in found] == [("guest@acme.test", ["guest"], True)]
    assert api_as("guest").read("/members/").status_code == 403


@pytest.mark.parametrize(("who", "status", "after"), [("admin", 200, "guest"), ("editor", 403, "viewer")])
def test_changing_a_role_follows_ones_own(acme, api_as, role_of, who, status, after):
    response = api_as(who).send("PUT", f"/members/{acme.viewer.pk}/role/", {"role": "guest"})
    assert (response.status_code, role_of(acme.viewer)) == (status, [after])


@pytest.mark.parametrize(
    ("who", "whom", "role"), [("admin", "viewer", "owner"), ("admin", "owner", "guest"), ("admin", "admin", "owner")]
)
def test_nobody_raises_himself_or_takes_what_he_does_not_hold(acme, api_as, role_of, who, whom, role):
    """Z8"""
    before = role_of(acme.people[whom])
    response = api_as(who).send("PUT", f"/members/{acme.people[whom].pk}/role/", {"role": role})
    assert (response.status_code, role_of(acme.people[whom])) == (403, before)


@pytest.mark.parametrize("role", ["superuser", "Owner", "owner ", 1, None, ["guest"], ""])
def test_a_role_that_is_none_is_refused(acme, api_as, role_of, role):
    assert api_as("owner").send("PUT", f"/members/{acme.viewer.pk}/role/", {"role": role}).status_code == 400
    assert role_of(acme.viewer) == ["viewer"]


@pytest.mark.parametrize(("who", "status"), [("admin", 200), ("editor", 403), ("guest", 403)])
def test_an_account_is_stopped_and_started_again(acme, api_as, who, status):
    client, path = api_as(who), f"/members/{acme.viewer.pk}"
    assert client.send("POST", f"{path}/deactivate/").status_code == status
    assert User.objects.get(pk=acme.viewer.pk).is_active is (status != 200)
    assert client.send("POST", f"{path}/reactivate/").status_code == status
    assert User.objects.get(pk=acme.viewer.pk).is_active


def test_a_removed_member_is_gone_with_his_keys(acme, api_as, key_as):
    his = key_as("viewer")
    assert his.read("/products/").status_code == 200
    assert api_as("editor").send("DELETE", f"/members/{acme.viewer.pk}/").status_code == 403
    assert api_as("admin").send("DELETE", f"/members/{acme.viewer.pk}/").status_code == 204
    assert his.read("/products/").status_code == 401
    assert api_as("admin").read(f"/members/{acme.viewer.pk}/").status_code == 404


def test_a_key_of_an_owner_cannot_manage_people(acme, key_as, role_of):
    client = key_as("owner")
    assert client.send("PUT", f"/members/{acme.viewer.pk}/role/", {"role": "guest"}).status_code == 403
    assert role_of(acme.viewer) == ["viewer"]


def test_roles_are_listed_with_their_rights(acme, api_as):
    rows = api_as("viewer").read("/roles/").json()["results"]
    assert [row["key"] for row in rows] == ["owner", "admin", "editor", "viewer", "guest"]
    assert (rows[4]["permissions"], "catalog.view_product" in rows[3]["permissions"]) == ([], True)
    assert api_as("guest").read("/roles/").status_code == 403


# --- Invitations -------------------------------------------------------------------------------------------------


def test_several_are_invited_and_told_apart(acme, api_as, invitation):
    sent = {"addresses": ["New@acme.test", "viewer@acme.test", "old@acme.test"], "role": "editor"}
    response = api_as("admin").send("POST", "/invitations/", sent)
    assert response.status_code == 201
    assert response.json() == {"sent": ["new@acme.test"], "members": ["viewer@acme.test"], "waiting": ["old@acme.test"]}
    assert [message.to for message in mail.outbox] == [["new@acme.test"]]
    assert Invitation.objects.get(email="new@acme.test").role.key == "editor"


@pytest.mark.parametrize(
    ("who", "sent", "status"),
    [
        ("editor", {"addresses": ["a@b.test"], "role": "guest"}, 403),
        ("admin", {"addresses": ["a@b.test"], "role": "owner"}, 403),
        ("admin", {"addresses": ["a@b.test", "nobody"], "role": "guest"}, 400),
        ("admin", {"addresses": [], "role": "guest"}, 400),
        ("admin", {"addresses": "a@b.test", "role": "guest"}, 400),
        ("admin", {"addresses": [f"p{n}@b.test" for n in range(51)], "role": "guest"}, 400),
        ("admin", {"addresses": ["a@b.test\nbcc: x@y.test"], "role": "guest"}, 400),
    ],
)
def test_a_bad_offer_invites_nobody(acme, api_as, who, sent, status):
    assert api_as(who).send("POST", "/invitations/", sent).status_code == status
    assert (Invitation.objects.count(), mail.outbox) == (0, [])


def test_an_invitation_is_sent_again_and_withdrawn(acme, api_as, invitation):
    client, path = api_as("admin"), f"/invitations/{invitation.pk}"
    assert client.send("POST", f"{path}/resend/").json()["state"] == "pending"
    assert Invitation.objects.get(pk=invitation.pk).token_hash != invitation.token_hash
    assert client.send("POST", f"{path}/revoke/").json()["state"] == "revoked"
    again = client.send("POST", f"{path}/resend/")
    assert (again.status_code, again.json()["code"]) == (409, "invitation_revoked")
    assert api_as("editor").read("/invitations/").status_code == 403


def test_no_answer_shows_a_token(acme, api_as, invitation):
    shown = api_as("owner").read("/invitations/").content.decode()
    assert "old@acme.test" in shown
    assert "token" not in shown
    assert invitation.token_hash not in shown


def test_more_invitations_than_the_day_allows_are_told_when_to_come_back(acme, api_as, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "invite": "1/d/key"}
    client = api_as("admin")
    sent = {"addresses": ["a@b.test", "b@b.test"], "role": "guest"}
    response = client.send("POST", "/invitations/", sent)
    assert (response.status_code, response.json()["code"], Invitation.objects.count()) == (429, "too_many", 0)
    assert int(response["Retry-After"]) > 0
