"""Every route has a guard, and only those on the lists below answer without one's right. (R6, Z2, Z11, I12)"""

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.urls import path, resolve
from django.views import View

from accounts import guards
from accounts.guards import LIBRARY_VIEWS, members_only, open_to_all, refuse_to_start_unguarded
from config.urls import tenant as tenant_urls

from . import addresses
from .addresses import METHODS
from .conftest import HostClient
from .snapshot import snapshot

# A new line here is a new open door: say why it has to be one.
OPEN = {
    "home": "only leads on",
    "accounts:invitation-accept": "an invited person has no account yet; the token is the proof",
    "accounts:arrive": "the hop from sign-up; the single-use ticket is the proof",
    "accounts:provider-arrive": "the hop from a provider; the ticket, in the browser that began, is the proof",
    "accounts:support-arrive": "the hop from the platform; the single-use ticket is the proof",
    "accounts:support-ended": "says that a visit has ended",
    "accounts:sign-out-at-provider": "one signs out there; a visitor has nothing to end",
    "accounts:signed-out": "says that one is signed out",
    "django_descope:store_jwt": "part of signing in: the provider's tokens are the proof",
    "rownd:session_authenticate": "part of signing in: the provider's token is the proof",
    "rownd:session_sign_out": "one signs out there; a visitor has nothing to end",
    "account_login": "one signs in there",
    "account_logout": "sends a visitor to sign in",
    "account_inactive": "says that an account is deactivated",
    "account_signup": "says that accounts come by invitation",
    "account_email_verification_sent": "says that a mail was sent",
    "account_confirm_email": "the mailed key is the proof",
    "account_reset_password": "one who forgot his password cannot sign in",
    "account_reset_password_done": "says that a mail was sent",
    "account_reset_password_from_key": "the mailed key is the proof",
    "account_reset_password_from_key_done": "says that the password was changed",
    "account_confirm_login_code": "part of signing in",
    "mfa_authenticate": "part of signing in",
    "mfa_login_webauthn": "part of signing in",
    "app:login": "a program signs a person in there",
    "app:second-factor": "part of signing in",
    "app:session": "says who is signed in; nobody, to a visitor",
    "app:refresh": "the refresh token is the proof",
    "jwks": "public keys",
    "admin:login": "only leads on to signing in",
    "api:nothing": "says that an address of the API is none",
}
OPEN_ON_THE_PUBLIC_HOST = {
    "landing": "the front page",
    "sign-up": "anyone may sign up",
    "sign-up-address": "is the address free?",
    "set-up": "a verified sign-in at a provider, kept sealed by the browser, is the proof",
    "hosted-start": "the way to a provider's page",
    "hosted-callback": "providers send people back there; the state is the proof",
    "hosted-callback-of": "the same, of one provider",
    "hosted-login": "only leads to an organisation's sign-in",
    "find": "answers by mail alone",
    "health": "for the load balancer",
    "ready": "for the load balancer: whose keys are not known yet",
    "jwks": "public keys",
    "provider-events": "an identity provider tells of a change: its signature is the proof",
    "provider-log-out": "an identity provider calls: its signed token is the proof",
}
# Behind the door all the same: what visitors see is decided row by row while the catalogue is public.
OPEN_WHILE_THE_CATALOGUE_IS_PUBLIC = {"catalog:product-list", "catalog:product-detail", "catalog:product-picture"}
MEMBERS = {
    "accounts:leave": "everyone may leave",
    "accounts:profile": "one's own page",
    "accounts:waiting": "says that one has no role yet",
    "accounts:organisations": "one's own organisations",
    "accounts:api-key-list": "one's own keys",
    "accounts:api-key-revoke": "one's own keys; another's by right",
    "accounts:support-leave": "one's own visit; others are refused",
    "api:docs": "what there is, and nothing of anybody's data",
    "api:openapi-json": "what there is, and nothing of anybody's data",
    "api:openapi-yaml": "what there is, and nothing of anybody's data",
    "api:me": "oneself",
    "api:me-leave": "everyone may leave",
    "account_reauthenticate": "one's own session",
    "account_change_password": "one's own password",
    "account_set_password": "one's own password",
    "account_email": "one's own addresses",
    "mfa_index": "one's own second factors",
    "mfa_reauthenticate": "one's own session",
    "mfa_activate_totp": "one's own second factors",
    "mfa_deactivate_totp": "one's own second factors",
    "mfa_view_recovery_codes": "one's own second factors",
    "mfa_generate_recovery_codes": "one's own second factors",
    "mfa_download_recovery_codes": "one's own second factors",
    "mfa_list_webauthn": "one's own passkeys",
    "mfa_add_webauthn": "one's own passkeys",
    "mfa_edit_webauthn": "one's own passkeys",
    "mfa_remove_webauthn": "one's own passkeys",
    "mfa_reauthenticate_webauthn": "one's own session",
    "usersessions_list": "one's own sessions",
}
SHARED_PATHS = {"/", "/.well-known/jwks.json"}
# A list of rows that can be shared one by one opens for every member, and shows what is shared with him.
LISTS_OF_SHARED_ROWS = {"catalog:product-list", "catalog:category-list", "api:product-list", "api:category-list"}


