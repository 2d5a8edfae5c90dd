"""A dump from before a model was renamed: its numbers mean what they meant, and it is migrated like any other."""

import pytest
from django.conf import settings

from tenants import doctor, dumps
from tenants.dumps.exceptions import UnfitDump
from tenants.models import Tenant
from tenants.schema import in_public

from .dumping import forged

pytestmark = pytest.mark.real

USING = settings.ADMIN_DATABASE
NOTE = (
    'migrations.CreateModel("Note", [("id", models.BigAutoField(primary_key=True)),'
    ' ("text", models.CharField(max_length=20))])'
)
NUMBER_OF = "SELECT id FROM django_content_type WHERE app_label = 'catalog' AND model = '{}'"
GRANT = """
    WITH readers AS (INSERT INTO auth_group (name) VALUES ('Readers') RETURNING id)
    INSERT INTO auth_group_permissions (group_id, permission_id)
    SELECT readers.id, p.id FROM readers, auth_permission p WHERE p.codename = 'view_note'
"""
HOLDS = """
    SELECT p.codename, c.model FROM auth_group g
      JOIN auth_group_permissions h ON h.group_id = g.id
      JOIN auth_permission p ON p.id = h.permission_id
      JOIN django_content_type c ON c.id = p.content_type_id
     WHERE g.name = 'Readers'
"""


@pytest.fixture
def old(fleet, tmp_path, media):
    """Acme's dump, with a note and a right to notes; since then notes are called remarks."""
    fleet.add(NOTE)
    fleet.migrate()
    fleet.run("t_acme", "INSERT INTO catalog_note (text) VALUES ('kept')")
    fleet.run("t_acme", GRANT)
    with in_public():
        acme = Tenant.objects.get(slug="acme")
    path = tmp_path / "old.dump"
    dumps.dump(acme, path, using=USING)
    fleet.add('migrations.RenameModel("Note", "Remark")')
    fleet.migrate()
    return path


def test_it_is_restored_and_migrated(fleet, old):
    number = fleet.run("template", NUMBER_OF.format("remark"))
    restored = dumps.restore_beside(old, slug="twin", using=USING)
    assert (restored.is_current, fleet.run("t_twin", NUMBER_OF.format("note"))) == (False, number)
    fleet.migrate("--schema", "t_twin")
    assert fleet.run("t_twin", "SELECT text FROM catalog_remark") == [("kept",)]
    assert fleet.run("t_twin", NUMBER_OF.format("remark")) == number
    assert fleet.run("t_twin", HOLDS) == [("view_note", "remark")]
    assert fleet.ready()["t_twin"]
    found = [findings for schema, findings, _cured in doctor.examine_all(USING, only="t_twin") if schema == "t_twin"]
    assert found == [[]]


def test_it_is_restored_over_and_migrated(fleet, old):
    fleet.run("t_acme", "UPDATE catalog_remark SET text = 'since'")
    dumps.restore_over(old, using=USING)
    assert not fleet.ready()["t_acme"]
    fleet.migrate("--schema", "t_acme")
    assert fleet.run("t_acme", "SELECT text FROM catalog_remark") == [("kept",)]
    assert fleet.ready()["t_acme"]


@pytest.mark.parametrize("table", ["django_content_type", "auth_permission"])
def test_a_number_that_meant_something_else_then_is_refused(fleet, old, table):
    """What it means in the template of today does not make it right."""

    def swap(manifest, parts):
        rows = manifest["fixed_rows"][table]
        if table == "django_content_type":
            next(row for row in rows if row[2] == "note")[2] = "remark"
        else:
            rows[0][2] = "another"

    with pytest.raises(UnfitDump, match=f"of {table} means something else"):
        dumps.restore_beside(forged(old, swap), slug="twin", using=USING)
