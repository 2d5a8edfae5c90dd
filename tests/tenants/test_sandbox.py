"""A sandbox has the rows of the real one and nobody's name, and nothing goes out of it."""

import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings as django_settings
from django.core import mail
from django.core.mail import send_mail
from django.db import connection
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.test import Client

from accounts.models import User
from catalog.models import Product, ProductUserGrant
from tenants import dumps
from tenants.dumps import rules
from tenants.dumps.exceptions import UndeclaredColumn, UnfitDump
from tenants.dumps.tables import shapes
from tenants.models import DirectoryEntry
from tenants.schema import in_tenant
from tests.conftest import HostClient

from . import dumping
from .dumping import forged

pytestmark = pytest.mark.real

USING = django_settings.ADMIN_DATABASE
PERSONAL = re.compile(rb"(owner|admin|editor|viewer|guest|stranger)@|Olive|Person originword|ivy@|127\.0\.0\.1")


@pytest.fixture
def sandbox(live):
    """A twin of it, and how its owner comes in."""
    restored = dumps.copy(live.tenant, slug="tryout", using=USING)
    return restored.tenant, restored.way_in


def signed_in(tenant, way_in) -> Client:
    client = Client(headers={"host": tenant.host})
    address, password = way_in
    answer = client.post("/account/login/", {"login": address, "password": password})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    return client


def texts_of(schema_name: str) -> dict[str, bytes]:
    """Every row of every table, as text."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema_name])
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{schema_name}"."{table}" t')
            found[table] = (cursor.fetchone()[0] or "").encode()
    return found


def test_nobody_is_known_in_a_sandbox(live, sandbox):
    """In no column of any table; the real one holds them, so that this is not found by luck."""
    telling = [table for table, text in texts_of("t_origin").items() if PERSONAL.search(text)]
    assert {"accounts_user", "account_emailaddress", "audit_entry", "accounts_invitation"} <= set(telling)
    assert [table for table, text in texts_of("t_tryout").items() if PERSONAL.search(text)] == []
    assert not DirectoryEntry.objects.filter(tenant=sandbox[0]).exists()


def test_its_rows_are_those_of_the_real_one(live, sandbox):
    with in_tenant(sandbox[0]):
        assert set(Product.objects.values_list("title", flat=True)) == {p.title for p in live.products.values()}
        assert ProductUserGrant.objects.get().user_id == live.guest.pk
        assert User.objects.holding("owner").get().email == f"person-{live.owner.pk}@{rules.SANDBOX_DOMAIN}"


def test_its_owner_comes_in_and_sees_that_it_is_one(live, sandbox):
    page = signed_in(*sandbox).get("/members/").content.decode()
    assert "<strong>Sandbox.</strong>" in page
    assert (
        "<strong>Sandbox.</strong>"
        not in Client(headers={"host": live.tenant.host}).get("/account/login/").content.decode()
    )


def test_a_session_of_the_real_one_does_not_open_it(live, sandbox):
    with in_tenant(live.tenant):
        client = HostClient(live.tenant.host).sign_in(live.owner, live.tenant)
    assert client.get("/members/").status_code == 200
    assert client.get("/members/", headers={"host": sandbox[0].host}).status_code == 302


def test_no_mail_leaves_it(live, sandbox, settings):
    """An invitation, to an address that is no sandbox's; the same from the real one leaves."""
    settings.EMAIL_BACKEND = "config.mail.TenantMailBackend"
    client = signed_in(*sandbox)
    answer = client.post("/invitations/new/", {"addresses": "new@elsewhere.test", "role": "editor"})
    assert answer.status_code == 302
    assert mail.outbox == []
    with in_tenant(live.tenant):
        send_mail("Real", "words", None, ["new@elsewhere.test"])
    assert [message.subject for message in mail.outbox] == ["Real"]


def test_no_mail_goes_to_somebody_made_up(live, settings):
    """Written by a job, when the connection is another tenant's again."""
    settings.EMAIL_BACKEND = "config.mail.TenantMailBackend"
    send_mail("Made up", "words", None, [f"Person 1 <person-1@{rules.SANDBOX_DOMAIN}>"])
    send_mail("Real", "words", None, ["new@elsewhere.test"])
    assert [message.subject for message in mail.outbox] == ["Real"]


