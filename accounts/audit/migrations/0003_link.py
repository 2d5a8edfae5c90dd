from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_reading"),
    ]

    operations = [
        migrations.CreateModel(
            name="Link",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry_id", models.BigIntegerField(unique=True)),
                ("digest", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["position"],
                "default_permissions": [],
            },
        ),
    ]
