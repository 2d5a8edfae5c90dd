"""The jobs that run by themselves: each for itself, all of them noted, one runner at a time."""

import os
import signal
import subprocess
import sys
from threading import Event

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from tenants import housekeeping
from tenants.management.commands import refresh_usage, verify_domains
from tenants.models import FormerAddress, Job, PlatformEvent

from .server import database_url


def results() -> dict[str, bool]:
    return dict(Job.objects.exclude(name__in=Job.LOCKS).values_list("name", "ok"))


def test_every_job_runs_in_order_and_is_noted(public, manage, settings):
    settings.HOUSEKEEPING = [["verify_domains"], ["clearsessions"], ["refresh_usage"]]
    lines = manage("housekeeping", once=True).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["verify_domains", "clearsessions", "refresh_usage"]
    assert results() == {"verify_domains": True, "clearsessions": True, "refresh_usage": True}
    job = Job.objects.get(name="verify_domains")
    assert (job.result, job.started_at is not None) == ("0 of 0 domains are proven.", True)


def test_a_job_that_breaks_is_noted_and_the_next_one_runs(public, manage, settings, monkeypatch):
    settings.HOUSEKEEPING = [["verify_domains"], ["refresh_usage"]]
    monkeypatch.setattr(verify_domains.Command, "handle", lambda *_args, **_options: 1 / 0)
    assert "Failed: verify_domains." in manage.refused("housekeeping")
    assert results() == {"verify_domains": False, "refresh_usage": True}
    assert "ZeroDivisionError" in Job.objects.get(name="verify_domains").result


def test_a_job_that_is_not_there_is_not_passed_over_in_silence(public, manage, settings):
    settings.HOUSEKEEPING = [["no_such_command", "--hard"], ["verify_domains"]]
    assert "Failed: no_such_command --hard." in manage.refused("housekeeping")
    assert results() == {"no_such_command --hard": False, "verify_domains": True}


def test_a_job_that_failed_is_well_again_after_a_good_run(public, manage, settings, monkeypatch):
    settings.HOUSEKEEPING = [["verify_domains"]]
    with monkeypatch.context() as broken:
        broken.setattr(verify_domains.Command, "handle", lambda *_args, **_options: 1 / 0)
        manage.refused("housekeeping")
    manage("housekeeping")
    assert results() == {"verify_domains": True}


def test_every_job_of_the_settings_is_a_command(public):
    listed = {words[0] for words in settings.HOUSEKEEPING}
    assert {"clearsessions", "refresh_usage", "purge_tenants", "verify_domains", "purge_events"} <= listed


def test_a_second_runner_is_refused_while_the_first_one_runs(public, manage, settings):
    settings.HOUSEKEEPING = [["verify_domains"]]
    with housekeeping.only_one():
        assert "Somebody else is running the jobs." in manage.refused("housekeeping")
        assert results() == {}
    manage("housekeeping")
    assert results() == {"verify_domains": True}


def test_again_and_again_until_stopped(public, settings, monkeypatch):
    settings.HOUSEKEEPING = [["refresh_usage"]]
    stop, runs = Event(), []

    def handle(command, *args, **options):
        runs.append(1)
        if len(runs) == 3:
            stop.set()

    monkeypatch.setattr(refresh_usage.Command, "handle", handle)
    monkeypatch.setattr(housekeeping, "close_old_connections", lambda: None)
    housekeeping.run_forever(0.001, stop)
    assert len(runs) == 3


@pytest.mark.real
def test_a_runner_that_is_told_to_stop_stops_and_leaves_no_lock(tenants, django_db_blocker):
    with django_db_blocker.unblock():
        environment = {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": database_url()}
        runner = subprocess.Popen(
            [sys.executable, "manage.py", "housekeeping", "--every", "600"],
            cwd=settings.BASE_DIR,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert runner.stdout
            assert runner.stdout.readline().startswith("clearsessions: ")
            for _job in settings.HOUSEKEEPING[1:]:
                assert runner.stdout.readline()
            runner.send_signal(signal.SIGTERM)
            assert runner.wait(timeout=30) == 0
        finally:
            runner.kill()
        with housekeeping.only_one():
            pass
        Job.objects.all().delete()
        connection.close()


def test_old_events_and_addresses_no_longer_held_go(public, manage, clock):
    PlatformEvent.objects.create(kind="error", schema_name="t_acme")
    FormerAddress.objects.hold("old", settings.ADDRESS_HELD_FOR)
    call_command("purge_events", verbosity=0)
    assert (PlatformEvent.objects.count(), FormerAddress.objects.count()) == (1, 1)
    clock(days=91)
    assert "1 events and 1 addresses are gone." in manage("purge_events")
    assert (PlatformEvent.objects.count(), FormerAddress.objects.count()) == (0, 0)
