"""One tenant as a file: what comes back is what was there, and a failure leaves what was there before."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection

from accounts.audit import seal
from accounts.audit.models import Entry
from accounts.models import ApiKey, Invitation, SignInTicket
from catalog.models import Product, ProductUserGrant
from tenants import doctor, dumps
from tenants.contents import folder_of
from tenants.dumps.exceptions import DumpExists
from tenants.exceptions import AddressTaken
from tenants.models import Blueprint, DirectoryEntry, Tenant
from tenants.schema import in_public, in_tenant
from tests.snapshot import snapshot

from . import dumping
from .dumping import answer, everything, forged, put_note

pytestmark = pytest.mark.real

USING = django_settings.ADMIN_DATABASE
NOT_KEPT = (
    "accounts_directorytask",
    "accounts_idempotentanswer",
    "accounts_providersession",
    "accounts_signinticket",
    "account_emailconfirmation",
    "django_migrations",  # the same ones, applied at another moment
    "audit_entry",  # one line more: restored
)


def rows_of(schema_name: str) -> dict[str, tuple[int, str]]:
    """Table -> number of rows and their hash, of all that a dump carries."""
    found = {name.partition(".")[2]: rows for name, rows in snapshot(schema_name).items()}
    return {table: rows for table, rows in found.items() if table not in NOT_KEPT}


def sound(tenant: Tenant) -> bool:
    """The doctor finds nothing, and the log is as it was sealed."""
    ((_schema, findings, _cured),) = [
        found for found in doctor.examine_all(USING, only=tenant.schema_name) if found[0] == tenant.schema_name
    ]
    seal.seal(tenant.schema_name, using=USING)
    report = seal.verify(tenant.schema_name, using=USING)
    return (findings, report.fault, report.unsealed) == ([], "", 0)


def test_a_dump_is_whole_and_its_makers_alone(live, made, tmp_path):
    assert made.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [made.name]
    with pytest.raises(DumpExists):
        dumps.dump(live.tenant, made, using=USING)


def test_a_dump_holds_no_session_ticket_or_queue(made):
    tables = {name.removeprefix("tables/") for name in dumping.parts(made)}
    assert "catalog_product" in tables
    assert not tables & {"django_session", "usersessions_usersession", *NOT_KEPT} - {"audit_entry"}


def test_a_dump_is_of_one_moment(live, tmp_path):
    """Rows that come while it is made are not in it, in whichever table."""

    def work(line):
        if line.startswith("accounts_user:"):
            other = connection.copy()
            with other.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO t_origin.catalog_category (name, slug, ancestors, path_name)"
                    " VALUES ('Late', 'late', '{}', 'Late')"
                )
            other.close()

    manifest = dumps.dump(live.tenant, tmp_path / "one", using=USING, report=work)
    with in_tenant(live.tenant), connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_category WHERE slug = 'late'")
        assert cursor.rowcount == 1
    assert next(table.rows for table in manifest.tables if table.name == "catalog_category") == 3


def test_beside_it_is_another_tenant_with_the_same_rows(live, made):
    tenant = dumps.restore_beside(made, slug="twin", using=USING).tenant
    before, after = rows_of("t_origin"), rows_of("t_twin")
    changed = {table for table in before if before[table] != after[table]}
    assert changed == {"accounts_apikey", "accounts_invitation", "audit_link"}
    assert (folder_of("t_twin") / dumping.NOTE).read_text() == "as dumped"
    assert (tenant.provider, tenant.provider_tenant_id, tenant.currency) == ("local", "", "EUR")
    assert sound(tenant)
    assert answer(tenant, "/account/login/") == 200
    with in_tenant(tenant):
        assert ProductUserGrant.objects.get().content_object.title == live.hammer.title
        assert Entry.objects.filter(action="restored", detail__startswith="dump of t_origin").count() == 1
        product = Product(title="Next", price=1, category_id=live.drinks.pk)
        product.record_change(live.owner)
        product.save()
        assert product.pk > live.saw.pk


def test_beside_nothing_handed_out_over_there_lets_in(live, made):
    tenant = dumps.restore_beside(made, slug="twin", using=USING).tenant
    with in_tenant(tenant):
        assert (ApiKey.objects.alive().count(), Invitation.objects.open().count()) == (0, 0)
        assert not SignInTicket.objects.exists()
    with in_tenant(live.tenant):
        assert (ApiKey.objects.alive().count(), Invitation.objects.open().count()) == (1, 1)


def test_beside_its_people_are_found(live, made):
    tenant = dumps.restore_beside(made, slug="twin", using=USING).tenant
    found = [set(DirectoryEntry.objects.filter(tenant=t).values_list("address_hash")) for t in (tenant, live.tenant)]
    assert found[0] == found[1]
    assert len(found[0]) == len(live.people)


def test_its_own_address_is_taken_while_it_lives(live, made):
    before = everything()
    with pytest.raises(AddressTaken):
        dumps.restore_beside(made, using=USING)
    assert everything() == before


def test_over_it_everything_is_as_it_was_dumped(live, made):
    before = rows_of("t_origin")
    with in_tenant(live.tenant):
        Product.objects.filter(pk=live.saw.pk).delete()
        Product.objects.filter(pk=live.hammer.pk).update(title="Renamed")
    put_note("t_origin", "changed since")
    Tenant.objects.filter(pk=live.tenant.pk).update(currency="USD")
    others = snapshot("t_acme")
    seen = []
    restored = dumps.restore_over(made, using=USING, report=lambda line: seen.append(answer_elsewhere(live.tenant)))
    assert set(seen) == {503}
    assert (restored.is_current, answer(live.tenant, "/account/login/")) == (True, 200)
    assert rows_of("t_origin") == before
    assert (folder_of("t_origin") / dumping.NOTE).read_text() == "as dumped"
    assert Tenant.objects.get(pk=live.tenant.pk).currency == "EUR"
    assert sound(live.tenant)
    assert snapshot("t_acme") == others
    assert left_behind() == []


def answer_elsewhere(tenant: Tenant) -> int:
    """What a visitor is told whose request runs on a connection of its own."""

    def ask():
        try:
            return answer(tenant)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


def left_behind() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(dropped_|restoring_)'")
        schemas = [name for (name,) in cursor.fetchall()]
    return schemas + [path.name for path in Path(django_settings.MEDIA_ROOT).glob(".dump-*")]


def fails(connection, arrival):
    """A hook: by now the live schema is set aside, and the new one has its name."""
    raise LookupError


def test_a_failure_in_the_middle_leaves_the_live_one(live, made, settings):
    put_note("t_origin", "changed since")
    before = everything()
    settings.TENANT_RESTORED_HOOKS = [f"{__name__}.fails"]
    with pytest.raises(LookupError):
        dumps.restore_over(made, using=USING)
    assert everything() == before
    assert answer(live.tenant, "/account/login/") == 200


def test_a_commit_that_fails_leaves_the_live_one(live, made, monkeypatch):
    """The uploads are in their new place by then."""
    put_note("t_origin", "changed since")
    before, commit = everything(), connection._commit

    def fail():
        if any(Path(django_settings.MEDIA_ROOT).glob(".dump-old*")):
            raise OperationalError("the server went away")
        commit()

    monkeypatch.setattr(connection, "_commit", fail)
    with pytest.raises(OperationalError):
        dumps.restore_over(made, using=USING)
    monkeypatch.undo()
    assert everything() == before
    assert answer(live.tenant, "/account/login/") == 200


@pytest.fixture
def older(live, made):
    """A dump from before one of today's migrations, and the blueprint of that time."""
    last = ["audit", "0004_append_only"]
    row = re.compile(rf", \(\d+, '{last[0]}', '{last[1]}', [^)]*\)")
    with in_public():
        newest = Blueprint.objects.order_by("-pk").first()
        statements = [row.sub("", text) for text in newest.statements]
        then = Blueprint.objects.create(pk=-1, fingerprint="0" * 64, statements=statements)
    yield forged(made, lambda manifest, parts: manifest["migrations"].remove(last))
    with in_public():
        then.delete()


