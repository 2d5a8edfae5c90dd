"""The rules for many nodes that neither the catalogue nor a tap can see (tests/test_storage.py): settings, source
text, migrations, the script of a sign-up, and ids that a client makes up. docs/scaling.md lists all of them.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations import RunPython, RunSQL
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from catalog.models import Category, Product
from tenants.models import Blueprint
from tenants.schema import in_public

from .api.conftest import api_as, product_body
from .taps import ALWAYS, IN_MIGRATIONS, Forbidden, demand_one_statement, judge
from .test_settings import PROD, python

__all__ = ["api_as", "product_body"]  # fixtures of the API's tests

OURS = ("tenants", "accounts", "audit", "catalog")


# --- settings (rules 2, 13, 14, 24, 27, 28, 29) ---------------------------------------------------------------------


@pytest.mark.parametrize("app", ["contenttypes", "auth", "sessions", "admin"])
def test_what_people_own_lies_in_the_tenant_alone(app):
    assert f"django.contrib.{app}" in settings.TENANT_APPS
    assert f"django.contrib.{app}" not in settings.SHARED_APPS


def test_no_tenant_is_made_by_the_librarys_clone():
    assert not getattr(settings, "TENANT_BASE_SCHEMA", None)
    assert not getattr(settings, "TENANT_CREATION_FAKES_MIGRATIONS", False)


def test_every_request_is_a_transaction_without_cursors_that_outlive_it():
    assert settings.DATABASES["default"]["ATOMIC_REQUESTS"]
    assert all(known["DISABLE_SERVER_SIDE_CURSORS"] for known in settings.DATABASES.values())


def test_times_carry_their_zone():
    assert (settings.USE_TZ, settings.TIME_ZONE) == (True, "UTC")


TWO_ADDRESSES = """
from django.conf import settings
from django.core.management import load_command_class
import django; django.setup()
print(settings.ADMIN_DATABASE, *(settings.DATABASES[name]["HOST"] for name in ("default", settings.ADMIN_DATABASE)))
print(load_command_class("tenants", "migrate").create_parser("manage.py", "migrate").parse_args([]).database)
"""


def test_migrations_and_sign_ups_have_an_address_of_their_own():
    pooled, direct = "postgres://x@pooler/site", "postgres://x@coordinator/site"
    said = python("-c", TWO_ADDRESSES, **PROD, DATABASE_URL=pooled, DATABASE_ADMIN_URL=direct)
    assert said.stdout.split() == ["admin", "pooler", "coordinator", "admin"], said.stderr
    said = python("-c", TWO_ADDRESSES, **PROD, DATABASE_URL=pooled)
    assert said.stdout.split() == ["default", "pooler", "pooler", "default"], said.stderr


# --- source text (rules 21, 24, 25) ---------------------------------------------------------------------------------

RELIED_ON = {
    r"\bcheck_constraints\b": "check_constraints() does nothing for a tenant's tables",
    r"\bloaddata\b": "loaddata fails at its closing setval: load with the ORM",
    r"(?i)(_at|now\(\)|timestamp\w*)\"?::(text|varchar)": "a time as text: the node's zone applies",
    r"(?i)\bTRUNCATE\b.*\bRESTART\b": "a sequence is not restarted there",
}


def modules() -> list[Path]:
    apps = ("config", "tenants", "accounts", "catalog")
    return sorted(path for app in apps for path in (settings.BASE_DIR / app).rglob("*.py"))


def words_of(source: str) -> Iterator[str]:
    """Names and texts that are run: comments and docstrings may speak of anything."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value
        elif isinstance(node, ast.Attribute):
            yield node.attr


def relied_on(source: str) -> list[str]:
    return [reason for words in words_of(source) for pattern, reason in RELIED_ON.items() if re.search(pattern, words)]


def test_no_module_relies_on_what_stops_at_its_node():
    assert {str(path): found for path in modules() if (found := relied_on(path.read_text()))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "connection.check_constraints()",
        "call_command('loaddata', 'x.json')",
        "cursor.execute('SELECT created_at::text FROM x')",
        "cursor.execute('TRUNCATE x RESTART IDENTITY')",
    ],
)
def test_what_is_relied_on_is_seen(source):
    assert relied_on(source)
    assert not relied_on(f'"""{source}"""')


