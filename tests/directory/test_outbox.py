"""A provider that is away keeps nobody from working: what it is to be told waits, and is told once. (L4)"""

import json
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.exceptions import ProviderAway
from accounts.flows import directory, membership, outbox
from accounts.models import DirectoryTask, User
from accounts.providers import management, registry
from accounts.providers.frontegg.directory import FronteggDirectory
from tenants import errands
from tenants.models import Errand, PlatformEvent
from tenants.schema import in_public, in_tenant

from .conftest import everywhere, later

Deed = directory.Deed


@pytest.fixture
def errand(acme):
    """Acme's row in `public`, as it is now."""

    def look() -> Errand:
        with in_public():
            return Errand.objects.get(tenant_id=acme.tenant.pk)

    return look


def run_job(capsys) -> str:
    call_command("tell_providers")
    return capsys.readouterr().out


def set_viewer(ask, ada):
    return ask("PUT", f"members/{ada.pk}/role/", json.dumps({"role": "viewer"}))


# --- Away -------------------------------------------------------------------------------------------


def test_while_the_provider_is_away_the_change_is_made_here_and_waits(ask, idp, ada, held, errand):
    idp.faults.answer("/identity", 503, times=None)
    assert set_viewer(ask, ada).status_code == 200
    assert {role.key for role in User.objects.get(pk=ada.pk).roles} == {"viewer"}
    task = DirectoryTask.objects.get()
    assert (task.done_at, task.given_up_at, task.tries) == (None, None, 1)
    assert errand().tell_at == task.next_try_at > timezone.now()
    assert held("ada") == ["Editor"]


def test_whoever_manages_members_is_told_what_waits(ask, idp, ada, acme):
    idp.faults.answer("/identity", 503, times=None)
    set_viewer(ask, ada)
    shown = render_to_string("accounts/_directory_news.html", {"news": directory.news(acme.tenant)})
    assert "Frontegg will be told as soon as it answers: Set roles Ada Roe." in " ".join(shown.split())


def test_the_job_tells_it_as_soon_as_the_provider_answers(ask, idp, ada, held, errand, capsys):
    idp.faults.answer("/identity", 503, times=None)
    set_viewer(ask, ada)
    idp.faults.clear()
    later(minutes=1)
    assert "1 told, 0 given up." in run_job(capsys)
    assert held("ada") == ["Viewer"]
    assert errand().tell_at is None
    assert "0 told" in run_job(capsys)


def test_before_its_time_nothing_is_tried_again(ask, idp, ada, capsys):
    idp.faults.answer("/identity", 503, times=None)
    set_viewer(ask, ada)
    idp.requests.clear()
    assert "0 told" in run_job(capsys)
    assert idp.requests == []


def test_the_delay_doubles_up_to_an_hour(ask, idp, ada, acme):
    idp.faults.answer("/identity", 503, times=None)
    set_viewer(ask, ada)
    delays = []
    for _ in range(9):
        later(hours=2)
        outbox.work_off(acme.tenant.pk, seconds=5)
        delays.append(round((DirectoryTask.objects.get().next_try_at - timezone.now()).total_seconds()))
    assert delays[:3] == [60, 120, 240]
    assert delays[-2:] == [3600, 3600]


def test_a_hanging_provider_holds_a_worker_no_longer_than_the_time_out(ask, idp, ada):
    idp.faults.delay("/identity", 60)
    began = time.monotonic()
    assert set_viewer(ask, ada).status_code == 200
    assert time.monotonic() - began < 5
    assert DirectoryTask.objects.waiting().count() == 1


def test_many_tasks_of_one_transaction_cost_one_try(idp, hire, django_capture_on_commit_callbacks):
    people = [hire(name, "Editor") for name in ("ada", "bea", "cem")]
    idp.faults.answer("/identity", 503, times=None)
    with django_capture_on_commit_callbacks(execute=True):
        for person in people:
            directory.tell(Deed.DEACTIVATE, user=person)
    assert len([each for each in idp.requests if each.path.endswith("/disable")]) == 1


def test_a_slow_one_is_asked_nothing_more_once_the_time_is_over(tell, idp, ada, acme, monkeypatch):
    left = []
    monkeypatch.setattr(FronteggDirectory, "remove", lambda *args: left.append(management.time_left()))
    tell(Deed.REMOVE, user=ada)
    assert 0 < left[0] <= outbox.PATIENCE
    idp.requests.clear()
    with management.within(0), pytest.raises(ProviderAway):
        registry.provider_of(acme.tenant).directory().members("acme-id")
    assert idp.requests == []


