"""The chain over the log: every line once, late ones too, and nobody waits for it. (D7)"""

from threading import Event

import pytest
from django.core.management import call_command

from accounts.audit import seal
from accounts.audit.models import Entry, Link
from accounts.models import User
from tenants.schema import in_tenant
from tests.accounts.races import at_once

from .lines import write


@pytest.fixture
def sealed(acme):
    """`sealed()`: seal Acme's log now; how many lines that were."""
    return lambda: seal.seal(acme.tenant.schema_name, using="default")[0]


def test_each_line_is_sealed_once_in_the_order_of_its_number(acme, sealed):
    sealed()
    entries = write(3)
    assert (sealed(), sealed()) == (3, 0)
    links = Link.objects.order_by("-position")[:3]
    assert [link.entry_id for link in links] == [entry.pk for entry in reversed(entries)]


def test_many_lines_are_sealed_in_batches_as_one_chain(acme, sealed, monkeypatch):
    sealed()
    before = seal.end_of_chain(acme.tenant.schema_name, "default").position
    write(7)
    monkeypatch.setattr(seal, "BATCH", 3)
    assert sealed() == 7
    assert list(Link.objects.filter(position__gt=before).values_list("position", flat=True)) == [
        before + number for number in range(1, 8)
    ]
    assert seal.verify(acme.tenant.schema_name, using="default").fault == ""


def test_the_end_of_the_chain_is_told_so_that_it_can_be_kept_elsewhere(acme, capsys, caplog):
    write(1)
    call_command("seal_audit", "--schema", acme.tenant.schema_name)
    head = seal.end_of_chain(acme.tenant.schema_name, "default")
    assert str(head) in capsys.readouterr().out
    assert str(head) in caplog.text


# --- threads, connections and commits of their own ----------------------------------------------------------


@pytest.mark.real
def test_a_sealing_under_way_keeps_no_writer_waiting(racing):
    written = Event()

    def sealing():
        with in_tenant(racing.tenant):  # one transaction, open until the other one has written
            seal.seal(racing.tenant.schema_name, using="default")
            assert written.wait(10)

    def writing():
        with in_tenant(racing.tenant):
            User.objects.filter(pk=racing.owner.pk).update(name="Renamed meanwhile")
        written.set()

    at_once(sealing, writing)


@pytest.mark.real
def test_a_line_committed_late_under_a_low_number_is_sealed_the_next_time(racing):
    begun, sealed = Event(), Event()

    def late():
        with in_tenant(racing.tenant):
            [entry] = write(1)
            begun.set()
            assert sealed.wait(10)
        return entry.pk

    def quick():
        assert begun.wait(10)
        with in_tenant(racing.tenant):
            [entry] = write(1)
        seal.seal(racing.tenant.schema_name, using="default")
        sealed.set()
        return entry.pk

    low, high = at_once(late, quick)
    count, _head = seal.seal(racing.tenant.schema_name, using="default")
    with in_tenant(racing.tenant):
        assert (low < high, count, Link.objects.order_by("-position").first().entry_id) == (True, 1, low)
    assert seal.verify(racing.tenant.schema_name, using="default").fault == ""


@pytest.mark.real
def test_of_two_sealings_at_once_each_line_is_sealed_once(racing):
    def sealing():
        try:
            return seal.seal(racing.tenant.schema_name, using="default")[0]
        except seal.SealedElsewhere:
            return 0

    sealing()
    for _round in range(10):
        with in_tenant(racing.tenant):
            write(20)
        assert sum(at_once(sealing, sealing)) <= 20
        sealing()
        with in_tenant(racing.tenant):
            assert Link.objects.count() == Entry.objects.count()
    assert seal.verify(racing.tenant.schema_name, using="default").fault == ""
