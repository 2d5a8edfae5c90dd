"""What must be true before anything is served: each error of tenants.checks, and one clear sentence for each."""

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import CommandError, SystemCheckError
from django.db import DEFAULT_DB_ALIAS
from psycopg import IsolationLevel

from tenants import checks, pooling

TENANT = "tenants.middleware.TenantMiddleware"


def ids(**options) -> set[str]:
    return {error.id for error in run_checks(**options) if error.id.startswith("tenants.")}


def test_the_settings_as_they_are_have_no_error(db):
    assert ids() == set()
    assert ids(databases=[DEFAULT_DB_ALIAS]) == set()


def test_an_app_has_one_home(settings):
    settings.SHARED_APPS = [*settings.SHARED_APPS, "accounts"]
    assert ids() == {"tenants.E001"}


def test_the_tenant_middleware_is_there(settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != TENANT]
    assert ids() == {"tenants.E002"}


@pytest.mark.parametrize(
    "early",
    [
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "tenants.middleware.SessionMiddleware",
        "accounts.middleware.MemberMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
)
def test_nothing_that_reads_the_database_comes_before_the_tenant(settings, early):
    settings.MIDDLEWARE = [early, *(name for name in settings.MIDDLEWARE if name != early)]
    assert ids() == {"tenants.E003"}


@pytest.mark.parametrize("wrong", [{"ENGINE": "django.db.backends.postgresql"}, {"ATOMIC_REQUESTS": False}])
def test_pages_run_on_our_backend_in_a_transaction(monkeypatch, wrong):
    monkeypatch.setattr(settings, "DATABASES", {DEFAULT_DB_ALIAS: settings.DATABASES[DEFAULT_DB_ALIAS] | wrong})
    assert ids() == {"tenants.E004"}


@pytest.mark.parametrize(("atomic", "found"), [(True, {"tenants.E004"}), (False, set())])
def test_pages_open_no_direct_connection(monkeypatch, atomic, found):
    default = settings.DATABASES[DEFAULT_DB_ALIAS]
    both = {DEFAULT_DB_ALIAS: default, "admin": default | {"ATOMIC_REQUESTS": atomic}}
    monkeypatch.setattr(settings, "DATABASES", both)
    assert ids() == found


@pytest.mark.parametrize("level", [IsolationLevel.SERIALIZABLE, IsolationLevel.READ_COMMITTED])
def test_no_database_has_an_isolation_of_its_own(monkeypatch, level):
    """It would be ignored: our backend says BEGIN itself."""
    default = settings.DATABASES[DEFAULT_DB_ALIAS]
    options = default["OPTIONS"] | {"isolation_level": level}
    monkeypatch.setattr(settings, "DATABASES", {DEFAULT_DB_ALIAS: default | {"OPTIONS": options}})
    assert ids() == {"tenants.E010"}


def test_a_database_that_cannot_be_reached_is_one_sentence(nowhere, django_db_blocker):
    with django_db_blocker.unblock():
        error = checks.database_problem(nowhere)
    assert error.id == "tenants.E005"
    assert "cannot be reached: connection" in error.msg
    assert "\n" not in error.msg


def test_a_command_stops_at_a_database_that_cannot_be_reached(nowhere, django_db_blocker):
    with django_db_blocker.unblock(), pytest.raises(SystemCheckError, match=r"tenants\.E005"):
        call_command("check", databases=[nowhere])


def test_a_postgresql_that_is_too_old_is_one_sentence(db, monkeypatch):
    assert checks.database_problem(DEFAULT_DB_ALIAS) is None
    monkeypatch.setattr(checks, "LOWEST_POSTGRES", 990000)
    error = checks.database_problem(DEFAULT_DB_ALIAS)
    assert error.id == "tenants.E006"
    assert error.msg.startswith("PostgreSQL 99 or later is needed; ")


def test_migrating_through_a_pooler_is_refused(db, monkeypatch):
    """By the command itself: Django's own has none of its checks made."""
    monkeypatch.setattr(pooling, "is_shared", lambda alias: True)
    with pytest.raises(CommandError, match="migrations bind the tenant to the session"):
        call_command("migrate")
