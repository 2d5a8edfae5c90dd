"""Nobody changes or deletes a line of the log, its owner included."""

from django.db import migrations

from tenants import privileges

TABLES = ("audit_entry", "audit_link")


def forbid(apps, schema_editor):
    for table in TABLES:
        schema_editor.execute(privileges.append_only(table))


def allow(apps, schema_editor):
    for table in TABLES:
        schema_editor.execute(privileges.changeable(table))


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_link"),
    ]

    operations = [
        migrations.RunPython(forbid, allow),
    ]
