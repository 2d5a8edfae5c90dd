"""What the template was sent is replayed in the tenants, where that leaves what migrating leaves."""

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import provisioning
from tenants.fleet import bring, rows, shared, versions
from tenants.models import Recording
from tenants.schema import in_public

from . import fleets

pytestmark = pytest.mark.real

ALL = {"template", "t_acme", "t_globex"}
BY_HAND = """
    @staticmethod
    def fill(apps, schema_editor):
        apps.get_model("catalog", "Product").objects.update(title="Filled")
Migration.operations.append(migrations.RunPython(Migration.fill, migrations.RunPython.noop))
"""


@pytest.fixture
def ordinary(monkeypatch):
    """The tenants that went the ordinary way."""
    went, real = [], bring.ordinarily

    def note(schema_name, means):
        went.append(schema_name)
        return real(schema_name, means)

    monkeypatch.setattr(bring, "ordinarily", note)
    return went


# One of each kind of statement, those with looked-up names among them.
MIXED = """
    migrations.AddField("product", "weight", models.IntegerField(default=7)),
    migrations.AddField(
        "product", "other", models.ForeignKey("catalog.category", models.CASCADE, null=True, related_name="+")
    ),
    migrations.CreateModel(
        "Box",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("made", models.DateField(default=date.today)),
            ("name", models.CharField(max_length=9, unique=True)),
        ],
    ),
    migrations.AlterField("box", "name", models.CharField(max_length=9)),
    migrations.AddConstraint("product", models.CheckConstraint(condition=Q(weight__gte=0), name="product_weight_set")),
    migrations.AddIndex("product", models.Index(fields=["weight"], name="product_by_weight")),
    migrations.RunSQL("UPDATE catalog_product SET title = 'a;b %'", migrations.RunSQL.noop),
"""


def test_a_replay_leaves_what_migrating_leaves(fleet, ordinary):
    name = fleet.add(MIXED)
    fleet.migrate()
    assert (ordinary, fleet.recording(name).unfit) == ([], "")
    assert fleet.structure("t_acme") == fleet.structure("template")
    assert fleet.applied("t_acme") == fleet.applied("template")
    assert ("catalog", name) in fleet.applied("t_acme")
    ids = "SELECT id, codename FROM auth_permission ORDER BY id"
    assert fleet.run("t_acme", ids) == fleet.run("template", ids)
    assert {title for (title,) in fleet.run("t_acme", "SELECT title FROM catalog_product")} == {"a;b %"}
    assert set(fleet.states().values()) == {"current"}


def test_with_nothing_to_do_it_is_one_query(fleet):
    with CaptureQueriesContext(connection) as queries:
        assert fleet.migrate() == "2 tenants: nothing to do\n"
    assert len(queries) == 1, [query["sql"] for query in queries]


def test_a_replay_sends_what_was_recorded_and_five_statements_more(fleet, monkeypatch):
    """No look at the catalogue, no hook, no content type; in two round trips, beside those of the transaction.

    That is the first one's, which is looked at; the next gets the same in one (test_fleet_at_once.py).
    """
    sent, real = [], psycopg.Connection.execute

    def execute(self, query, *args, **options):
        text = query if isinstance(query, str) else query.as_string()
        sent.append(" ".join(text.split()[:3]))
        return real(self, query, *args, **options)

    fleet.add()
    fleet.migrate("--schema", "template")
    with monkeypatch.context() as patch, CaptureQueriesContext(connection) as queries:
        patch.setattr(psycopg.Connection, "execute", execute)
        fleet.migrate()
    limits = ["SET LOCAL lock_timeout", "SET LOCAL statement_timeout", "SET LOCAL transaction_timeout"]
    own = ["SELECT (SELECT rows", 'ALTER TABLE "catalog_product"', "INSERT INTO django_migrations"]
    tenant = [*limits, *own, "UPDATE public.tenants_schemastate SET"]
    assert sent[-len(tenant) :] == tenant
    assert sent.count(own[0]) == 1
    assert not [query for query in queries if "accounts_role" in query["sql"]]


