"""What is particular about each provider, asked of the stand-ins over HTTP. (their own rows of T8 and T12)"""

import dataclasses

import pytest
from django.core.cache import cache
from django.urls import path
from rest_framework.response import Response

from accounts.api.authentication import CredentialAuthentication
from accounts.api.permissions import DoorPermission, TokenPermission
from accounts.api.viewsets import ApiView
from accounts.guards import members_only
from accounts.models import Role, RoleLink, User
from accounts.providers import management, registry
from accounts.providers.base import Claims, Kind
from config.urls import tenant as tenant_urls
from standin import StandIn
from tests import addresses
from tests.accounts.programs import Program
from tests.sign_in.conftest import connect, point_at
from tests.snapshot import snapshot
from tests.standin.running import stand_ins

ME = "/api/v1/me/"
LOOKUP = "/identity/resources/vendor-only"


@pytest.fixture(scope="module")
def running():
    with stand_ins() as of:
        yield of


@pytest.fixture
def play(running, settings, acme):
    """`play("auth0")`: this provider, as new; Acme is its tenant `acme-id`, with Ada as an editor."""

    def start(name: str, **options) -> StandIn:
        idp = running(name)
        idp.reset()
        for option, value in options.items():
            setattr(idp.provider, option, value)
        management.forget()
        point_at(settings, idp)
        connect(acme, name, "acme-id", admits="provider")
        idp.acme = idp.world.add_tenant("acme-id", name="Acme", alias="acme")
        idp.ada = idp.world.add_person("ada", email="ada@acme.test", name="Ada Roe")
        idp.world.join(idp.ada, idp.acme, ["Editor"])
        return idp

    yield start
    management.forget()
    acme.tenant.provider, acme.tenant.provider_tenant_id, acme.tenant.admits = "local", "", "invited"


@pytest.fixture
def ask(acme):
    client = Program(acme)

    def me(token: str, header: str = "authorization"):
        return client.get(ME, headers={header: f"Bearer {token}" if header == "authorization" else token})

    return me


def asked(idp: StandIn, prefix: str) -> int:
    return len([request for request in idp.requests if request.path.startswith(prefix)])


# --- Frontegg: access tokens hold placeholders, roles are looked up ------------------------------------------------


@pytest.fixture
def frontegg(play, ask):
    """Ada was here, so a program of hers may come."""
    idp = play("frontegg")
    assert ask(idp.mint("userToken", person=idp.ada, tenant=idp.acme)).json()["roles"] == ["editor"]
    return idp


def test_a_persons_access_token_has_the_roles_of_the_moment(frontegg, ask):
    token = frontegg.mint("userAccessToken", person=frontegg.ada, tenant=frontegg.acme)
    answer = ask(token, "x-api-key").json()
    assert answer["name"] == "Ada Roe"
    assert "catalog.change_product" in answer["permissions"]
    frontegg.world.set_roles(frontegg.ada, frontegg.acme, ["Viewer"])
    assert "catalog.change_product" in ask(token, "x-api-key").json()["permissions"], "for some ten seconds"
    cache.clear()
    assert "catalog.change_product" not in ask(token, "x-api-key").json()["permissions"]
    assert asked(frontegg, f"{LOOKUP}/users/access-tokens/v1/") == 2


def test_an_access_token_is_asked_about_once_and_with_its_tenant(frontegg, ask):
    token = frontegg.mint("userAccessToken", person=frontegg.ada, tenant=frontegg.acme)
    assert [ask(token, "x-api-key").status_code for _time in range(3)] == [200] * 3
    lookups = [request for request in frontegg.requests if request.path.startswith(LOOKUP)]
    assert [request.headers["frontegg-tenant-id"] for request in lookups] == ["acme-id"]
    assert asked(frontegg, "/auth/vendor") == 1
    assert asked(frontegg, "/identity/resources/configurations") == 0, "the SDK's own verification is not used"


def test_an_organisations_access_token_has_its_own_roles(frontegg, ask):
    machine = frontegg.provider.machines.add("tenantAccessToken", tenant=frontegg.acme, roles=["Viewer"])
    token = frontegg.mint("tenantAccessToken", tenant=frontegg.acme)
    answer = ask(token, "x-api-key").json()
    assert (answer["kind"], answer["roles"]) == ("service", ["viewer"])
    machine.roles[:] = ["Editor"]
    cache.clear()
    assert ask(token, "x-api-key").json()["roles"] == ["editor"], "the same token, another answer"