# --- migrations (rules 10, 11) --------------------------------------------------------------------------------------


def mixes(operations: list[Operation]) -> bool:
    """Does it write rows and change tables? On tables with foreign keys PostgreSQL refuses the second."""
    data = [operation for operation in operations if isinstance(operation, RunPython)]
    return bool(data) and len(data) < len(operations)


def several_in_one(operations: list[Operation]) -> bool:
    texts = [operation.sql for operation in operations if isinstance(operation, RunSQL)]
    return any(isinstance(text, str) and ";" in text.strip().rstrip(";") for text in texts)


def test_no_migration_of_ours_writes_rows_and_changes_tables():
    ours = {key: node for key, node in MigrationLoader(None).disk_migrations.items() if key[0] in OURS}
    assert {app for app, _name in ours} == set(OURS)
    assert [key for key, node in ours.items() if mixes(node.operations) or several_in_one(node.operations)] == []


def test_a_migration_that_mixes_is_seen():
    write, change = RunPython(RunPython.noop), RunSQL(["ALTER TABLE x ADD y int"])
    assert (mixes([write, change]), mixes([write]), mixes([change])) == (True, False, False)
    assert several_in_one([RunSQL("UPDATE x SET a = 1; UPDATE x SET b = 2")])
    assert not several_in_one([RunSQL("UPDATE x SET a = 1;"), RunSQL(["UPDATE x SET a = 1", "UPDATE x SET b = 2"])])


# --- what a sign-up replays, past the taps (rules 9, 12, 13, 17) ----------------------------------------------------


def script_breaches(statements: list[str]) -> list[str]:
    """Statements of a blueprint that would not be sharded, or be refused."""
    broken = []
    for statement in statements:
        try:
            demand_one_statement(statement)
            judge(statement, ALWAYS | IN_MIGRATIONS)
        except Forbidden:
            broken.append(statement)
    return broken


def test_a_sign_up_sends_what_a_cluster_takes(tenants, db):
    with in_public():
        statements = Blueprint.objects.order_by("-pk").values_list("statements", flat=True).first()
    assert len(statements) > 100
    assert script_breaches(statements) == []


@pytest.mark.parametrize(
    "planted",
    [
        "DO $$ BEGIN CREATE TABLE y (id int); END $$",
        "SELECT setval('x_id_seq', max(id)) FROM x",
        "CREATE TABLE a (id int); CREATE TABLE b (id int)",
        "INSERT INTO x (id) VALUES ((SELECT 1))",
    ],
)
def test_a_script_that_a_cluster_would_not_take_is_seen(planted):
    assert script_breaches(["CREATE TABLE a (id int)", planted]) == [planted]


# --- ids that a client makes up (rule 20) ---------------------------------------------------------------------------
# Found at the commit, a cluster says InternalError of it: a 500 instead of a 409.

NOBODYS = [999_999, 0]


@pytest.mark.parametrize("key", NOBODYS)
@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", "/products/", {"title": "Mocha", "price": "3.20", "category": "KEY"}),
        ("POST", "/products/bulk/", [{"title": "Mocha", "price": "3.20", "category": "KEY"}]),
        ("PATCH", "/products/{coffee}/", {"category": "KEY"}),
        ("PATCH", "/products/bulk/", [{"id": "{coffee}", "category": "KEY"}]),
        ("POST", "/categories/", {"name": "Cups", "parent": "KEY"}),
        ("PATCH", "/categories/{tools}/", {"parent": "KEY"}),
    ],
)
def test_a_key_of_nothing_is_refused_before_anything_is_written(acme, api_as, method, path, sent, key):
    places = {"{coffee}": acme.coffee.pk, "{tools}": acme.tools.pk, "KEY": key}
    before = contents()
    for place, pk in places.items():
        path = path.replace(place, str(pk))
    response = api_as("owner").send(method, path, filled(sent, places))
    assert response.status_code == 400, response.content
    assert contents() == before
    connection.check_constraints()  # and nothing waits for the commit either


def filled(sent, places: dict[str, int]):
    if isinstance(sent, list):
        return [filled(each, places) for each in sent]
    return {name: places.get(value, value) for name, value in sent.items()}


def contents() -> list:
    return [list(Product.objects.order_by("pk").values()), list(Category.objects.order_by("pk").values())]
