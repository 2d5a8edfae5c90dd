"""Rownd, played: its tokens, the Hub's calls, the way out, and its webhook, over real HTTP."""

import json
from datetime import timedelta

import jwt
import pytest
import requests

from .rownd_calls import app, hub, verified

PROVIDER = "rownd"
pytestmark = pytest.mark.usefixtures("ada")  # of Acme
CLAIM = "https://auth.rownd.io/"


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


# --- Tokens -------------------------------------------------------------------------------------


def test_token_names_the_user_beside_the_sign_in_identity(idp, ada):
    token = idp.mint("user", person=ada)
    claims = verified(idp, token)
    assert jwt.get_unverified_header(token)["kid"].startswith("sig-")
    assert claims["aud"] == [f"app:{idp.provider.app_id}", idp.url]
    assert claims[CLAIM + "app_user_id"] == ada.subject != claims["sub"]
    assert (claims[CLAIM + "is_verified_user"], claims[CLAIM + "auth_level"]) == (True, "verified")
    assert not {"roles", "tenant", "groups", "permissions"} & set(claims)


@pytest.mark.parametrize(
    ("kind", "level", "anonymous"),
    [("unverified", "unverified", None), ("guest", "guest", None), ("instant", "instant", True)],
)
def test_less_sure_kinds_of_token_say_so(idp, ada, kind, level, anonymous):
    claims = verified(idp, idp.mint(kind, person=ada))
    assert (claims[CLAIM + "auth_level"], claims[CLAIM + "is_verified_user"]) == (level, False)
    assert claims.get(CLAIM + "is_anonymous") is anonymous


def test_anonymous_token_belongs_to_nobody_known(idp, world):
    claims = verified(idp, idp.mint("anonymous"))
    assert claims[CLAIM + "app_user_id"] not in world.people
    assert claims[CLAIM + "is_anonymous"] is True


def test_level_follows_the_person(idp, ada):
    ada.verified = False
    assert verified(idp, idp.mint("user", person=ada))[CLAIM + "auth_level"] == "unverified"


def test_refresh_token_says_what_it_is(idp, ada):
    assert verified(idp, idp.mint("refresh", person=ada))[CLAIM + "jwt_type"] == "refresh_token"


# --- The Hub's calls ----------------------------------------------------------------------------


def test_app_config_needs_the_key(idp):
    assert hub(idp, "/hub/app-config", "GET").json()["app"]["id"] == idp.provider.app_id
    assert hub(idp, "/hub/app-config", "GET", key="wrong").status_code == 401


def test_metadata_names_the_key_set(idp):
    document = requests.get(f"{idp.url}/hub/auth/.well-known/oauth-authorization-server", timeout=5).json()
    assert (document["issuer"], document["jwks_uri"]) == (idp.url, f"{idp.url}/hub/auth/keys")


def test_picked_person_signs_in(idp, ada):
    assert hub(idp, "/hub/auth/init").json()["people"][0]["places"] == ["Acme: owner"]
    body = hub(idp, "/hub/auth/complete", person=ada.subject).json()
    assert verified(idp, body["access_token"])[CLAIM + "app_user_id"] == body["app_user_id"] == ada.subject
    assert body["user_type"] == "existing_user"


def test_new_address_signs_up(idp, world):
    body = hub(idp, "/hub/auth/complete", email="bea@acme.test", name="Bea Lind").json()
    assert (body["user_type"], world.people[body["app_user_id"]].name) == ("new_user", "Bea Lind")


def test_instant_account_needs_no_form(idp):
    body = hub(idp, "/hub/auth/complete", instant=True).json()
    claims = verified(idp, body["access_token"])
    assert (claims[CLAIM + "auth_level"], claims[CLAIM + "is_verified_user"]) == ("instant", False)
    user = app(idp, f"/users/{body['app_user_id']}/data").json()
    assert (user["auth_level"], user["verified_data"], "email" in user["data"]) == ("instant", {}, False)


@pytest.mark.parametrize(("change", "status"), [("nobody", 404), ("disabled", 403), ("key", 401)])
def test_sign_in_that_cannot_be_is_refused(idp, ada, change, status):
    ada.locked = change == "disabled"
    person = "nobody" if change == "nobody" else ada.subject
    key = "wrong" if change == "key" else None
    assert hub(idp, "/hub/auth/complete", person=person, key=key).status_code == status


@pytest.mark.parametrize(("rotate", "again"), [(False, 200), (True, 400)])
def test_refresh_token_works_again_unless_it_rotates(idp, ada, rotate, again):
    idp.faults.rotate_refresh_tokens = rotate
    token = idp.provider.issued(ada)["refresh_token"]
    fresh = hub(idp, "/hub/auth/token", refresh_token=token).json()
    assert verified(idp, fresh["access_token"])[CLAIM + "app_user_id"] == ada.subject
    assert (fresh["refresh_token"] == token) is not rotate
    assert hub(idp, "/hub/auth/token", refresh_token=token).status_code == again


@pytest.mark.parametrize("end", ["signout", "state", "access"])
def test_ended_or_wrong_token_refreshes_nothing(idp, ada, end):
    tokens = idp.provider.issued(ada)
    given = tokens["access_token" if end == "access" else "refresh_token"]
    if end == "signout":
        assert app(idp, f"/users/{ada.subject}/signout", "POST").status_code == 204
    if end == "state":
        app(idp, f"/users/{ada.subject}/state", "POST", state="disabled")
    assert hub(idp, "/hub/auth/token", refresh_token=given).status_code == 400


@pytest.mark.parametrize(("lifetime", "status"), [(timedelta(hours=1), 200), (timedelta(seconds=-1), 401)])
def test_migration_takes_a_token_that_is_good(idp, ada, lifetime, status):
    headers = {"Authorization": f"Bearer {idp.mint('user', person=ada, lifetime=lifetime)}"}
    answer = requests.post(f"{idp.url}/plugin/rownd/migrate", headers=headers, timeout=5)
    assert (answer.status_code, answer.json().get("userId")) == (status, ada.subject if status == 200 else None)


# --- Webhook ------------------------------------------------------------------------------------


def test_webhook_is_never_signed(idp, ada):
    message = idp.webhook("data_update", person=ada)
    body = json.loads(message.body)
    assert (body["data"]["user_id"], body["meta"]["operation"]) == (ada.subject, "data_update")
    assert list(message.headers) == ["Content-Type"]
    with pytest.raises(ValueError, match="data_insert"):
        idp.webhook("role_changed", person=ada)
