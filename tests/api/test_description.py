"""The OpenAPI text: complete, true, and the one that is committed."""

import re
from pathlib import Path

import pytest
import yaml
from django.urls import resolve

from accounts.guards import routes
from config.api import description

COMMITTED = Path(__file__).resolve().parent.parent.parent / "docs" / "openapi.yaml"
REFUSALS = {"400", "401", "403", "429", "503"}


@pytest.fixture(scope="module")
def text() -> dict:
    return yaml.safe_load(description("yaml"))


def operations(text):
    for path, methods in text["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_committed_text_is_the_one_made_from_the_code():
    assert COMMITTED.read_bytes() == description("yaml"), "run `make openapi` and read what has changed"


def test_every_route_is_in_the_text(text):
    known = {(path, method) for path, method, _operation in operations(text)}
    for pattern, name, view in routes("config.urls.tenant"):
        if pattern.startswith("api/v1/") and name != "api:nothing":
            path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", pattern).replace("{pk}", "{id}")
            methods = getattr(view, "actions", {"get": "get"})
            assert {(path, method) for method in methods if method != "head"} <= known, path


def test_every_operation_resolves_to_a_route(text):
    for path, method, _operation in operations(text):
        match = resolve(path.replace("{id}", "1").replace("{principal}", "user-1"), "config.urls.tenant")
        assert method in getattr(match.func, "actions", {"get": "get"}), path


def test_every_operation_states_its_security_and_its_errors(text):
    for path, method, operation in operations(text):
        answers = operation["responses"]
        assert [list(way) for way in operation["security"]] == [["bearer"], ["apiKey"], ["session"]]
        assert answers.keys() >= REFUSALS | ({"404"} if "{" in path else set()), path
        assert method == "get" or answers.keys() >= {"409", "413", "415"}, path
        for status, answer in answers.items():
            assert int(status) < 400 or answer == {"$ref": f"#/components/responses/Problem{status}"}
        assert operation["summary"]
        assert "Needs `" in operation["description"] or "For every member." in operation["description"]


def test_every_refusal_is_a_problem_with_the_limits_in_its_headers(text):
    for answer in text["components"]["responses"].values():
        assert answer["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        assert answer["headers"].keys() >= {"RateLimit", "RateLimit-Policy"}


def test_bodies_take_no_other_field(text):
    bodies = [schema for name, schema in text["components"]["schemas"].items() if name.endswith("Request")]
    assert len(bodies) > 8
    assert all(body["additionalProperties"] is False for body in bodies)


def test_the_text_is_version_3_1_of_version_1(text):
    assert (text["openapi"], text["info"]["version"]) == ("3.1.0", "1")
    assert all(path.startswith("/api/v1/") for path in text["paths"])


@pytest.mark.parametrize(("who", "status"), [("stranger", 200), (None, 401)])
def test_the_text_is_for_members(acme, api_as, api_visitor, who, status):
    client = api_as(who) if who else api_visitor
    for kind in ("json", "yaml"):
        assert client.read(f"/openapi.{kind}").status_code == status


@pytest.mark.parametrize(("who", "status"), [("stranger", 200), (None, 302)])
def test_the_page_to_try_it_on_is_for_members_and_asks_no_other_host(acme, api_as, api_visitor, who, status):
    response = (api_as(who) if who else api_visitor).get("/api/docs/")
    assert response.status_code == status
    if status == 200:
        page = response.content.decode()
        assert "swagger-ui-bundle.js" in page
        assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"(https?:)?//", page)
        assert "unsafe" not in response["Content-Security-Policy"]
