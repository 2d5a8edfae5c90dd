"""The real SDK of Frontegg against the stand-in, each time in a process of its own: it reads its URLs at import."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROVIDER = "frontegg"
SESSION = """
import json, os, sys
from frontegg.common import FronteggAuthenticator, IdentityClientMixin
from frontegg.common.clients import AuditsClient, HttpClient
pair = os.environ["FRONTEGG_CLIENT_ID"], os.environ["FRONTEGG_API_KEY"]

def say(value):
    print(json.dumps(value))

def identity():
    return IdentityClientMixin(FronteggAuthenticator(*pair))
"""


@pytest.fixture
def sdk(idp):
    """Run some lines with the SDK pointed at the stand-in; what they said, as JSON."""

    def run(lines, *arguments):
        environment = {**idp.environment(), "PATH": "/usr/bin"}
        done = subprocess.run(
            [sys.executable, "-c", SESSION + lines, *arguments],
            env=environment,
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def lines_of(idp):
    return [(each.method, each.path) for each in idp.requests]


def test_the_usual_pair_asks_twice_for_a_vendor_token_and_once_for_the_key(idp, sdk, ada, acme):
    token = idp.mint("userToken", person=ada, tenant=acme)
    entity = sdk("say(identity().validate_identity_on_token('Bearer ' + sys.argv[1], {'roles': ['Admin']}))", token)
    assert (entity["sub"], entity["tenantId"], entity["permissions"]) == (ada.subject, "acme-id", ["projects.read"])
    assert lines_of(idp) == [
        ("POST", "/auth/vendor/"),
        ("POST", "/auth/vendor/"),
        ("GET", "/identity/resources/configurations/v1/"),
    ]
    assert idp.requests[0].json == {"clientId": idp.provider.client_id, "secret": idp.provider.api_key}
    assert idp.requests[2].headers["x-access-token"]


def test_a_role_that_is_missing_is_refused_by_the_sdk(idp, sdk, ada, acme):
    token = idp.mint("userToken", person=ada, tenant=acme)
    lines = """
from frontegg.helpers.exceptions import UnauthorizedException
try:
    identity().validate_identity_on_token(sys.argv[1], {"roles": ["Owner"]})
except UnauthorizedException as error:
    say(error.status_code)
"""
    assert sdk(lines, token) == 403


@pytest.mark.parametrize(("kind", "whose"), [("userAccessToken", "users"), ("tenantAccessToken", "tenants")])
def test_an_access_token_is_looked_up_and_keeps_its_placeholder_in_the_answer(idp, sdk, ada, acme, kind, whose):
    machine = idp.provider.machines.add(kind, person=ada if whose == "users" else None, tenant=acme, roles=["Admin"])
    token = idp.mint(kind, person=machine.person, tenant=acme)
    lines = "say(identity().validate_identity_on_token(sys.argv[1], {'roles': ['Admin']}, 'AccessToken'))"
    entity = sdk(lines, token)
    assert (entity["sub"], entity["roles"]) == (machine.id, ["FETCH-ROLES-BY-API"])
    assert lines_of(idp)[-1] == ("GET", f"/identity/resources/vendor-only/{whose}/access-tokens/v1/{machine.id}")


def test_an_access_token_that_was_revoked_is_not_among_the_active(idp, sdk, ada, acme):
    token = idp.mint("userAccessToken", person=ada, tenant=acme)
    lines = """
from frontegg.helpers.exceptions import UnauthenticatedException
try:
    say(identity().validate_identity_on_token(sys.argv[1], None, "AccessToken")["sub"])
except UnauthenticatedException as error:
    say(error.status_code)
"""
    assert sdk(lines, token) == "tok-1"
    idp.provider.machines.by_id["tok-1"].active = False
    assert sdk(lines, token) == 401


def test_the_client_makes_management_calls_with_the_tenant_header(idp, sdk, ada, acme):
    lines = """
client = HttpClient(*pair, os.environ["FRONTEGG_API_GATEWAY_URL"])
body = {"email": "b@acme.test", "metadata": "{}", "roleIds": []}
invited = client.post(body, "identity/resources/users/v2", "acme-id")
listed = client.get("identity/resources/users/v3", tenant_id="acme-id").json()
removed = client.delete("identity/resources/users/v1/" + invited.json()["id"], tenant_id="acme-id")
say([invited.status_code, listed["_metadata"]["totalItems"], removed.status_code])
"""
    assert (sdk(lines), len(idp.world.members(acme))) == ([201, 2, 200], 1)


def test_an_audit_line_arrives(idp, sdk):
    lines = """
from frontegg.helpers.frontegg_urls import frontegg_urls
client = HttpClient(*pair, frontegg_urls.audits_service["base_url"])
say(AuditsClient(client).send_audit({"severity": "Info", "action": "signed in"}, "acme-id"))
"""
    assert sdk(lines) == {"severity": "Info", "action": "signed in", "tenantId": "acme-id"}
    assert idp.provider.gateway.audits[0]["action"] == "signed in"


def test_a_wrong_pair_ends_in_the_sdks_error(idp, sdk):
    lines = """
import requests
try:
    FronteggAuthenticator(pair[0], "guessed")
except requests.HTTPError as error:
    say(error.response.status_code)
"""
    assert sdk(lines) == 401