def test_an_older_one_goes_into_the_tables_of_its_time_and_waits(live, older):
    """What the code does not fit yet is not served."""
    restored = dumps.restore_beside(older, slug="twin", using=USING)
    assert not restored.is_current
    assert answer(restored.tenant) == 503
    with in_tenant(restored.tenant), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations WHERE app = 'audit' AND name = '0004_append_only'")
        assert cursor.fetchone() == (0,)


def test_the_commands_say_what_they_did(live, tmp_path, manage):
    path = tmp_path / "by-command"
    assert "1 files" in manage("dump_tenant", "origin", output=path)
    assert "is at http://twin.localhost" in manage("restore_tenant", str(path), slug="twin")
    assert "is at http://origin.localhost" in manage("restore_tenant", str(path), over=True)
    said = manage("copy_tenant", "origin", new_slug="tryout")
    assert re.search(r"signs in as person-\d+@sandbox\.invalid with the password \S+ ", said)
    with in_public():
        assert set(Tenant.objects.filter(is_sandbox=True).values_list("slug", flat=True)) == {"tryout"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("restore_tenant", "no-such-file"), "No such file"),
        (("dump_tenant", "origin", "--output", "{made}"), "already"),
        (("restore_tenant", "{made}"), "--over"),
        (("restore_tenant", "{made}", "--as", "www"), "reserved"),
        (("copy_tenant", "origin", "--as", "acme"), "acme"),
    ],
)
def test_the_commands_refuse_in_a_sentence(live, made, manage, words, said):
    before = everything()
    assert said in manage.refused(*(word.format(made=made) for word in words))
    assert everything() == before
