"""The table of behaviours (docs/providers/behaviours.md) is whole, and the tests that it names are there."""

import ast
import re
import sys
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model

ROOT = Path(settings.BASE_DIR)
TABLE = ROOT / "docs" / "providers" / "behaviours.md"
ROW = re.compile(r"^\| ([DARWF]\d\d) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
WANTED = {
    *(f"D{number:02}" for number in range(1, 37)),
    *(f"A{number:02}" for number in range(7, 41)),
    *(f"R{number:02}" for number in range(1, 19)),
    *(f"W{number:02}" for number in range(1, 15)),
    "F14",
    "F15",
    *(f"F{number:02}" for number in range(26, 31)),
}


def rows() -> dict[str, str]:
    """Row -> its last cell."""
    return {found[1]: found[4] for found in ROW.finditer(TABLE.read_text())}


def known_in(path: str) -> set[str]:
    return {node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)}


def test_every_behaviour_has_a_row():
    assert set(rows()) == WANTED


@pytest.mark.parametrize("row", sorted(WANTED))
def test_every_row_names_tests_that_are_there(row):
    named = NAMED.findall(rows()[row])
    assert named, "no test holds it"
    assert [f"{path}::{name}" for path, name in named if name not in known_in(path)] == []


def test_templates_lie_in_folders_by_subject():
    """Beside them only what every page shares: the bases, what stands on them, and the pages for errors."""
    loose = {path.name for path in (ROOT / "templates").glob("*.html")}
    assert {name for name in loose if not name.startswith(("_", "base")) and not name[:3].isdecimal()} == set()
    apps = {"account", "accounts", "admin", "audit", "catalog", "console", "public", "tenants"}
    assert apps <= {path.name for path in (ROOT / "templates").iterdir() if path.is_dir()}


def test_the_bar_offers_what_one_can_do(acme, visitor, client_as):
    """A visitor the way in, a member his profile and the way out."""
    acme.tenant.catalogue_is_public = True
    into, profile, out = "/account/login/", "/profile/", "/account/logout/"
    assert into in visitor.get("/", follow=True).content.decode()
    page = client_as("viewer").get("/", follow=True).content.decode()
    assert profile in page
    assert out in page
    assert f'href="{into}' not in page


def test_every_provider_has_a_page():
    pages = {path.stem for path in TABLE.parent.glob("*.md")}
    assert set(settings.PROVIDER_VARIABLES) <= pages
    assert (ROOT / "docs" / "credentials.md").exists()


def test_the_versions_that_are_stated_are_those_that_run():
    stated = dict(re.findall(r"^\| (Python|Django) \| (\d+\.\d+) \|$", TABLE.read_text(), re.MULTILINE))
    assert tuple(map(int, stated["Python"].split("."))) <= sys.version_info[:2]
    assert tuple(map(int, stated["Django"].split("."))) <= django.VERSION[:2]
    assert f'requires-python = ">={stated["Python"]}"' in (ROOT / "pyproject.toml").read_text()


def test_people_are_a_model_of_our_own():
    assert get_user_model()._meta.label == settings.AUTH_USER_MODEL == "accounts.User"
    first = (ROOT / "accounts" / "migrations" / "0001_initial.py").read_text()
    assert "name='User'" in first or 'name="User"' in first