def test_after_three_failures_it_is_left_alone(tell, idp, hire, acme):
    people = [hire(name, "Editor") for name in ("ada", "bea", "cem", "dan", "eve")]
    idp.faults.answer("/identity", 503, times=None)
    for person in people:
        tell(Deed.DEACTIVATE, user=person)
    asked = [each for each in idp.requests if each.path.endswith("/disable")]
    assert len(asked) == management.FAILURES
    assert DirectoryTask.objects.waiting().count() == 5


@everywhere
def test_whichever_it_is_it_is_not_asked_at_all_then(idp, there, acme):
    asks = registry.provider_of(acme.tenant).directory()
    idp.faults.answer("/", 503, times=None)
    for _ in range(management.FAILURES):
        with pytest.raises(ProviderAway):
            asks.members(there.id)
    asked = len(idp.requests)
    with pytest.raises(management.AskedToWait):
        asks.members(there.id)
    assert len(idp.requests) == asked


def test_the_pages_about_members_do_not_wait_for_it_twice(idp, ada, acme):
    idp.faults.answer("/identity", 503, times=None)
    assert directory.pending(acme.tenant).is_away
    idp.requests.clear()
    assert directory.pending(acme.tenant).is_away
    assert idp.requests == []


@pytest.mark.parametrize("odd", ["nan", "inf", "-inf", "1e400", "soon"])
def test_no_odd_time_that_it_asks_for_ends_the_round(idp, ada, odd):
    idp.faults.answer("/identity", 429, times=None, headers={"Retry-After": odd})
    directory.tell(Deed.DEACTIVATE, user=ada)
    assert outbox.work_off_all(seconds=3).is_away
    assert timedelta(seconds=20) < DirectoryTask.objects.get().next_try_at - timezone.now() < timedelta(seconds=40)


@pytest.mark.parametrize("name", ["Retry-After", "X-Rate-Limit-Reset"])
def test_it_comes_back_when_the_provider_has_asked_it_to(tell, idp, ada, name):
    until = (timezone.now() + timedelta(seconds=120)).isoformat()
    idp.faults.answer("/identity", 429, times=None, headers={name: "120" if name == "Retry-After" else until})
    tell(Deed.DEACTIVATE, user=ada)
    wait = DirectoryTask.objects.get().next_try_at - timezone.now()
    assert timedelta(seconds=90) < wait < timedelta(seconds=130)
    asked = len(idp.requests)
    tell(Deed.REMOVE, user=ada)
    assert len(idp.requests) == asked


def test_a_credential_that_ended_early_is_fetched_anew_once(tell, idp, ada, there):
    tell(Deed.DEACTIVATE, user=ada)
    idp.faults.answer("/identity", 401, times=1)
    tell(Deed.REACTIVATE, user=ada)
    assert DirectoryTask.objects.filter(done_at=None).count() == 0
    assert [each.path for each in idp.requests].count("/auth/vendor/") == 2


# --- Once, and in order -----------------------------------------------------------------------------


def test_the_same_said_twice_while_it_waits_is_one_task(acme, ada):
    directory.tell(Deed.DEACTIVATE, user=ada)
    directory.tell(Deed.DEACTIVATE, user=ada)
    assert DirectoryTask.objects.count() == 1


def test_what_is_rolled_back_is_not_told(ask, idp, acme, olive):
    acme.owner.groups.clear()
    idp.requests.clear()
    assert ask("POST", "me/leave/").status_code == 409  # the last owner
    assert not DirectoryTask.objects.exists()
    assert not [each for each in idp.requests if each.method == "DELETE"]


def test_the_tasks_of_one_person_are_told_in_their_order(idp, hire, acme):
    ada, bea = hire("ada", "Editor"), hire("bea", "Editor")
    directory.tell(Deed.DEACTIVATE, user=ada)
    directory.tell(Deed.DEACTIVATE, user=bea)
    directory.tell(Deed.REACTIVATE, user=ada)
    DirectoryTask.objects.filter(deed=Deed.DEACTIVATE, user=ada).update(next_try_at=timezone.now() + timedelta(hours=1))
    sent = outbox.work_off(acme.tenant.pk, seconds=5)
    assert sent.done == 1
    assert {(task.user, task.deed) for task in DirectoryTask.objects.waiting()} == {
        (ada, Deed.DEACTIVATE),
        (ada, Deed.REACTIVATE),
    }


def test_what_was_claimed_by_another_is_left_to_him(acme, ada):
    directory.tell(Deed.DEACTIVATE, user=ada)
    assert outbox.claim(acme.tenant).deed == Deed.DEACTIVATE
    assert outbox.claim(acme.tenant) is None


