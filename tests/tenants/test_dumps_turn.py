"""Restoring over a tenant and migrating take one turn, and the tenant is open again, or it is said how to open it."""

import pytest
from django.conf import settings as django_settings
from django.db import InterfaceError, OperationalError

from tenants import doctor, dumps
from tenants.dumps import restoring
from tenants.dumps.exceptions import NotNow
from tenants.fleet.turn import alone
from tenants.models import Tenant
from tenants.schema import in_public

from .dumping import answer, everything
from .threads import elsewhere

pytestmark = pytest.mark.real

USING = django_settings.ADMIN_DATABASE
LOGIN = "/account/login/"


def is_ready(tenant: Tenant) -> bool:
    with in_public(using=USING):
        return Tenant.objects.using(USING).get(pk=tenant.pk).schema_ready


def shut(tenant: Tenant) -> None:
    with in_public(using=USING):
        Tenant.objects.using(USING).filter(pk=tenant.pk).update(schema_ready=False)


def fails(connection, arrival):
    raise LookupError


@pytest.fixture
def reopened(live):
    """However a test leaves it."""
    yield live
    with in_public(using=USING):
        Tenant.objects.using(USING).filter(pk=live.tenant.pk).update(schema_ready=True)


def test_while_somebody_migrates_nothing_is_restored_over(live, made, manage):
    before = everything()
    with alone():
        assert "Try again" in manage.refused("restore_tenant", str(made), over=True)
    assert everything() == before
    assert answer(live.tenant, LOGIN) == 200


def test_of_two_at_once_the_second_is_refused_and_the_tenant_open_afterwards(live, made):
    seconds = []

    def second(line):
        if not seconds:
            seconds.append(elsewhere(lambda: dumps.restore_over(made, using=USING)))

    dumps.restore_over(made, using=USING, report=second)
    assert [type(result) for result in seconds] == [NotNow]
    assert (is_ready(live.tenant), answer(live.tenant, LOGIN)) == (True, 200)


def test_nobody_migrates_while_a_tenant_is_restored_over(live, made, manage):
    answers = []

    def migrate(line):
        if not answers:
            answers.append(elsewhere(lambda: manage.refused("migrate", "--schema", "t_origin")))

    dumps.restore_over(made, using=USING, report=migrate)
    assert "is migrating" in answers[0]


def test_the_doctor_opens_nothing_that_is_being_restored_over(live, made, manage, monkeypatch):
    """Its tables are right, and what would be written into them then would be lost."""
    seen, replace = [], restoring.replace

    def once_looked_at(*args, **options):
        seen.append(elsewhere(lambda: manage.refused("doctor", "--schema", "t_origin")))
        seen.append(elsewhere(lambda: is_ready(live.tenant)))
        return replace(*args, **options)

    monkeypatch.setattr(restoring, "replace", once_looked_at)
    dumps.restore_over(made, using=USING)
    assert ("One difference is left" in seen[0], seen[1], is_ready(live.tenant)) == (True, False, True)


def test_what_was_closed_while_the_doctor_looked_stays_closed(reopened, monkeypatch):
    def meanwhile(schema_name, *args, **options):
        found = examine(schema_name, *args, **options)
        shut(reopened.tenant)
        return found

    examine = doctor.examine
    monkeypatch.setattr(doctor, "examine", meanwhile)
    results = [found for schema, found, _cured in doctor.examine_all(USING, only="t_origin") if schema == "t_origin"]
    assert (results, is_ready(reopened.tenant)) == ([[]], False)


def test_a_closed_one_is_opened_by_what_is_restored_over_it(reopened, made):
    shut(reopened.tenant)
    assert answer(reopened.tenant, LOGIN) == 503
    dumps.restore_over(made, using=USING)
    assert (is_ready(reopened.tenant), answer(reopened.tenant, LOGIN)) == (True, 200)


def test_what_stays_closed_is_said_with_what_to_do(reopened, made, settings):
    """It was closed before, so nothing here may open it."""
    settings.TENANT_RESTORED_HOOKS, said = [f"{__name__}.fails"], []
    shut(reopened.tenant)
    with pytest.raises(LookupError):
        dumps.restore_over(made, using=USING, report=said.append)
    assert said[-1].startswith("t_origin is closed. `manage.py doctor --schema t_origin`")
    assert not is_ready(reopened.tenant)


def test_where_the_database_is_gone_it_is_said_too(reopened, made, monkeypatch):
    """Nothing can be opened then, and the first error is not lost behind the second one."""
    said = []

    def closed(*args, **options):
        raise InterfaceError("the connection is closed")

    def gone(*args, **options):
        monkeypatch.setattr(restoring, "in_public", closed)
        raise OperationalError("the server went away")

    monkeypatch.setattr(restoring, "replace", gone)
    with pytest.raises(OperationalError):
        dumps.restore_over(made, using=USING, report=said.append)
    assert said[-1].startswith("t_origin is closed. ")
    assert not is_ready(reopened.tenant)


def test_a_failed_one_leaves_it_open(live, made, settings):
    settings.TENANT_RESTORED_HOOKS, said = [f"{__name__}.fails"], []
    with pytest.raises(LookupError):
        dumps.restore_over(made, using=USING, report=said.append)
    assert (is_ready(live.tenant), answer(live.tenant, LOGIN)) == (True, 200)
    assert not [line for line in said if "closed" in line]