UNFIT = [
    ("", BY_HAND, "has RunPython"),
    (fleets.ADD_FIELD, "    atomic = False", "is not atomic"),
    ('migrations.AddField("product", "day", models.DateField(default=date.today))', "", "worked out at the time"),
    ('migrations.AddField("product", "hour", models.DateField(auto_now=True))', "", "worked out at the time"),
    ('migrations.RunSQL("DO $$ BEGIN END $$")', "", "sends DO"),
    ('migrations.RunSQL("DELETE FROM catalog_product WHERE false; SELECT 1")', "", "cannot be compared"),
    ('migrations.RunSQL("SELECT id INTO copied_ids FROM catalog_product")', "", "cannot be compared"),
]


def test_what_may_differ_goes_the_ordinary_way(fleet, ordinary):
    names = [fleet.add(operations, rest) for operations, rest, _why in UNFIT]
    fleet.migrate()
    for name, (_operations, _rest, why) in zip(names, UNFIT, strict=True):
        assert why in fleet.recording(name).unfit
        assert ("catalog", name) in fleet.applied("t_globex")
    assert set(ordinary) == {"t_acme", "t_globex"}
    assert set(fleet.ready().values()) == {True}


def test_a_recording_of_another_text_is_not_used(fleet, ordinary):
    name = fleet.add()
    fleet.migrate("--schema", "template")
    with in_public():
        Recording.objects.filter(name=name).update(fingerprint="0" * 64)
    fleet.migrate()
    assert set(ordinary) == {"t_acme", "t_globex"}
    assert fleet.holders() == ALL


def test_where_a_look_up_answers_otherwise_the_tenant_goes_the_ordinary_way(fleet, ordinary):
    """The constraint has another name there, and its own is borne by one that the replay would have dropped instead."""
    fleet.add('migrations.AlterUniqueTogether("category", {("name", "id")})')
    fleet.migrate()
    [name] = uniques(fleet, "template")
    fleet.run("t_acme", f"ALTER TABLE catalog_category RENAME CONSTRAINT {name} TO catalog_category_name_id_other")
    fleet.run("t_acme", f"ALTER TABLE catalog_category ADD CONSTRAINT {name} UNIQUE (id, name)")
    fleet.add('migrations.AlterUniqueTogether("category", set())')
    fleet.migrate()
    assert ordinary == ["t_acme"]
    assert (uniques(fleet, "t_acme"), uniques(fleet, "t_globex")) == ({name}, set())


def uniques(fleet, schema_name: str) -> set[str]:
    names = "SELECT conname FROM pg_constraint WHERE conrelid = 'catalog_category'::regclass AND contype = 'u'"
    return {name for (name,) in fleet.run(schema_name, names) if name.startswith("catalog_category_name_id_")}


def test_a_tenant_that_is_two_behind_gets_both(fleet, ordinary):
    fleet.add()
    fleet.migrate("--schema", "template")
    fleet.add('migrations.AddField("product", "height", models.IntegerField(null=True))')
    fleet.migrate()
    assert (fleet.holders("weight"), fleet.holders("height"), ordinary) == (ALL, ALL, [])


def test_a_copy_of_the_old_template_is_brought_up_to_date_in_the_same_run(fleet, monkeypatch):
    """It signs up when the template is migrated already and its blueprint is not written yet."""
    real = shared.copies.write_blueprint

    def sign_up_first(using):
        with provisioning.new_tenant(name="Apex", slug="apex"):
            pass
        return real(using)

    monkeypatch.setattr(shared.copies, "write_blueprint", sign_up_first)
    fleet.add()
    fleet.migrate()
    assert fleet.holders() == ALL | {"t_apex"}
    assert fleet.states() == dict.fromkeys(["t_acme", "t_apex", "t_globex"], "current")


def test_a_sign_up_after_the_run_has_nothing_left_to_do(fleet):
    fleet.add()
    fleet.migrate()
    with provisioning.new_tenant(name="Apex", slug="apex"):
        pass
    assert fleet.migrate() == "3 tenants: nothing to do\n"


def test_a_role_that_is_declared_anew_reaches_every_tenant_without_a_migration(fleet, monkeypatch):
    for module in (rows, versions):
        monkeypatch.setattr(module, "hooks_text", lambda: "declared otherwise")
    versions.code.cache_clear()
    for schema_name in ("template", "t_acme"):
        fleet.run(schema_name, "DELETE FROM accounts_role WHERE key = 'guest'")
    fleet.migrate()
    assert fleet.run("t_acme", "SELECT count(*) FROM accounts_role WHERE key = 'guest'") == [(1,)]
    assert fleet.migrate() == "2 tenants: nothing to do\n"
