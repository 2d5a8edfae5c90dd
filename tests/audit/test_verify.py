"""A line altered by hand is found and named; an honest log is not suspected. (D7)"""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.audit import seal
from accounts.audit.models import Entry, Link
from tenants import privileges

from .lines import write


@pytest.fixture
def verify(acme):
    """`verify()`: what `verify_audit` says of Acme's log. Raises CommandError with its last sentence."""

    def run(**options) -> str:
        out = StringIO()
        try:
            call_command("verify_audit", schema=acme.tenant.schema_name, stdout=out, **options)
        except CommandError as error:
            raise CommandError(f"{out.getvalue()}{error}") from error
        return out.getvalue()

    return run


@pytest.fixture
def log(acme):
    """Five sealed lines, and the right to tamper with them, which nobody has by himself."""
    entries = write(5)
    seal.seal(acme.tenant.schema_name, using="default")
    with connection.cursor() as cursor:
        for table in ("audit_entry", "audit_link"):
            cursor.execute(privileges.changeable(table))
    return entries


def head(acme) -> seal.Head:
    return seal.end_of_chain(acme.tenant.schema_name, "default")


def test_an_honest_log_is_as_it_was_sealed(acme, log, verify):
    said = verify()
    assert f"{head(acme).position} lines are as they were sealed. None is unsealed." in said


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actor_name", "Somebody else"),
        ("action", "deleted"),
        ("changes", {"title": ["Tea", "Coffee"]}),
        ("at", "2020-01-01T00:00Z"),
        ("address", "10.0.0.1"),
        ("object_id", "77"),
    ],
)
def test_an_altered_field_is_found_and_the_line_is_named(log, verify, field, value):
    Entry.objects.filter(pk=log[2].pk).update(**{field: value})
    with pytest.raises(CommandError, match=rf"Line {log[2].pk} \(link \d+\) is not what was sealed"):
        verify()


def test_the_first_of_several_altered_lines_is_named(log, verify):
    Entry.objects.filter(pk__in=[log[1].pk, log[3].pk]).update(action="deleted")
    with pytest.raises(CommandError, match=f"Line {log[1].pk} "):
        verify()


def test_a_removed_line_is_found(log, verify):
    Entry.objects.filter(pk=log[2].pk).delete()
    with pytest.raises(CommandError, match=rf"Line {log[2].pk} \(link \d+\) was deleted"):
        verify()


def test_a_line_removed_with_its_link_is_found(log, verify):
    position = Link.objects.get(entry_id=log[2].pk).position
    Entry.objects.filter(pk=log[2].pk).delete()
    Link.objects.filter(position=position).delete()
    with pytest.raises(CommandError, match=f"Link {position} is missing"):
        verify()


def test_lines_that_changed_places_are_found(log, verify):
    first, second = (Link.objects.get(entry_id=entry.pk) for entry in log[1:3])
    Link.objects.filter(pk=second.pk).update(entry_id=0)
    Link.objects.filter(pk=first.pk).update(entry_id=second.entry_id)
    Link.objects.filter(pk=second.pk).update(entry_id=first.entry_id)
    with pytest.raises(CommandError, match=rf"\(link {first.position}\) is not what was sealed"):
        verify()


def test_a_chain_without_the_key_cannot_be_made_anew(acme, log, verify, settings):
    Entry.objects.filter(pk=log[2].pk).update(action="deleted")
    Link.objects.all().delete()
    settings.AUDIT_KEY = "the key of somebody else"
    seal.seal(acme.tenant.schema_name, using="default")
    settings.AUDIT_KEY = ""
    with pytest.raises(CommandError, match=r"\(link 1\) is not what was sealed"):
        verify()


def test_a_chain_that_was_cut_off_is_found_by_a_link_kept_elsewhere(acme, log, verify):
    kept = head(acme)
    Link.objects.filter(position__gt=kept.position - 2).delete()
    verify()
    with pytest.raises(CommandError, match=f"link {kept.position} was cut off"):
        verify(kept=kept)


def test_the_log_of_another_organisation_does_not_pass_for_this_one(acme, globex, log):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seal, "beginning", lambda schema_name: seal.Head(0, globex.tenant.schema_name))
        report = seal.verify(acme.tenant.schema_name, using="default")
    assert "(link 1) is not what was sealed" in report.fault


def test_what_is_not_sealed_yet_is_counted_with_its_age(log, verify):
    write(2, start=10)
    assert "2 are not sealed yet, the oldest for " in verify()


def test_a_long_log_is_read_in_pieces(acme, log, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(seal, "BATCH", 2)
    assert seal.verify(acme.tenant.schema_name, using="default").head == head(acme)
