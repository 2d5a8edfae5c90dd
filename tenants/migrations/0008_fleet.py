import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_session_limits")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="ring",
            field=models.CharField(
                choices=[("own", "Our own"), ("friendly", "Friendly"), ("rest", "The rest")],
                db_default="rest",
                default="rest",
                help_text="Whose schema is migrated first at a deploy.",
                max_length=10,
                verbose_name="ring",
            ),
        ),
        migrations.AddField(
            model_name="blueprint",
            name="version",
            field=models.CharField(blank=True, db_default="", max_length=12),
        ),
        migrations.AddField(
            model_name="blueprint",
            name="rows",
            field=models.CharField(blank=True, db_default="", max_length=12),
        ),
        migrations.CreateModel(
            name="Recording",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("app", models.CharField(max_length=255)),
                ("name", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                ("steps", models.JSONField(default=list)),
                ("unfit", models.CharField(blank=True, max_length=200)),
                ("recorded_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("app", "name"), name="tenants_recording_of_migration")],
            },
        ),
        migrations.CreateModel(
            name="SchemaState",
            fields=[
                ("schema_name", models.CharField(max_length=63, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("current", "Current"),
                            ("behind", "Behind"),
                            ("migrating", "Migrating"),
                            ("failed", "Failed"),
                        ],
                        default="behind",
                        max_length=10,
                    ),
                ),
                ("version", models.CharField(blank=True, max_length=12)),
                ("rows", models.CharField(blank=True, max_length=12)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "attempts",
                    models.PositiveIntegerField(default=0, help_text="Tries since it was last current."),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "tenant",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="schema_state",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={"ordering": ["schema_name"]},
        ),
    ]
