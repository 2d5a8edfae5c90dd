"""Everything that the OpenAPI text allows, and what it forbids, asked of a real server by people of four roles.

All of Schemathesis' phases, a fixed seed, two minutes in all. It fails on a 5xx, on a status, media type, header
or body that the text does not promise, on input that should have been refused, on a credential that is not
asked for, and on an object that answers after it was deleted.
"""

import subprocess
import sys
from datetime import timedelta

import pytest
import yaml
from django.db import connection
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts.flows import api_keys
from accounts.models import ApiKey
from tenants import provisioning
from tenants.schema import in_tenant
from tests import world as worlds
from tests.tenants.server import Server

from .test_description import COMMITTED

SECRET = "s" * 43
SECONDS = 28
SEED = 20260
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ignored_auth",
]


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        server = Server()
        server.environment["DJANGO_SETTINGS_MODULE"] = "tests.api.fuzz_settings"
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def world(server, django_db_blocker):
    """An organisation for each run: an owner may well send everybody else away."""
    with django_db_blocker.unblock():
        world = worlds.build("fuzz", "fuzzword")
        connection.set_schema_to_public()
        yield world
        connection.set_schema_to_public()
        provisioning.delete_tenant(world.tenant)


def key_of(world, who: str) -> str:
    """A key that limits its holder in nothing that a key may do; the guest's, too, who may make none himself."""
    with in_tenant(world.tenant):
        if who == "guest":
            for right in ("view_category", "change_category", "delete_category", "add_product_to_category"):
                assign_perm(f"catalog.{right}", world.guest, world.drinks)
        rights = sorted(api_keys.rights_for_key(world.owner))
        prefix, ends = f"{who:a<12}", timezone.now() + timedelta(hours=1)
        made = {"user": world.people[who], "created_by": world.owner, "name": who, "prefix": prefix, "rights": rights}
        ApiKey.objects.create(**made, secret_hash=ApiKey.hash(SECRET), expires_at=ends)
    return f"tnt_{prefix}_{SECRET}"


@pytest.fixture
def manners(tmp_path):
    """A precondition is asked before the body is looked at (RFC 9110, 13.2.1): 412 refuses bad input, too."""
    refused = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429]
    (tmp_path / "schemathesis.toml").write_text(f"[checks.negative_data_rejection]\nexpected-statuses = {refused}\n")
    return tmp_path / "schemathesis.toml"


@pytest.fixture
def by_bearer(tmp_path):
    """The description with one way in: asked by all three at once, the API answers 401 to everything."""
    text = yaml.safe_load(COMMITTED.read_text())
    for path in text["paths"].values():
        for operation in path.values():
            operation["security"] = [{"bearer": []}]
    schemes = text["components"]["securitySchemes"]
    text["components"]["securitySchemes"] = {"bearer": schemes["bearer"]}
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(text))
    return tmp_path / "openapi.yaml"


@pytest.mark.real
@pytest.mark.parametrize("who", ["owner", "editor", "viewer", "guest"])
def test_the_api_keeps_what_its_description_promises(world, server, by_bearer, manners, who):
    headers = {"Host": world.tenant.host, "Authorization": f"Bearer {key_of(world, who)}"}
    assert server.get("/api/v1/me/", headers=headers).json()["roles"] == [who]
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(manners), "run", str(by_bearer), "--url", f"http://127.0.0.1:{server.port}",
        *(f"--header={name}:{value}" for name, value in headers.items()),
        "--checks", ",".join(CHECKS), "--max-time", str(SECONDS), "--seed", str(SEED), "--warnings", "off",
        "--continue-on-failure", "--suppress-health-check", "all", "--request-timeout", "10",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout[-20_000:]