def test_placeholders_are_no_roles(frontegg, ask):
    """Not even where somebody has linked one of them to a role."""
    RoleLink.objects.create(provider="frontegg", key="FETCH-ROLES-BY-API", role=Role.objects.get(key="editor"))
    frontegg.world.add_role("FETCH-ROLES-BY-API")
    frontegg.world.set_roles(frontegg.ada, frontegg.acme, ["FETCH-ROLES-BY-API"])
    token = frontegg.mint("userAccessToken", person=frontegg.ada, tenant=frontegg.acme)
    assert ask(token, "x-api-key").json()["permissions"] == []


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (404, None, 401),
        (403, {"errors": ["Api tokens are disabled"]}, 401),
        (500, None, 503),
        (429, None, 503),
        (200, "no json", 503),
        (200, [], 503),
        (200, {"id": "another", "tenantId": "acme-id", "roles": ["Owner"]}, 401),
        (200, {"id": "tok-1", "tenantId": "globex-id", "roles": ["Owner"]}, 401),
    ],
)
def test_an_access_token_that_cannot_be_looked_up(frontegg, ask, status, body, answer):
    """Off or unknown is a refusal, away is no answer: nobody is let in on placeholders."""
    token = frontegg.mint("userAccessToken", person=frontegg.ada, tenant=frontegg.acme)
    frontegg.faults.answer(f"{LOOKUP}/users", status, None, body)
    before = snapshot()
    assert ask(token, "x-api-key").status_code == answer
    assert snapshot() == before
    frontegg.faults.clear()
    management.forget()
    cache.clear()
    assert ask(token, "x-api-key").status_code == 200


def test_odd_roles_of_a_look_up_are_none(frontegg, ask):
    token = frontegg.mint("userAccessToken", person=frontegg.ada, tenant=frontegg.acme)
    odd = {"id": "tok-1", "tenantId": "acme-id", "roles": {"Owner": 1}, "permissions": 7}
    frontegg.faults.answer(f"{LOOKUP}/users", 200, None, odd)
    assert ask(token, "x-api-key").json()["permissions"] == []


def test_a_vendor_token_that_was_withdrawn_is_fetched_anew(frontegg, ask):
    token = frontegg.mint("userAccessToken", person=frontegg.ada, tenant=frontegg.acme)
    assert ask(token, "x-api-key").status_code == 200
    frontegg.provider.gateway.vendor_tokens.clear()
    cache.clear()
    assert ask(token, "x-api-key").status_code == 200


def test_a_token_id_is_one_part_of_an_address(frontegg, ask):
    """However it is spelt: it names nothing else at the gateway."""
    for odd in ("../../users/v1", "//evil.test/x", "active", "tok-1?x=1", "tok-1#"):
        token = frontegg.mint("userAccessToken", person=frontegg.ada, tenant=frontegg.acme, claims={"sub": odd})
        assert ask(token, "x-api-key").status_code in (401, 503)
    lookups = [request.path for request in frontegg.requests if not request.path.startswith(("/auth", "/.well"))]
    assert all(path.startswith(f"{LOOKUP}/users/access-tokens/v1/") for path in lookups)


def test_frontegg_signed_with_its_secret(play, ask, settings):
    """HS256, and no key of its set beside it."""
    idp = play("frontegg", jwt_algorithm="HS256")
    token = idp.mint("userToken", person=idp.ada, tenant=idp.acme)
    assert ask(token).json()["roles"] == ["editor"]
    by_key = idp.mint("userToken", person=idp.ada, tenant=idp.acme, algorithm="RS256", key=idp.keys.current)
    assert ask(by_key).status_code == 401
    assert asked(idp, "/.well-known/") == 0
    idp.provider.jwt_algorithm = "RS256"


# --- Rownd: roles and membership are those of the group ------------------------------------------------------------


def test_rownds_groups_say_who_belongs_and_with_which_role(play, ask):
    idp = play("rownd")
    token = idp.mint("user", person=idp.ada)
    assert ask(token).json()["roles"] == ["editor"]
    idp.world.set_roles(idp.ada, idp.acme, ["Viewer"])
    cache.clear()
    assert ask(token).json()["roles"] == ["viewer"], "the same token, another answer"
    idp.world.leave(idp.ada, idp.acme)
    cache.clear()
    assert ask(token).status_code == 403


@pytest.mark.parametrize("change", ["disabled", "locked", "invited", "elsewhere", "nobody"])
def test_who_is_no_active_member_of_the_group_stays_out(play, ask, change):
    idp = play("rownd")
    assert ask(idp.mint("user", person=idp.ada)).status_code == 200
    cache.clear()
    bob = idp.world.add_person("bob", email="bob@acme.test")
    membership = idp.world.join(bob, idp.acme, ["Owner"])
    if change in ("disabled", "invited"):
        setattr(membership, change, True)
    elif change == "locked":
        bob.locked = True
    elif change == "elsewhere":
        idp.world.leave(bob, idp.acme)
        idp.world.join(bob, idp.world.add_tenant("globex-id"), ["Owner"])
    token = idp.mint("user", person=bob)
    if change == "nobody":
        idp.world.remove_person(bob)
    before = snapshot()
    assert ask(token).status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("level", ["unverified", "guest", "instant"])
