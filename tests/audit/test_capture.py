"""Every change of rows leaves a line, whatever writes them: pages, libraries, bulk methods, cascades. (R24, D7)"""

import ast
import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm

from accounts.audit import rules
from accounts.audit.models import Entry
from accounts.models import Invitation, Role, User
from catalog.models import Category, Product
from tenants.schema import in_schema
from tests.test_house_rules import modules

# --- whatever writes ----------------------------------------------------------------------------------


def save(acme):
    product = Product.objects.get(pk=acme.coffee.pk)
    product.title = "Tea"
    product.save()


def update(acme):
    Product.objects.filter(pk=acme.coffee.pk).update(title="Tea")


def update_through_a_join(acme):
    Product.objects.filter(category__name=acme.drinks.name).update(title="Tea")


def update_by_a_count(acme):
    Product.objects.filter(pk=acme.coffee.pk).annotate(n=Count("category__children")).filter(n__gt=0).update(
        title="Tea"
    )


def bulk_update(acme):
    product = Product.objects.get(pk=acme.coffee.pk)
    product.title = "Tea"
    Product.objects.bulk_update([product], ["title"])


def test_a_price_that_the_database_rounds_is_logged_as_it_is_stored(acme, new_lines):
    Product.objects.filter(pk=acme.coffee.pk).update(price=Decimal("1.005"))
    stored = Product.objects.get(pk=acme.coffee.pk).price
    assert [line.changes["price"][1] for line in new_lines()] == [str(stored)]


@pytest.mark.parametrize("write", [save, update, update_through_a_join, update_by_a_count, bulk_update])
def test_a_changed_field_is_logged_with_both_values(acme, new_lines, write):
    write(acme)
    [line] = new_lines()
    assert (line.action, line.object_type, line.object_id) == ("changed", "catalog.product", str(acme.coffee.pk))
    assert line.changes == {"title": [acme.coffee.title, "Tea"]}


def test_a_value_that_the_database_works_out_is_logged_as_it_came_out(acme, new_lines):
    Product.objects.filter(pk=acme.coffee.pk).update(price=F("price") + 1)
    assert [line.changes for line in new_lines()] == [{"price": ["12.50", "13.50"]}]


def test_one_statement_about_many_rows_gives_a_line_for_each(acme, new_lines):
    assert Product.objects.exclude(status="published").update(status="published") == 2
    assert {line.object_name for line in new_lines()} == {acme.sencha.title, acme.saw.title}


def test_rows_made_in_bulk_give_a_line_each_and_one_statement(acme, new_lines):
    made = [
        Product(title=f"Ware {number}", price=1, category=acme.tea, created_by=acme.owner, changed_by=acme.owner)
        for number in range(5)
    ]
    with CaptureQueriesContext(connection) as queries:
        Product.objects.bulk_create(made)
    assert [(line.action, line.object_id) for line in new_lines()] == [("created", str(each.pk)) for each in made]
    assert len([query for query in queries if "audit_entry" in query["sql"]]) == 1


def test_what_a_cascade_takes_along_is_logged(acme, new_lines):
    assign_perm("catalog.view_product", acme.guest, acme.saw)
    Product.objects.get(pk=acme.saw.pk).delete()
    granted, taken, gone = new_lines()
    assert (granted.action, taken.action, gone.action) == ("shared", "unshared", "deleted")
    assert taken.changes == {"shared_with": [[f"{acme.guest}: Can view product"], []]}


def test_a_set_of_a_many_to_many_relation_is_logged_at_its_owner(acme, new_lines):
    acme.viewer.groups.add(Role.objects.get(key="editor").group)
    [line] = new_lines()
    assert (line.action, line.object_type, line.object_name) == ("role_changed", "accounts.user", str(acme.viewer))
    assert line.changes == {"roles": [[], ["Editor"]]}


def test_a_right_given_to_a_role_is_logged_at_the_role(acme, new_lines):
    role = Role.objects.get(key="guest")
    role.group.permissions.set(Role.objects.get(key="viewer").group.permissions.all()[:1])
    [line] = new_lines()
    assert (line.object_type, line.object_id, line.object_name) == ("accounts.role", str(role.pk), "Guest")
    assert list(line.changes) == ["permissions"]


def test_a_key_is_told_by_the_name_behind_it(acme, new_lines):
    Product.objects.filter(pk=acme.coffee.pk).update(category=acme.tools)
    assert [line.changes for line in new_lines()] == [{"category": [acme.drinks.name, acme.tools.name]}]


