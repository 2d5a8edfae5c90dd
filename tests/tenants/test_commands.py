"""The commands: what they say, what they change, and which of the library's are refused."""

from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.auth.hashers import is_password_usable
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandError
from django.db import connection

from accounts.models import User
from tenants.management.refused import RefusedCommand
from tenants.models import Domain, Tenant
from tenants.schema import in_public, in_tenant

REFUSED = [
    *("all_tenants_command", "clone_tenant", "collectstatic_schemas", "create_domain", "create_missing_schemas"),
    *("create_tenant_superuser", "delete_domain", "migrate_schemas", "rename_schema", "tenant_command"),
]


def status_of(tenant) -> str:
    with in_public():
        return Tenant.objects.get(pk=tenant.pk).status


def test_create_tenant_signs_up_an_organisation_with_its_owner(manage, public):
    said = manage("create_tenant", "Apex Ltd", "apex", "ann@apex.test", currency="chf", owner="Ann")
    tenant = Tenant.objects.get(slug="apex")
    with in_tenant(tenant):
        owner = User.objects.holding("owner").get()
    assert (tenant.name, tenant.currency, tenant.is_served) == ("Apex Ltd", "CHF", True)
    assert (owner.email, owner.name, is_password_usable(owner.password)) == ("ann@apex.test", "Ann", True)
    assert "The owner chooses a password at http://apex.localhost:8000/account/password/reset/" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Acme", "acme", "ann@apex.test"), "The address 'acme' is taken."),
        (("Www", "www", "ann@apex.test"), "is reserved"),
        (("Bad", "b a d", "ann@apex.test"), "Use 3 to 30 letters"),
        (("Apex", "apex", "nobody"), "Enter a valid email address."),
        (("A" * 81, "apex", "ann@apex.test"), "name: Ensure this value has at most 80 characters"),
        (("", "apex", "ann@apex.test"), "name: This field cannot be blank."),
        (("Apex", "apex", "ann@apex.test", "--currency=euros"), "currency: Use the three letters of ISO 4217."),
        (("Apex", "apex", "ann@apex.test", "--currency=€€€"), "currency: Use the three letters of ISO 4217."),
        (("Apex", "apex", "ann@apex.test", "--owner", "A" * 81), "name: Ensure this value has at most 80 characters"),
        (("Apex", "apex", f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 63}.test"), "email: Ensure this value has at"),
        (("Apex", "lost", "ann@apex.test"), "A schema of that name exists without a tenant"),
    ],
)
def test_create_tenant_refuses_in_one_sentence_and_makes_nothing(manage, public, sql, arguments, words):
    sql(None, "CREATE SCHEMA t_lost")
    assert words in manage.refused("create_tenant", *arguments)
    assert set(Tenant.objects.values_list("slug", flat=True)) == {"acme", "globex"}


@pytest.mark.parametrize("option", ["--lock", "--hold"])
@pytest.mark.parametrize("value", ["0", "0.001", "-1", "inf", "-inf", "nan", "1e999", "86401", "soon", ""])
def test_migrate_refuses_what_is_no_limit_of_time(manage, option, value):
    said = manage.refused("migrate", f"{option}={value}")
    assert said == f"Error: argument {option}: {value!r} is no number of seconds from 0.01 to 86400."


@pytest.mark.parametrize("option", ["--jobs", "--tries"])
@pytest.mark.parametrize("value", ["0", "-2", "1.5", "many", ""])
def test_migrate_refuses_what_counts_nothing(manage, option, value):
    said = manage.refused("migrate", f"{option}={value}")
    assert said == f"Error: argument {option}: {value!r} is no whole number of at least 1."


@pytest.mark.parametrize("value", ["0.01", "2", "86400"])
def test_migrate_takes_limits_of_time_up_to_a_day(value):
    parser = load_command_class("tenants", "migrate").create_parser("manage.py", "migrate")
    options = parser.parse_args([f"--lock={value}", f"--hold={value}", "--jobs=1", "--tries=7"])
    assert (options.lock, options.hold) == (timedelta(seconds=float(value)),) * 2
    assert (options.jobs, options.tries) == (1, 7)


def test_list_tenants_shows_status_and_address(manage, apex):
    Tenant.objects.filter(pk=apex.pk).update(schema_ready=False)
    lines = dict(line.split(maxsplit=1) for line in manage("list_tenants").splitlines())
    assert list(lines) == ["acme", "apex", "globex"]
    assert lines["apex"].split() == ["active,", "not", "ready", "t_apex", "http://apex.localhost:8000/", "Apex"]


def test_suspend_closes_and_resume_opens(manage, apex):
    manage("suspend_tenant", "apex")
    assert status_of(apex) == "suspended"
    manage("resume_tenant", "apex")
    assert status_of(apex) == "active"