def test_an_account_without_a_proven_address_holds_no_role(play, ask, level):
    idp = play("rownd")
    assert ask(idp.mint(level, person=idp.ada)).json()["roles"] == []


def test_rownd_away_is_no_answer(play, ask):
    idp = play("rownd")
    token = idp.mint("user", person=idp.ada)
    idp.faults.answer("/applications", 500, None)
    assert ask(token).status_code == 503
    idp.faults.clear()
    assert ask(token).status_code == 200


# --- Auth0, Descope: the address is asked for ---------------------------------------------------------------------

SILENT = [("auth0", "accessToken", "/userinfo"), ("descope", "session", "/v1/mgmt/user")]


def access_token(idp: StandIn, kind: str) -> str:
    return idp.mint(kind, person=idp.ada, tenant=idp.acme)


def profile_of(idp: StandIn) -> None:
    """Auth0's userinfo knows only tokens that came out of a sign-in; it answers for Ada's here."""
    if idp.provider.name == "auth0":
        said = {"sub": idp.ada.subject, "email": idp.ada.email, "email_verified": idp.ada.verified, "name": "Ada Roe"}
        idp.faults.answer("/userinfo", 200, None, said)


@pytest.mark.parametrize(("name", "kind", "address"), SILENT)
def test_an_access_token_without_an_address_is_asked_about_once(play, ask, name, kind, address):
    idp = play(name)
    profile_of(idp)
    token = access_token(idp, kind)
    assert ask(token).json()["roles"] == ["editor"]
    assert User.objects.get(subject=idp.ada.subject).email == "ada@acme.test"
    assert [ask(access_token(idp, kind)).status_code for _time in range(3)] == [200] * 3
    assert asked(idp, address) == 1


@pytest.mark.parametrize(("name", "kind", "address"), SILENT)
def test_an_address_that_is_not_proven_there_gives_no_role_here(play, ask, name, kind, address):
    """Until it is: with the very same token, once the provider was asked again."""
    idp = play(name)
    idp.ada.verified = False
    profile_of(idp)
    token = access_token(idp, kind)
    assert ask(token).json()["roles"] == []
    idp.ada.verified = True
    idp.faults.clear()
    profile_of(idp)
    cache.clear()
    assert ask(token).json()["roles"] == ["editor"]


@pytest.mark.parametrize(("name", "kind", "address"), SILENT)
def test_a_profile_that_cannot_be_had(play, ask, name, kind, address):
    """A stranger is asked to come again; whoever was here before comes in with what is known of him."""
    idp = play(name)
    idp.faults.answer(address, 500, None)
    before = snapshot()
    assert ask(access_token(idp, kind)).status_code == 503
    assert snapshot() == before
    idp.faults.clear()
    profile_of(idp)
    assert ask(access_token(idp, kind)).json()["roles"] == ["editor"]
    idp.faults.clear()
    idp.faults.answer(address, 500, None)
    cache.clear()
    assert ask(access_token(idp, kind)).json()["roles"] == ["editor"]


@pytest.mark.parametrize(("name", "kind", "address"), SILENT)
@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [(401, {}, 401), (404, {}, 401), (200, {"sub": "victim", "user": {"userId": "victim"}}, 503), (200, [], 503)],
)
def test_a_profile_of_somebody_else_is_nobodys(play, ask, name, kind, address, status, body, answer):
    idp = play(name)
    idp.faults.answer(address, status, None, body)
    before = snapshot()
    assert ask(access_token(idp, kind)).status_code == answer
    assert snapshot() == before


def test_descopes_tenant_is_one_of_the_persons_own(play, ask):
    idp = play("descope")
    stranger = idp.world.add_person("bob", email="bob@acme.test")
    assert ask(idp.mint("session", person=stranger, tenant=idp.acme)).status_code == 401
    assert ask(idp.mint("refresh", person=idp.ada, tenant=idp.acme)).status_code == 401
    assert ask(idp.mint("session", person=idp.ada)).status_code == 401, "no tenant was chosen"


