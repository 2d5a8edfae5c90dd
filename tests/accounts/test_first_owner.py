"""The first owner is stored in one statement, as the ORM would have stored him; without a role nothing is."""

import copy
import json

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from accounts.audit import trail
from accounts.flows import first_owner
from accounts.flows.sign_up import install_owner
from accounts.models import Role, User
from tenants import provisioning
from tenants.models import Tenant
from tenants.schema import current_tenant, in_tenant, wrapper

TABLES = ("accounts_user", "accounts_user_groups", "account_emailaddress", "audit_entry")
# Of another tenant, and of another moment.
DIFFERING = "id", "at", "object_id", "object_name"


def by_the_orm(owner: User, *, using: str) -> None:
    group = Role.objects.using(using).select_related("group").get(key="owner").group
    with trail.act("organisation_created", current_tenant(using), using=using, knows=[group]):
        owner.save(using=using)
        owner.groups.add(group)
        EmailAddress.objects.using(using).create(user=owner, email=owner.email, primary=True, verified=False)


def new_owner() -> User:
    return User.objects.new_local(
        email=" Ann@Apex.test", name="Ann % 'Apex'; --", password="correct horse battery", subject="an attempt"
    )


def rows_of(tenant: Tenant) -> dict[str, list[dict]]:
    found = {}
    with in_tenant(tenant), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT to_jsonb(t) - %s::text[] FROM {table} t ORDER BY t.id", [list(DIFFERING)])
            found[table] = [json.loads(row) for (row,) in cursor.fetchall()]
    return found


def made(slug: str, install, owner: User) -> Tenant:
    with provisioning.new_tenant(name="Apex", slug=slug) as tenant:
        install(owner, using="default")
    return tenant


@pytest.fixture
def public(tenants, db):
    connection.set_schema_to_public()


def test_what_is_stored_is_what_the_orm_stores(public):
    one = new_owner()
    other = copy.deepcopy(one)
    stored, wanted = rows_of(made("one", install_owner, one)), rows_of(made("other", by_the_orm, other))
    assert stored == wanted
    assert [len(rows) for rows in stored.values()] == [1, 1, 1, 1]
    assert stored["audit_entry"][0]["changes"]["roles"] == [[], ["Ann % 'Apex'; --: Owner"]]
    assert (one.pk, one._state.db, one._state.adding) == (other.pk, "default", False)


def test_he_comes_in_one_statement(public):
    made("one", install_owner, new_owner())
    with (
        provisioning.new_tenant(name="Apex", slug="other"),
        CaptureQueriesContext(connection) as queries,
    ):
        install_owner(new_owner(), using="default")
    him, line = [query["sql"] for query in queries if "accounts_" in query["sql"] or "audit_entry" in query["sql"]]
    assert him.count("INSERT INTO") == 3
    assert line.startswith('INSERT INTO "audit_entry"')


def without_a_role() -> None:
    with provisioning.new_tenant(name="Apex", slug="one"):
        Role.objects.filter(key="owner").delete()
        try:
            first_owner.store(new_owner(), wrapper())
        finally:
            assert not User.objects.exists()
            assert not EmailAddress.objects.exists()


def test_without_the_role_nothing_is_stored(public):
    with pytest.raises(Role.DoesNotExist):
        without_a_role()
    assert not Tenant.objects.filter(slug="one").exists()


def twice() -> None:
    with provisioning.new_tenant(name="Apex", slug="one"):
        install_owner(new_owner(), using="default")
        install_owner(new_owner(), using="default")


def test_the_rules_of_the_tables_hold(public):
    """Two of one provider and number, say."""
    with pytest.raises(IntegrityError):
        twice()
    assert not Tenant.objects.filter(slug="one").exists()
