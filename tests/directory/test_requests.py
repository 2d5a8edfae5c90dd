"""What is asked of Frontegg, line by line: by its real SDK, and in one organisation alone."""

import json
import subprocess
import sys
from threading import Thread

import pytest

from accounts.exceptions import ProviderAway
from accounts.providers.frontegg import sdk
from accounts.providers.frontegg.directory import FronteggDirectory
from accounts.providers.management import SaidNo
from standin import StandIn
from tests.sign_in.conftest import variables

TENANT = "frontegg-tenant-id"


@pytest.fixture
def frontegg(idp) -> FronteggDirectory:
    return FronteggDirectory(variables("frontegg", idp.environment()))


@pytest.fixture
def world(idp):
    """Ada is in two organisations."""
    person = idp.world.add_person("ada", email="ada@acme.test")
    for name in ("acme-id", "globex-id"):
        idp.world.join(person, idp.world.add_tenant(name), ["Editor"])
    return idp.world


def lines(idp) -> list[tuple]:
    """Method, path, the tenant of the header and the JSON of each question, but for the vendor's token."""
    return [
        (each.method, each.path, each.headers.get(TENANT), json.loads(each.body) if each.body else None)
        for each in idp.requests
        if each.path != "/auth/vendor/"
    ]


def test_the_sdk_asks_for_one_vendor_token_and_sends_it_as_it_does(frontegg, idp, world):
    frontegg.roles("acme-id")
    frontegg.member("acme-id", world.person("ada").subject)
    vendor, first, second = idp.requests
    assert (vendor.path, vendor.json) == (
        "/auth/vendor/",
        {"clientId": idp.provider.client_id, "secret": idp.provider.api_key},
    )
    assert first.headers["x-access-token"] == second.headers["x-access-token"]
    assert "timeout" not in first.headers


def test_roles_are_changed_by_their_ids_and_a_delete_has_a_body(frontegg, idp, world):
    ada = world.person("ada").subject
    frontegg.set_roles("acme-id", ada, roles=("Viewer",), held=("Editor",))
    path = f"/identity/resources/users/v1/{ada}/roles"
    changes = [line for line in lines(idp) if line[0] != "GET"]
    assert changes == [
        ("POST", path, "acme-id", {"roleIds": [world.role("Viewer").id]}),
        ("DELETE", path, "acme-id", {"roleIds": [world.role("Editor").id]}),
    ]


def test_who_is_removed_is_removed_from_one_organisation(frontegg, idp, world):
    ada = world.person("ada")
    frontegg.remove("acme-id", ada.subject)
    assert lines(idp) == [("DELETE", f"/identity/resources/users/v1/{ada.subject}", "acme-id", None)]
    assert [each.tenant.id for each in world.memberships_of(ada)] == ["globex-id"]


@pytest.mark.parametrize("tenant", ["", " ", "\n"])
def test_nobody_is_removed_without_an_organisation(frontegg, idp, world, tenant):
    """Frontegg would take it for all of them: here it is never asked."""
    ada = world.person("ada")
    for deed in (frontegg.remove, frontegg.deactivate, frontegg.member):
        with pytest.raises(ValueError):
            deed(tenant, ada.subject)
    with pytest.raises(ValueError):
        sdk.gateway_of(frontegg.values).delete(f"identity/resources/users/v1/{ada.subject}", tenant=tenant)
    assert lines(idp) == []
    assert len(world.memberships_of(ada)) == 2


def test_no_name_of_a_person_leads_to_another_question(frontegg, idp, world):
    for subject in ("../../../tenants/resources/tenants/v1/acme-id", "x/roles", "x?tenant=", "%2e%2e", "a b"):
        frontegg.remove("acme-id", subject)
    assert all(path.startswith("/identity/resources/users/v1/") for _method, path, _tenant, _body in lines(idp))
    assert set(world.tenants) == {"acme-id", "globex-id"}
    assert len(world.memberships_of(world.person("ada"))) == 2


def test_all_pages_of_a_long_list_are_read(frontegg, idp, world):
    acme = world.tenant("acme-id")
    for number in range(120):
        world.join(world.add_person(f"p{number}"), acme, ["Viewer"])
    assert len(frontegg.members("acme-id")) == 121
    assert [each.query["_offset"] for each in idp.requests if each.path.endswith("/v3")] == ["0", "1", "2"]


def test_two_environments_do_not_use_each_others_token(frontegg, idp, world):
    with StandIn("frontegg", client_id="another", api_key="another key") as other:
        second = FronteggDirectory(variables("frontegg", other.environment()))
        other.world.add_tenant("acme-id")
        assert (len(frontegg.members("acme-id")), len(second.members("acme-id"))) == (1, 0)
        frontegg.deactivate("acme-id", world.person("ada").subject)
        assert next(each.path for each in other.requests) == "/auth/vendor/"
        assert len(other.requests) == 2


def test_a_wrong_secret_is_said_without_the_secret(idp):
    values = variables("frontegg", idp.environment()) | {"API_KEY": "wrong-secret-of-ours"}
    with pytest.raises(ProviderAway) as raised:
        FronteggDirectory(values).members("acme-id")
    assert "wrong-secret" not in repr(raised.value) + str(raised.value)


@pytest.mark.parametrize("said", ["", "<html>", {}, {"token": "x"}, {"token": None, "expiresIn": "soon"}], ids=repr)
def test_an_odd_answer_to_the_sdk_is_a_provider_that_is_away(frontegg, idp, said):
    idp.faults.answer("/auth/vendor", 200, times=None, body=said)
    with pytest.raises((ProviderAway, SaidNo)):
        frontegg.members("acme-id")


def test_many_threads_at_once_log_in_once(frontegg, idp, world):
    threads = [Thread(target=frontegg.roles, args=["acme-id"]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.path for each in idp.requests].count("/auth/vendor/") == 1


def test_the_sdk_is_not_imported_before_it_is_needed():
    """Nor asked: making its client logs in."""
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings.test'; django.setup();"
        "from accounts.providers import registry; registry.hosted_providers();"
        "sys.exit(any(name.startswith('frontegg') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