def test_descopes_roles_of_the_project_are_nobodys_here(play, ask):
    idp = play("descope")
    idp.world.add_role("Owner")
    idp.provider.project_roles[idp.ada.subject] = ["Owner", "is_superuser"]
    assert ask(idp.mint("session", person=idp.ada, tenant=idp.acme)).json()["roles"] == ["editor"]
    assert ask(idp.mint("projectRoles", person=idp.ada, tenant=idp.acme)).json()["roles"] != ["owner"]


@pytest.mark.parametrize("form", ["url", "project"])
def test_descopes_issuer_has_two_forms_and_means_one_person(play, ask, form):
    idp = play("descope", issuer_form=form)
    assert ask(idp.mint("session", person=idp.ada, tenant=idp.acme)).status_code == 200
    assert ask(idp.mint("dsub", person=idp.ada, tenant=idp.acme)).status_code == 200
    assert User.objects.filter(issuer=registry.hosted_providers()["descope"].issuer).count() == 1


def test_descopes_access_key_is_a_program(play, ask):
    idp = play("descope")
    idp.provider.add_access_key(idp.acme, ["Viewer"])
    answer = ask(idp.mint("accessKey", tenant=idp.acme)).json()
    assert (answer["kind"], answer["roles"]) == ("service", ["viewer"])


# --- What a token may be asked ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "asked_for", "answer"),
    [
        ("projects.read", "projects.read", True),
        ("projects.read", "projects.write", False),
        ("projects.read", "projects.read.all", False),
        ("fe.secure.*", "fe.secure.read.users", True),
        ("fe.secure.*", "fe.secure.", True),
        ("fe.secure.*", "fe.secured.read", False),
        ("fe.*.users", "fe.secure.read.users", True),
        ("fe.*.users", "fe.users", False),
        ("*", "anything", True),
        ("a*b*c", "axxbyyc", True),
        ("a*b*c", "axxcyyb", False),
        ("a*a", "a", False),
        ("projects.rea?", "projects.read", False),
        ("[a-z]*", "abc", False),
    ],
)
def test_permissions_of_the_provider_may_be_wildcards(held, asked_for, answer):
    assert said(permissions=(held,)).allows(asked_for) is answer


def said(**what) -> Claims:
    nothing = dict.fromkeys([each.name for each in dataclasses.fields(Claims)], "")
    return Claims(**{**nothing, "kind": Kind(), "roles": (), "permissions": (), **what})


def test_a_pattern_of_stars_takes_no_time():
    assert said(permissions=("*a" * 120 + "b",)).allows("a" * 100_000) is False


def test_any_of_the_roles_and_any_of_the_permissions():
    token = said(roles=("Admin",), permissions=("projects.*",))
    assert token.holds(roles=["Owner", "Admin"])
    assert token.holds(roles=["Admin"], permissions=["x", "projects.read"])
    assert not token.holds(roles=["Owner"], permissions=["projects.read"])
    assert not token.holds(roles=["Admin"], permissions=["billing.read"])
    assert token.holds()


@members_only("a test")
class Secure(ApiView):
    authentication_classes = [CredentialAuthentication]
    permission_classes = [DoorPermission, TokenPermission]
    guard = "members: a test"
    token_roles = ("Editor", "Owner")
    token_permissions = ("fe.secure.read.users",)
    permission = None
    action = "list"

    def get(self, request):
        """A page of the API that asks the token besides."""
        return Response({"who": request.user.name, "issuer": request.auth.token.issuer})


@pytest.fixture
def secure(acme, monkeypatch):
    monkeypatch.setattr(tenant_urls, "urlpatterns", [path("api/secure", Secure.as_view()), *tenant_urls.urlpatterns])
    addresses.forget_urls()
    client = Program(acme)
    yield lambda token: client.get("/api/secure", headers={"authorization": f"Bearer {token}"})
    monkeypatch.undo()
    addresses.forget_urls()


def test_a_view_may_ask_the_token_itself(play, secure, acme):
    """`request.user` is a Django user, `request.auth` holds the verified claims, and a view may ask them."""
    idp = play("frontegg")
    idp.world.add_role("Editor", permissions=["fe.secure.*"])
    idp.world.add_role("Viewer", permissions=["fe.secure.*"])
    answer = secure(idp.mint("userToken", person=idp.ada, tenant=idp.acme))
    assert answer.json() == {"who": "Ada Roe", "issuer": idp.url}
    idp.world.set_roles(idp.ada, idp.acme, ["Viewer"])
    assert secure(idp.mint("userToken", person=idp.ada, tenant=idp.acme)).status_code == 403
    idp.world.add_role("Editor", permissions=["projects.read"])
    idp.world.set_roles(idp.ada, idp.acme, ["Editor"])
    assert secure(idp.mint("userToken", person=idp.ada, tenant=idp.acme)).status_code == 403
    assert secure("").status_code == 401