# --- what leaves none -----------------------------------------------------------------------------------


def test_a_write_that_changes_nothing_leaves_no_line(acme, new_lines):
    Product.objects.get(pk=acme.coffee.pk).save()
    assert Product.objects.filter(pk=0).update(title="Nobody's") == 0
    assert new_lines() == []


def test_a_write_that_is_rolled_back_leaves_no_line(acme, new_lines):
    @transaction.atomic
    def spoilt():
        update(acme)
        Product.objects.filter(pk=acme.coffee.pk).update(price=-1)

    with pytest.raises(IntegrityError):
        spoilt()
    assert new_lines() == []


def test_being_seen_costs_no_question_and_no_line(acme, new_lines):
    with CaptureQueriesContext(connection) as queries:
        User.objects.filter(pk=acme.guest.pk).update(last_seen=acme.guest.joined_at)
    assert (len(queries), new_lines()) == (1, [])


def change_password(acme) -> None:
    guest = User.objects.get(pk=acme.guest.pk)
    guest.set_password("a new password")
    guest.save()


@pytest.mark.parametrize("field", ["password", "token_hash"])
def test_of_a_secret_it_is_only_told_that_it_changed(acme, new_lines, field):
    if field == "password":
        change_password(acme)
    else:
        invitation = Invitation(email="a@b.test", role=Role.objects.get(key="guest"), invited_by=acme.owner)
        invitation.renew()
        invitation.save()
        Invitation.objects.filter(pk=invitation.pk).update(token_hash="0" * 64)
    assert new_lines()[-1].changes == {field: [None, "changed"]}


def test_a_change_of_the_password_has_a_name_of_its_own(acme, new_lines):
    change_password(acme)
    assert [line.action for line in new_lines()] == ["password_changed"]


def test_the_template_keeps_no_log(tenants, django_db_blocker):
    with django_db_blocker.unblock(), in_schema("template"):
        assert Entry.objects.count() == 0


# --- nothing goes past ------------------------------------------------------------------------------------


def test_an_upsert_is_refused_since_nobody_could_tell_what_it_did(acme):
    with pytest.raises(NotImplementedError):
        Category.objects.bulk_create([acme.drinks], update_conflicts=True, unique_fields=["pk"], update_fields=["name"])


# SQL past the ORM, file -> why no row of a tenant's logged tables is written by it without a line.
HAND_WRITTEN = {
    "accounts/new_rows.py": "a new row with its grants, and the line about them in the same statement",
    "accounts/flows/first_owner.py": "the first owner, his role and his address; the log is told as the ORM tells it",
    "accounts/flows/restored.py": "ends what was handed out, in a copy that nobody is in yet; one line says it",
    "tenants/blueprint.py": "makes a tenant, before anybody is in it",
    "tenants/dumps/structure.py": "writes nothing: how a blueprint's own rows begin",
    "tenants/fleet/recording.py": "what the template's migrations sent, in public",
    "tenants/fleet/replay.py": "which migrations a tenant has, and its state in public",
    "tenants/fleet/rows.py": "content types and permissions, the same in every tenant",
    "tenants/fleet/shared.py": "which migrations public has",
    "tenants/fleet/state.py": "how far each schema is, in public",
    "tenants/housekeeping.py": "the platform's list of jobs, in public",
    "tenants/provisioning.py": "the host of a new tenant, in public",
    "tenants/spares.py": "the list of schemas that wait for a sign-up, in public",
}


WRITES = re.compile(r"(^|\()\s*(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|MERGE INTO) ")


def hand_written(path: Path) -> list[str]:
    """Texts of a module that begin as a statement that writes, or as a part of one."""
    texts = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
    return [text for text in texts if isinstance(text, str) and WRITES.search(text)]


def test_only_listed_modules_write_sql_by_hand():
    found = {str(path.relative_to(settings.BASE_DIR)) for path in modules() if hand_written(path)}
    assert found == set(HAND_WRITTEN)


def test_every_model_of_a_tenant_is_logged_or_listed_with_a_reason(acme):
    logged = {model._meta.label_lower for model in rules.logged_models()}
    assert {"catalog.product", "accounts.user", "accounts.user_groups", "auth.group_permissions"} <= logged
    assert not logged & rules.NOT_LOGGED.keys()
    assert all(rules.NOT_LOGGED.values())
