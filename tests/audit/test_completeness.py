"""Held against the database's own journal: each change has its line, and no line is without a change. (R24)

Triggers on every table write the journal. They exist in this test alone: the product has none.
"""

import json

import pytest
from django.db import connection
from psycopg import sql

from accounts.audit import rules
from accounts.models import Invitation, Role, User
from catalog.models import Category, Product
from tests.accounts.mails import path_in
from tests.conftest import HostClient
from tests.world import PASSWORD

JOURNAL = """
    CREATE TABLE journal (
        id bigint GENERATED ALWAYS AS IDENTITY, tab text, op text, old jsonb, new jsonb
    );
    CREATE FUNCTION journal_it() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO journal (tab, op, old, new) VALUES (
            TG_TABLE_NAME, TG_OP,
            CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END
        );
        RETURN NULL;
    END $$;
"""
TRIGGER = "CREATE TRIGGER journal AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION journal_it()"


@pytest.fixture
def journal(acme):
    """`journal()`: what the database saw of the logged tables since the last look: (model, operation, old, new)."""
    models = {model._meta.db_table: model for model in rules.logged_models()}
    with connection.cursor() as cursor:
        cursor.execute(JOURNAL)
        for table in models:
            cursor.execute(sql.SQL(TRIGGER).format(sql.Identifier(table)))

    def look():
        with connection.cursor() as cursor:
            cursor.execute("SELECT tab, op, old, new FROM journal ORDER BY id")
            rows = cursor.fetchall()
            cursor.execute("DELETE FROM journal")
        return [(models[tab], op, as_row(old), as_row(new)) for tab, op, old, new in rows]

    return look


def as_row(found) -> dict:
    return json.loads(found) if isinstance(found, str) else found or {}


def matters(model, old: dict, new: dict) -> bool:
    """Did a column change that is logged? Asked of the rules' declaration, not of the code that reads it."""
    ignored = {model._meta.get_field(name).column for name in rules.rule_for(model).ignored}
    stamps = {f.column for f in model._meta.fields if f.generated or getattr(f, "auto_now", False)}
    return any(old.get(name) != new.get(name) for name in {*old, *new} - ignored - stamps)


def changes_seen(seen) -> list:
    return [(model._meta.label, op) for model, op, old, new in seen if matters(model, old, new)]


class Day:
    """The main job, step by step through the pages. Each step is (what is done, the actions of its lines)."""

    def __init__(self, acme, client_as, mailoutbox):
        self.acme, self.mails = acme, mailoutbox
        self.owner, self.editor, self.viewer = (client_as(who) for who in ("owner", "editor", "viewer"))

    def form(self, **fields) -> dict:
        coffee = Product.objects.get(pk=self.acme.coffee.pk)
        now = {"title": coffee.title, "price": "1.00", "category": coffee.category_id, "status": "published"}
        return {**now, "version": coffee.version, **fields}

    def steps(self):
        acme, owner = self.acme, self.owner
        edit = f"/products/{acme.coffee.pk}/edit/"
        share = f"/products/{acme.coffee.pk}/share/"
        guest = {"principal": f"user-{acme.guest.pk}"}
        yield lambda: self.editor.post("/products/new/", self.form(title="Mate")), ["created"]
        yield lambda: self.editor.post(edit, self.form(title="Mocha")), ["changed"]
        yield lambda: self.editor.post(edit, self.form(category=acme.tools.pk)), ["changed"]
        yield lambda: self.editor.post(edit, self.form(title="Mocha", price="-1")), []
        yield lambda: self.editor.post("/categories/new/", {"name": "Nuts"}), ["created"]
        yield lambda: owner.post(f"/categories/{acme.drinks.pk}/edit/", {"name": "Fluids"}), ["changed"]
        yield lambda: owner.post(share, {**guest, "rights": ["catalog.change_product"]}), ["shared"]
        yield lambda: owner.post(share, {**guest, "rights": ["catalog.view_product"]}), ["shared"]
        yield lambda: owner.post(share, guest), ["unshared"]
        yield lambda: owner.post("/invitations/new/", {"addresses": "ann@b.test", "role": "editor"}), ["invited"]
        yield self.accept, ["invitation_accepted", "signed_in"]
        yield lambda: owner.post("/invitations/new/", {"addresses": "ben@b.test", "role": "editor"}), ["invited"]
        yield lambda: owner.post(f"/invitations/{self.last()}/resend/"), ["invitation_resent"]
        yield lambda: owner.post(f"/invitations/{self.last()}/revoke/"), ["invitation_withdrawn"]
        yield lambda: owner.post(f"/members/{acme.guest.pk}/role/", {"role": "viewer"}), ["role_changed"]
        yield lambda: owner.post(f"/members/{acme.guest.pk}/deactivate/"), ["deactivated"]
        yield lambda: owner.post(f"/members/{acme.guest.pk}/reactivate/"), ["reactivated"]
        yield lambda: owner.post(f"/members/{self.ann()}/remove/"), ["member_removed"]
        yield lambda: owner.post("/organisation/", {"name": "Acme 2", "currency": "EUR"}), ["organisation_changed"]
        yield lambda: self.viewer.post("/profile/", {"name": "Vera", "picture": ""}), ["changed"]
        yield lambda: self.viewer.post(f"/products/{acme.coffee.pk}/delete/"), ["permission_refused"]
        yield lambda: self.viewer.get(f"/products/{acme.coffee.pk}/edit/"), ["permission_refused"]
        yield lambda: owner.post(f"/products/{acme.coffee.pk}/delete/"), ["deleted"]

    def accept(self):
        path = path_in(self.mails[-1], self.acme.tenant)
        return HostClient(self.acme.tenant.host).post(path, {"name": "Ann", "password": PASSWORD})

    def last(self) -> int:
        return Invitation.objects.order_by("pk").last().pk

    def ann(self) -> int:
        return User.objects.get(email="ann@b.test").pk


def test_every_change_of_the_main_job_has_its_line_and_no_line_is_without_one(
    acme, client_as, mailoutbox, journal, new_lines
):
    day = Day(acme, client_as, mailoutbox)
    told, known = 0, len(new_lines())
    journal()
    for do, expected in day.steps():
        response = do()
        lines, seen = new_lines()[known:], changes_seen(journal())
        known += len(lines)
        told += len(seen)
        assert [line.action for line in lines] == expected, (response.status_code, seen)
        with_changes = [line for line in lines if line.changes and line.action != "organisation_changed"]
        assert bool(with_changes) == bool(seen), (lines, seen)
    assert told >= 25


WRITES = {
    "made": lambda acme: Role.objects.get(key="guest").group.user_set.create(email="x@y.test", name="X"),
    "saved": lambda acme: Category.objects.get(pk=acme.tea.pk).place(),
    "renamed": lambda acme: rename(Category.objects.get(pk=acme.drinks.pk)),
    "in bulk": lambda acme: Product.objects.all().update(price=3),
    "gone": lambda acme: Product.objects.all().delete(),
    "cleared": lambda acme: acme.editor.groups.clear(),
}


def rename(category) -> None:
    category.name = "Renamed"
    category.place()


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_as_many_rows_are_told_of_as_changed(acme, journal, new_lines, write):
    """Outside of acts each row has a line of its own, but for the parts of one object in one statement."""
    journal()
    write(acme)
    assert len(new_lines()) == len(changes_seen(journal()))