def test_resume_does_not_open_a_tenant_that_never_opened(manage, apex):
    Tenant.objects.filter(pk=apex.pk).update(status="preparing")
    assert "Apex is preparing, not suspended." in manage.refused("resume_tenant", "apex")
    assert status_of(apex) == "preparing"


@pytest.mark.parametrize("status", ["preparing", "closing"])
def test_suspend_closes_only_what_is_open(manage, apex, status):
    """Suspended, a half-made or half-deleted tenant could then be resumed."""
    Tenant.objects.filter(pk=apex.pk).update(status=status)
    assert f"Apex is {status}, not active." in manage.refused("suspend_tenant", "apex")
    assert status_of(apex) == status


@pytest.mark.parametrize("command", ["suspend_tenant", "resume_tenant", "delete_tenant"])
def test_an_unknown_tenant_is_named(manage, public, command):
    assert "There is no tenant 'nobody'." in manage.refused(command, "nobody")


@pytest.mark.parametrize(("typed", "is_left"), [("apex", True), ("", True), ("Apex ", True), ("Apex", False)])
def test_delete_wants_the_name_typed(manage, apex, schema_exists, monkeypatch, typed, is_left):
    monkeypatch.setattr("builtins.input", lambda prompt: typed)
    (manage.refused if is_left else manage)("delete_tenant", "apex")
    assert Tenant.objects.filter(slug="apex").exists() is is_left
    assert Domain.objects.filter(domain="apex.localhost").exists() is is_left
    assert schema_exists("t_apex") is is_left


@pytest.mark.parametrize(("name", "is_left"), [("Globex", True), ("Apex", False)])
def test_delete_in_a_script_asks_nothing_but_wants_the_name(manage, apex, schema_exists, name, is_left):
    (manage.refused if is_left else manage)("delete_tenant", "apex", yes_delete=name)
    assert schema_exists("t_apex") is is_left


def test_delete_without_a_terminal_deletes_nothing(manage, apex, schema_exists, monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO())
    assert "use --yes-delete NAME" in manage.refused("delete_tenant", "apex")
    assert schema_exists("t_apex")


@pytest.mark.parametrize("state", [{}, {"status": "suspended"}, {"schema_ready": False}])
def test_expired_sessions_go_from_every_tenant_that_has_a_schema(manage, apex, acme, sql, state):
    connection.set_schema_to_public()
    sql(None, "ALTER SCHEMA t_globex RENAME TO t_elsewhere")
    Tenant.objects.filter(pk=apex.pk).update(**state)
    for tenant in (apex, acme.tenant):
        sql(tenant, "INSERT INTO django_session VALUES ('old', 'x', '2020-01-01'), ('new', 'x', '2999-01-01')")
    said = manage("clearsessions")
    assert "has no schema; see `manage.py doctor`." in said
    for tenant in (apex, acme.tenant):
        assert sql(tenant, "SELECT session_key FROM django_session WHERE session_data = 'x'") == [("new",)]


@pytest.mark.parametrize("name", REFUSED)
def test_commands_that_break_the_house_are_refused(manage, capsys, name):
    command = load_command_class(get_commands()[name], name)
    assert isinstance(command, RefusedCommand)
    with pytest.raises(CommandError, match="^" + command.because[:20]):
        command.handle()
    with pytest.raises(SystemExit):
        command.run_from_argv(["manage.py", name, "--schema=t_acme", "anything"])
    assert command.because in capsys.readouterr().err


def test_no_other_command_of_the_library_is_left():
    assert {name for name, app in get_commands().items() if app == "django_tenants"} == set()


@pytest.mark.parametrize(
    "command",
    [
        *(["list_tenants"], ["doctor"], ["suspend_tenant", "acme"], ["resume_tenant", "acme"]),
        *(["delete_tenant", "acme"], ["create_tenant", "Apex", "apex", "ann@apex.test"]),
    ],
    ids=lambda command: command[0],
)
def test_a_database_that_does_not_answer_is_one_sentence(manage, monkeypatch, django_db_blocker, nowhere, command):
    monkeypatch.setattr(settings, "ADMIN_DATABASE", nowhere)
    with django_db_blocker.unblock():
        said = manage.refused(*command)
    assert "on 127.0.0.1 cannot be reached: connection" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("command", "lacking"),
    [
        (["fleet_status"], "ALTER TABLE public.tenants_schemastate RENAME closed_for_now TO named_otherwise"),
        (["list_tenants"], "ALTER TABLE public.tenants_tenant RENAME ring TO named_otherwise"),
    ],
    ids=["fleet_status", "list_tenants"],
)
def test_a_database_of_older_code_is_one_sentence(manage, public, sql, command, lacking):
    manage(*command)
    sql(None, lacking)
    said = manage.refused(*command)
    assert "does not exist" in said
    assert said.endswith("run `manage.py migrate` first.")
    assert "\n" not in said
