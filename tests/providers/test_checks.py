"""What is found out before anything is served: settings that lack something, rooms in disorder. (R10, D01, D32)"""

import os
import subprocess
import sys
from importlib import reload

import pytest
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured

from accounts import checks
from accounts.providers import configuration, registry
from config import asgi, wsgi
from tests.accounts import forge

from .battery import CASES, HOSTED, auth0, descope, frontegg, frontegg_hs256, local, oidc

MIDDLEWARE = list(configured.MIDDLEWARE)


def found() -> list[str]:
    return [str(each.msg) for each in checks.every_provider_is_set_up(None)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_provider_that_is_set_up_has_no_problem(case, settings):
    settings.PROVIDERS = case.settings
    assert found() == []
    assert set(registry.hosted_providers()) == set(case.settings)


@pytest.mark.parametrize(
    ("case", "variable"),
    [(case, each) for case in HOSTED for each in configured.PROVIDER_VARIABLES[case.provider_key][0]],
    ids=str,
)
def test_each_missing_variable_is_named(case, variable, settings):
    key = case.provider_key
    settings.PROVIDERS = {key: case.settings[key] | {variable: ""}}
    assert found() == [f"{key.upper()}_{variable} is not set."]
    assert registry.hosted_providers() == {}
    with pytest.raises(ImproperlyConfigured, match=f"{key.upper()}_{variable} is not set"):
        configuration.refuse_to_start_misconfigured()


def test_a_second_provider_of_a_kind_has_variables_of_its_own(settings):
    settings.PROVIDERS = {"oidc-okta": oidc.settings["oidc"] | {"ISSUER": ""}}
    assert found() == ["OIDC_OKTA_ISSUER is not set."]


def test_two_providers_of_one_issuer_are_named(settings):
    settings.PROVIDERS = {"oidc": oidc.settings["oidc"], "oidc-okta": oidc.settings["oidc"]}
    assert ["OIDC_OKTA_ISSUER" in problem for problem in found()] == [True]
    other = oidc.settings["oidc"] | {"ISSUER": "https://okta.test"}
    settings.PROVIDERS = {"oidc": oidc.settings["oidc"], "oidc-okta": other}
    assert found() == []


@pytest.mark.parametrize("name", ["fronteg", "", "Frontegg", "local", "frontegg okta"])
def test_an_unknown_provider_is_named(name, settings):
    settings.PROVIDERS = {name: {}}
    assert f"{name!r}" in found()[0]
    assert registry.hosted_providers() == {}


@pytest.mark.parametrize(("choice", "good"), [("local", True), ("frontegg", True), ("auth0", False), ("", False)])
def test_new_organisations_come_by_a_provider_that_is_active(choice, good, settings):
    settings.PROVIDERS, settings.IDENTITY_PROVIDER = frontegg.settings, choice
    assert (found() == []) is good


ODD_ADDRESSES = [
    "http://example.com",
    "ftp://example.com",
    "example.com",
    "//example.com",
    "http://10.0.0.1",
    "http://[::1",
]


@pytest.mark.parametrize("address", [*ODD_ADDRESSES, "javascript:alert(1)", "http://localhost.evil.test"])
@pytest.mark.parametrize(
    ("case", "variable"),
    [(frontegg, "BASE_URL"), (frontegg, "API_GATEWAY_URL"), (descope, "BASE_URI"), (oidc, "ISSUER")],
    ids=str,
)
def test_an_address_is_https_or_on_this_machine(case, variable, address, settings):
    key = case.provider_key
    settings.PROVIDERS = {key: case.settings[key] | {variable: address}}
    assert [variable in problem for problem in found()] == [True]
    for good in ("https://id.example.com", "http://127.0.0.1:8200", "http://localhost:8200", "http://idp.localhost"):
        settings.PROVIDERS = {key: case.settings[key] | {variable: good}}
        assert found() == []


@pytest.mark.parametrize(
    ("domain", "good"),
    [("acme.eu.auth0.com", True), ("http://acme.test", False), ("a b", False), ("x:y@acme.test", False)],
)
def test_auth0s_domain_is_meant_with_https(domain, good, settings):
    settings.PROVIDERS = {"auth0": auth0.settings["auth0"] | {"DOMAIN": domain}}
    assert (found() == []) is good


@pytest.mark.parametrize(
    ("case", "change", "named"),
    [
        (frontegg_hs256, {"JWT_SECRET": ""}, "FRONTEGG_JWT_SECRET"),
        (frontegg_hs256, {"JWT_SECRET": "x" * 31}, "FRONTEGG_JWT_SECRET"),
        (frontegg, {"JWT_ALGORITHM": "none"}, "FRONTEGG_JWT_ALGORITHM"),
        (frontegg, {"JWT_ALGORITHM": "HS512"}, "FRONTEGG_JWT_ALGORITHM"),
        (frontegg, {"JWT_ALGORITHM": ""}, "FRONTEGG_JWT_ALGORITHM"),
        (oidc, {"ALGORITHMS": "RS256 HS256"}, "OIDC_ALGORITHMS"),
        (oidc, {"ALGORITHMS": "none"}, "OIDC_ALGORITHMS"),
        (oidc, {"ALGORITHMS": ""}, "OIDC_ALGORITHMS"),
        (oidc, {"AUDIENCE": "our-client"}, "OIDC_AUDIENCE"),
        (auth0, {"AUDIENCE": "our-client"}, "AUTH0_AUDIENCE"),
    ],
)
def test_what_would_weaken_the_verifier_is_not_served(case, change, named, settings):
    key = case.provider_key
    settings.PROVIDERS = {key: case.settings[key] | change}
    assert [named in problem for problem in found()] == [True]
    assert registry.hosted_providers() == {}


@pytest.mark.parametrize("entry", [wsgi, asgi])
def test_a_half_set_up_provider_keeps_the_site_from_starting(entry, settings):
    settings.PROVIDERS = {"oidc": oidc.settings["oidc"] | {"ISSUER": ""}}
    with pytest.raises(ImproperlyConfigured, match="OIDC_ISSUER"):
        reload(entry)
    settings.PROVIDERS = oidc.settings
    assert reload(entry).application


# --- Rooms in order ----------------------------------------------------------------------------------------------


def disorder(settings, middleware) -> list[str]:
    settings.MIDDLEWARE = middleware
    return [str(each.msg) for each in checks.middleware_is_in_order(None)]


def test_the_rooms_are_in_order(settings):
    assert disorder(settings, MIDDLEWARE) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("tenants.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"),
        ("django.contrib.auth.middleware.AuthenticationMiddleware", "accounts.middleware.CredentialMiddleware"),
        ("accounts.middleware.CredentialMiddleware", "accounts.middleware.MemberMiddleware"),
        ("tenants.middleware.TenantMiddleware", "tenants.middleware.SessionMiddleware"),
        ("accounts.middleware.MemberMiddleware", "accounts.middleware.SignInRequiredMiddleware"),
    ],
)
def test_two_rooms_that_changed_places_are_named(first, second, settings):
    swapped = list(MIDDLEWARE)
    one, other = swapped.index(first), swapped.index(second)
    swapped[one], swapped[other] = second, first
    assert disorder(settings, swapped)