@pytest.mark.parametrize("deed", [Deed.DEACTIVATE, Deed.REACTIVATE, Deed.REMOVE, Deed.SET_ROLES])
def test_what_was_told_and_not_marked_is_told_again_without_harm(tell, acme, ada, deed):
    tell(deed, user=ada)
    DirectoryTask.objects.update(done_at=None, tries=0, next_try_at=timezone.now())
    errands.tell(acme.tenant)
    outbox.work_off(acme.tenant.pk, seconds=5)
    assert not DirectoryTask.objects.waiting().exists()
    assert not DirectoryTask.objects.exclude(given_up_at=None).exists()


def test_what_trips_over_an_answer_waits_and_keeps_nothing_else_waiting(tell, idp, hire, acme, monkeypatch):
    ada = hire("ada", "Editor")
    monkeypatch.setattr(FronteggDirectory, "remove", lambda *args: {}["no such thing"])
    tell(Deed.REMOVE, user=ada)
    task = DirectoryTask.objects.get()
    assert (task.done_at, task.given_up_at, task.problem) == (None, None, "KeyError")
    assert task.next_try_at > timezone.now()


def test_to_find_the_next_one_task_is_read_however_many_wait(idp, there, acme):
    for number in range(20):
        directory.tell(Deed.WITHDRAW, email=f"p{number}@acme.test")
    with in_tenant(acme.tenant), CaptureQueriesContext(connection) as asked:
        assert outbox.claim(acme.tenant).details == {"email": "p0@acme.test"}
    assert "LIMIT 1" in next(each["sql"] for each in asked.captured_queries if "directorytask" in each["sql"])
    assert outbox.claim(acme.tenant).details == {"email": "p1@acme.test"}


def test_what_makes_the_organisation_comes_before_all_that_was_written_after_it(acme, ada):
    directory.tell(Deed.DEACTIVATE, user=ada)
    DirectoryTask.objects.create(provider="frontegg", deed=Deed.CREATE_TENANT, user=ada, details={"wanted_id": "x"})
    directory.tell(Deed.WITHDRAW, email="bea@acme.test")
    assert [outbox.claim(acme.tenant).deed for _ in range(2)] == [Deed.DEACTIVATE, Deed.CREATE_TENANT]
    assert outbox.claim(acme.tenant) is None


# --- Given up ---------------------------------------------------------------------------------------


def test_what_the_provider_refuses_is_given_up_at_once(ask, idp, ada, there, acme):
    idp.world.roles.pop("Viewer")
    assert set_viewer(ask, ada).status_code == 200
    task = DirectoryTask.objects.get()
    assert task.given_up_at
    assert "Viewer" in task.problem
    ada.refresh_from_db()
    assert ada.synced_token == ""  # the provider's word on her roles counts again
    assert not ada.synced_roles.filter(taken_here=True).exists()
    news = directory.news(acme.tenant)
    assert news.given_up == [task]
    assert "Frontegg could not be told" in render_to_string("accounts/_directory_news.html", {"news": news})
    with in_public():
        assert PlatformEvent.objects.get(kind=PlatformEvent.Kind.NOT_TOLD).schema_name == acme.tenant.schema_name


def test_the_operators_are_shown_nothing_that_the_provider_wrote(tell, idp, acme, there):
    idp.faults.answer("/identity", 400, times=None, body={"errors": ["bea@acme.test is on holiday"]})
    tell(Deed.INVITE, email="bea@acme.test", roles=[])
    assert "bea@acme.test" in DirectoryTask.objects.get().problem
    with in_public():
        assert PlatformEvent.objects.get(kind=PlatformEvent.Kind.NOT_TOLD).detail == "invite: status 400"


def test_after_a_day_it_is_given_up(tell, idp, ada, acme):
    idp.faults.answer("/identity", 503, times=None)
    tell(Deed.DEACTIVATE, user=ada)
    DirectoryTask.objects.update(tries=outbox.MOST_TRIES - 1)
    later(hours=1)
    outbox.work_off(acme.tenant.pk, seconds=5)
    assert DirectoryTask.objects.get().given_up_at
    with in_public():
        assert PlatformEvent.objects.filter(kind=PlatformEvent.Kind.NOT_TOLD).count() == 1


# --- Who is not told --------------------------------------------------------------------------------


def test_of_local_people_the_provider_is_told_nothing(acme, there):
    membership.remove(actor=acme.owner, member=acme.editor)
    assert not DirectoryTask.objects.exists()


def test_a_local_organisation_tells_nobody(acme):
    membership.remove(actor=acme.owner, member=acme.editor)
    assert not DirectoryTask.objects.exists()
    assert not directory.news(acme.tenant).waiting
