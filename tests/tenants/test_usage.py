"""The figures of the console: counted tenant by tenant, and one that cannot be counted stops nobody."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from catalog.models import Product
from tenants.models import Usage
from tenants.schema import in_tenant


@pytest.fixture
def counted(acme, globex, manage):
    connection.set_schema_to_public()
    manage("refresh_usage")
    return lambda world: Usage.objects.get(tenant_id=world.tenant.pk)


def test_what_is_counted_is_what_is_there(counted, acme, globex):
    for world in (acme, globex):
        row = counted(world)
        assert (row.people, row.products) == (6, 4)
        assert row.bytes > 500_000
        assert (row.is_current, len(row.schema_version), row.problem) == (True, 12, "")


def test_counting_again_follows_what_changed(counted, acme, manage):
    seen = timezone.now() - timedelta(hours=2)
    with in_tenant(acme.tenant):
        Product.objects.filter(pk=acme.saw.pk).delete()
        User.objects.filter(pk=acme.viewer.pk).update(is_active=False)
        User.objects.filter(pk=acme.owner.pk).update(last_seen=seen)
    manage("refresh_usage")
    row = counted(acme)
    assert (row.people, row.products, row.last_used_at) == (5, 3, seen)


def test_uploads_count_as_size(counted, acme, manage, media):
    before = counted(acme).bytes
    (media / "t_acme").mkdir(parents=True)
    (media / "t_acme" / "picture.png").write_bytes(b"x" * 70_000)
    manage("refresh_usage")
    assert counted(acme).bytes >= before + 70_000


def test_a_schema_behind_the_template_is_said_to_be(counted, acme, globex, manage, sql):
    sql(acme.tenant, "DELETE FROM django_migrations WHERE app = 'catalog'")
    manage("refresh_usage")
    assert (counted(acme).is_current, counted(globex).is_current) == (False, True)


def test_one_that_cannot_be_counted_keeps_its_figures_and_stops_nobody(counted, acme, globex, manage, sql):
    sql(acme.tenant, "SET CONSTRAINTS ALL IMMEDIATE")
    sql(acme.tenant, "ALTER TABLE catalog_product RENAME TO elsewhere")
    with in_tenant(globex.tenant):
        Product.objects.filter(pk=globex.saw.pk).delete()
    assert "acme: ProgrammingError" in manage.refused("refresh_usage")
    assert (counted(acme).products, "catalog_product" in counted(acme).problem) == (4, True)
    assert (counted(globex).products, counted(globex).problem) == (3, "")


def test_a_schema_that_is_gone_is_a_problem_of_its_own(counted, acme, manage, sql):
    sql(None, "ALTER SCHEMA t_acme RENAME TO t_elsewhere")
    assert "acme: SchemaMissing" in manage.refused("refresh_usage")