@pytest.mark.parametrize("path", checks.MIDDLEWARE_ORDER)
def test_a_room_that_is_missing_is_named(path, settings):
    name = path.rpartition(".")[2]
    assert path in disorder(settings, [each for each in MIDDLEWARE if not each.endswith(f".{name}")])[0]


# --- What is known, and never obeyed --------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "told"), [("is_superuser", 0), ("Root", 1)])
def test_whoever_names_a_superuser_role_is_told_that_there_is_none(role, told, settings):
    settings.PROVIDERS = {"descope": descope.settings["descope"] | {"IS_SUPERUSER_ROLE": role}}
    assert len(checks.no_role_makes_a_superuser(None)) == told


# --- Nothing touches the network -------------------------------------------------------------------------------------

OFFLINE = """
import os, socket, sys

def refuse(*args, **kwargs):
    if len(args) > 1 and isinstance(args[1], tuple):
        raise SystemExit(f"somebody asked the network: {args[1]}")
    return real(*args, **kwargs)

real = socket.socket.connect
socket.socket.connect = refuse
socket.getaddrinfo = lambda *args, **kwargs: sys.exit("somebody asked for an address")
import django
django.setup()
from django.core.management import call_command
from accounts.providers import registry
made = registry.hosted_providers()
assert len(made) == 5, made
for provider in made.values():
    provider.directory and provider.directory()
call_command("check")
if "migrate" in sys.argv:
    call_command("migrate", verbosity=0)
print("offline", *sorted(made))
"""


def test_starting_checking_and_migrating_ask_no_provider(tmp_path, django_db_setup):
    """With all five active at addresses where nobody is: neither import, nor `ready`, nor `migrate` asks them."""
    active = {case.provider_key: case for case in HOSTED if case is not frontegg_hs256}
    environment = {
        f"{key.upper()}_{name}": value for key, case in active.items() for name, value in case.values.items()
    }
    environment |= {"IDENTITY_PROVIDERS": ",".join(active), "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, "migrate"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.split()[-6:]) == (0, ["offline", *sorted(active)]), done.stderr[-2000:]


def test_the_battery_knows_every_provider_there_is():
    assert {case.provider_key for case in CASES} == {*configured.PROVIDER_VARIABLES, "local"}
    assert {case.provider_key for case in CASES} == {*registry.PROFILES, "local"}
    assert local.provider.algorithms == {"RS256"}
    assert forge.JWK["alg"] == "RS256"
