import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0004_identity_providers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="platformevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("token_rejected", "Token Rejected"),
                    ("cross_access_denied", "Cross Access"),
                    ("error", "Error"),
                    ("no_owner", "No Owner"),
                    ("not_told", "Not Told"),
                    ("not_followed", "Not Followed"),
                ],
                max_length=30,
            ),
        ),
        migrations.CreateModel(
            name="Errand",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="errand",
                        serialize=False,
                        to="tenants.tenant",
                    ),
                ),
                ("tell_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("subjects", models.JSONField(default=list)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["tell_at"], name="tenants_errand_tell"),
                    models.Index(fields=["read_at"], name="tenants_errand_read"),
                ],
            },
        ),
    ]