def test_every_route_has_a_guard(acme):
    assert [route.name for route in [*addresses.of_tenants(acme), *addresses.of_public()] if not route.guard] == []
    assert guards.unguarded() == []


def test_the_open_routes_are_those_on_the_list(acme):
    assert {route.name for route in addresses.of_tenants(acme) if route.is_open} == set(OPEN)
    assert {route.name for route in addresses.of_public() if route.is_open} == set(OPEN_ON_THE_PUBLIC_HOST)


def test_the_routes_for_every_member_are_those_on_the_list(acme):
    assert {route.name for route in addresses.of_tenants(acme) if route.guard.startswith("members:")} == set(MEMBERS)


def test_the_names_of_library_views_are_all_in_use(acme):
    assert set(LIBRARY_VIEWS) <= {route.name for route in addresses.of_tenants(acme)}


def test_exactly_the_open_routes_are_free_of_sign_in(acme):
    free = {route.name for route in addresses.of_tenants(acme) if not (route.needs_login or route.is_api)}
    assert free == {name for name in OPEN if not name.startswith("api:")} | OPEN_WHILE_THE_CATALOGUE_IS_PUBLIC
    assert getattr(View.dispatch, "login_required", True), "the base of all views is marked: every view is open"


def test_marking_one_view_open_leaves_its_siblings_closed():
    class Base(View):
        pass

    open_to_all("a test")(type("Open", (Base,), {}))
    closed = type("Closed", (Base,), {})
    assert getattr(closed.as_view(), "login_required", True)


# --- A planted view without a guard ---------------------------------------------------------------------


def bare(request):
    return HttpResponse("open")


class BareView(View):
    def get(self, request):
        return HttpResponse("open")


@pytest.fixture(params=[bare, BareView.as_view()], ids=["function", "class"])
def planted(request, monkeypatch):
    monkeypatch.setattr(tenant_urls, "urlpatterns", [*tenant_urls.urlpatterns, path("planted/", request.param)])
    addresses.forget_urls()
    yield request.param
    monkeypatch.undo()
    addresses.forget_urls()


def test_a_planted_view_fails_the_system_check(planted):
    errors = [error for error in checks.run_checks(tags=["security"]) if error.id == "accounts.E001"]
    assert [error.msg for error in errors] == ["config.urls.tenant: planted/ declares no guard."]


def test_a_planted_view_keeps_the_server_from_starting(planted):
    with pytest.raises(ImproperlyConfigured, match="planted/"):
        refuse_to_start_unguarded()


@pytest.mark.parametrize("who", ["owner", "stranger"])
def test_a_planted_view_is_not_called(client_as, planted, who):
    with pytest.raises(ImproperlyConfigured, match="planted/"):
        client_as(who).get("/planted/")


def test_a_visitor_is_sent_to_sign_in_before_a_planted_view(visitor, planted):
    response = visitor.get("/planted/")
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/")


def test_a_guarded_view_is_served(client_as, monkeypatch):
    """The same plant with a guard: what fails above fails for want of it."""
    view = members_only("a test")(type("Guarded", (BareView,), {})).as_view()
    monkeypatch.setattr(tenant_urls, "urlpatterns", [*tenant_urls.urlpatterns, path("planted/", view)])
    addresses.forget_urls()
    refuse_to_start_unguarded()
    assert client_as("stranger").get("/planted/").content == b"open"
    monkeypatch.undo()
    addresses.forget_urls()


# --- Each route, asked by those who should not get in ------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_visitor_gets_in_only_where_the_list_says_so(acme, visitor, method):
    before = snapshot()
    for route in addresses.of_tenants(acme):
        response = visitor.generic(method, route.path)
        allowed = route.name in OPEN
        assert allowed or response.status_code in route.to_visitors, (route, response.status_code)
        assert response.status_code < 500, route
        if not allowed and response.status_code == 302:
            assert response["Location"].startswith("/account/login/?next="), route
    assert snapshot() == before