def test_every_column_of_text_is_masked_or_declared_clean(live):
    """A new field that nobody thought about is named here, and stops a masked dump."""
    declared = rules.all_rules()
    models = apps.get_models(include_auto_created=True)
    tables = {m._meta.db_table for m in models if m._meta.app_config.name in django_settings.TENANT_APPS}
    assert declared.keys() <= tables
    with in_tenant(live.tenant), connection.cursor() as cursor:
        found = shapes(cursor, live.tenant.schema_name)
    for table, shape in found.items():
        rule = declared.get(table, rules.EVERY_ROW)
        assert rules.undeclared(rule, shape.columns) == [], table
        assert {*rule.masks, *rule.clean} <= shape.columns.keys(), table


def test_a_column_that_nobody_declared_stops_it(live, monkeypatch, tmp_path):
    catalog = {"catalog_category": rules.Rule(clean=frozenset({"name", "slug"}))}
    monkeypatch.setattr("catalog.dump_rules.RULES", catalog)
    with pytest.raises(UndeclaredColumn, match=r"catalog_category\.path_name"):
        dumps.dump(live.tenant, tmp_path / "masked", using=USING, masked=True)
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "media"])


def test_a_masked_dump_is_no_backup(live, tmp_path):
    before = dumping.everything()
    dumps.dump(live.tenant, tmp_path / "masked", using=USING, masked=True)
    with pytest.raises(UnfitDump, match="no backup"):
        dumps.restore_over(tmp_path / "masked", using=USING)
    assert dumping.everything() == before
    restored = dumps.restore_beside(tmp_path / "masked", slug="tryout", using=USING)
    assert restored.tenant.is_sandbox
    signed_in(restored.tenant, restored.way_in)


def test_a_sandbox_of_a_sandbox_is_one_too(live, sandbox, tmp_path):
    dumps.dump(sandbox[0], tmp_path / "dump", using=USING)
    assert dumps.restore_beside(tmp_path / "dump", slug="twin", using=USING).tenant.is_sandbox


def claiming(path: Path, is_sandbox: bool) -> Path:
    return forged(path, lambda manifest, parts: manifest["settings"].update(is_sandbox=is_sandbox))


def test_restored_over_a_sandbox_stays_one(live, sandbox, tmp_path, settings):
    """Whatever the dump was made of: nobody who is named in it gets mail, or is found by his address."""
    settings.EMAIL_BACKEND = "config.mail.TenantMailBackend"
    tenant = sandbox[0]
    with in_tenant(tenant):
        EmailAddress.objects.update(email=Concat(Cast("pk", CharField()), Value("@elsewhere.test")), verified=True)
    dumps.dump(tenant, tmp_path / "dump", using=USING)
    dumps.restore_over(claiming(tmp_path / "dump", False), using=USING)
    tenant.refresh_from_db()
    assert (tenant.is_sandbox, tenant.is_served) == (True, True)
    assert not DirectoryEntry.objects.filter(tenant=tenant).exists()
    with in_tenant(tenant):
        send_mail("Real", "words", None, ["new@elsewhere.test"])
    assert mail.outbox == []


def test_restored_over_a_real_one_stays_real(live, made):
    dumps.restore_over(claiming(made, True), using=USING)
    live.tenant.refresh_from_db()
    assert (live.tenant.is_sandbox, live.tenant.is_served) == (False, True)
    assert DirectoryEntry.objects.filter(tenant=live.tenant).count() == len(live.people)


def test_nobody_comes_into_a_sandbox_by_an_identity_provider(live, sandbox, settings, manage):
    settings.IDENTITY_PROVIDERS = ["oidc"]
    assert "is a sandbox" in manage.refused("connect_tenant", "tryout", "oidc", "--id", "its-id")
    sandbox[0].refresh_from_db()
    assert (sandbox[0].provider, sandbox[0].provider_tenant_id) == ("local", "")
    assert "is connected so already" in manage("connect_tenant", "tryout", "local")
