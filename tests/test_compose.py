"""The compose files hold together: what they refer to is there, and the order of a cluster's start is kept.

No container runs here, and no engine reads them; what one would refuse first is looked for.
"""

from pathlib import Path

import pytest
import yaml
from django.conf import settings

FILES = ["docker-compose.yml", "compose.citus.yml"]
SERVICE = {
    "image", "build", "command", "environment", "networks", "healthcheck", "ports", "volumes", "configs", "depends_on",
}  # fmt: skip
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


def read(name: str) -> dict:
    return yaml.safe_load((Path(settings.BASE_DIR) / name).read_text())


def faults(compose: dict) -> list[str]:
    """What is named and not there, or there and not known."""
    services, found = compose["services"], []
    for name, service in services.items():
        found += [f"{name}: {key}" for key in service.keys() - SERVICE]
        found += [] if service.keys() & {"image", "build"} else [f"{name}: no image"]
        for other, how in service.get("depends_on", {}).items():
            found += [f"{name}: waits for {other}"] if other not in services else []
            found += [f"{name}: {how}"] if how["condition"] not in CONDITIONS else []
            needs_check = how["condition"] == "service_healthy"
            found += [f"{name}: {other} has no check"] if needs_check and "healthcheck" not in services[other] else []
        for kind in ("networks", "configs", "volumes"):
            named = [each["source"] if isinstance(each, dict) else each.split(":")[0] for each in service.get(kind, [])]
            found += [f"{name}: {kind} {each}" for each in named if each not in compose.get(kind, {})]
    return found


@pytest.mark.parametrize("name", FILES)
def test_a_compose_file_refers_to_what_is_there(name):
    assert faults(read(name)) == []


@pytest.mark.parametrize(
    "spoilt",
    [
        {"image": "x", "depends_on": {"nobody": {"condition": "service_started"}}},
        {"image": "x", "depends_on": {"other": {"condition": "service_healthy"}}},
        {"image": "x", "volumes": ["nowhere:/data"]},
        {"image": "x", "configs": ["nothing"]},
        {"imgae": "x"},
    ],
)
def test_a_fault_is_seen(spoilt):
    assert faults({"services": {"one": spoilt, "other": {"image": "y"}}})


def test_every_node_is_set_up_as_a_cluster_needs_it():
    compose = read("compose.citus.yml")
    nodes = [compose["services"][name] for name in ("coordinator", "worker-1", "worker-2")]
    for needed in ("shared_preload_libraries=citus", "wal_level=logical", "timezone=UTC", "max_locks_per_transaction="):
        assert all(needed in node["command"] for node in nodes)
    assert [name for name in ("worker-1", "worker-2") if "ports" in compose["services"][name]] == []


def test_the_site_has_two_addresses_and_is_prepared_while_it_is_empty():
    services = read("compose.citus.yml")["services"]
    for name in ("migrate", "web", "tasks"):
        given = services[name]["environment"]
        assert ("@pgbouncer:" in given["DATABASE_URL"], "@coordinator:" in given["DATABASE_ADMIN_URL"]) == (True, True)
    order = [services["migrate"]["command"].index(word) for word in ("migrate", "prepare_citus", "seed")]
    assert order == sorted(order)


def test_the_pooler_is_told_what_the_documents_say():
    known = read("compose.citus.yml")["configs"]["pgbouncer.ini"]["content"]
    assert "pool_mode = transaction" in known
    assert "track_extra_parameters = IntervalStyle,search_path" in known