def test_a_visitor_with_htmx_is_told_to_sign_in_as_a_whole_page(acme, visitor):
    for route in addresses.of_tenants(acme):
        if route.name not in OPEN and not route.is_api:
            response = visitor.get(route.path, headers={"HX-Request": "true"})
            assert (response.status_code, b"<form" in response.content) == (401, False), route
            assert response["HX-Redirect"].startswith("/account/login/"), route


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_session_of_another_tenant_is_a_visitors(acme, globex, visitor, method):
    foreign = HostClient(globex.tenant.host).sign_in(globex.owner, globex.tenant)
    visitor.cookies = foreign.cookies
    before = snapshot()
    for route in addresses.of_tenants(acme):
        response = visitor.generic(method, route.path)
        assert route.name in OPEN or response.status_code in route.to_visitors, (route, response.status_code)
    assert snapshot() == before


@pytest.mark.parametrize("method", METHODS)
def test_a_member_without_a_role_gets_in_only_where_every_member_does(acme, client_as, method):
    client = client_as("stranger")
    before = snapshot()
    for route in addresses.of_tenants(acme):
        if route.name in {*OPEN, *MEMBERS}:
            continue
        response = client.generic(method, route.path)
        inside = route.name in LISTS_OF_SHARED_ROWS or (method == "OPTIONS" and not response.content)
        nothing_sent = route.is_api and response.status_code in (400, 415)
        assert inside or nothing_sent or response.status_code in (403, 404, 405), (route, response.status_code)
    assert snapshot() == before


def test_neither_host_has_the_pages_of_the_other(acme, client_as, public_client):
    """I12. The two front doors share the empty path and the key set alone."""
    for route in addresses.of_tenants(acme):
        if route.path not in SHARED_PATHS:
            assert public_client.get(route.path).status_code == 404, route
    owner = client_as("owner")
    for route in addresses.of_public():
        if route.path not in SHARED_PATHS:
            assert owner.get(route.path).status_code == 404, route


# --- Z2: the same door, written otherwise -------------------------------------------------------------------

SPELLINGS = [
    lambda path: "/" + path,
    lambda path: path.replace("/", "//"),
    lambda path: path + ";x=1",
    lambda path: path.rstrip("/") + ";.css/",
    lambda path: path + "%2e",
    lambda path: path.rstrip("/") + "/.",
    lambda path: path + "../" + path.strip("/").rpartition("/")[2] + "/",
    lambda path: "/account/login/.." + path,
    lambda path: path.rstrip("/") + ".json",
    lambda path: path.rstrip("/") + "%00",
    lambda path: path.upper(),
    lambda path: path.rstrip("/"),
]


@pytest.mark.parametrize("spelling", range(len(SPELLINGS)))
def test_no_spelling_of_an_address_opens_more_than_the_plain_one(acme, client_as, visitor, spelling):
    clients = visitor, client_as("stranger")
    before = snapshot()
    for client in clients:
        for route in addresses.of_tenants(acme):
            if route.path == "/" or route.name in {*OPEN, *MEMBERS, *LISTS_OF_SHARED_ROWS}:
                continue
            response = client.get("/", PATH_INFO=SPELLINGS[spelling](route.path))
            assert response.status_code in (301, 302, 401, 403, 404), (route, response.status_code)
    assert snapshot() == before


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "POST"])
def test_no_header_and_no_field_turns_one_verb_into_another(acme, client_as, header, method):
    clients = client_as("viewer"), client_as("owner")
    before = snapshot()
    for client in clients:
        for address in (acme.coffee.get_absolute_url(), acme.drinks.get_absolute_url()):
            assert client.get(f"{address}?_method={method}", headers={header: method}).status_code == 200
            assert client.post(address, {"_method": method}, headers={header: method}).status_code == 405
    assert snapshot() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_pages_take_no_other_verbs_even_from_an_owner(acme, client_as, method):
    """Django's DeleteView deletes on DELETE as well, past the form and its guard."""
    client = client_as("owner")
    before = snapshot()
    for route in addresses.of_tenants(acme):
        if route.name.startswith("catalog:"):
            assert client.generic(method, route.path).status_code == 405, route
    assert snapshot() == before


def test_the_walk_reaches_what_the_site_serves(acme):
    for route in addresses.of_tenants(acme):
        assert resolve(route.path).view_name == route.name
