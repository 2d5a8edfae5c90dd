from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_fleet")]

    operations = [
        migrations.CreateModel(
            name="Spare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("schema_name", models.CharField(max_length=63, unique=True)),
                ("fingerprint", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.AddIndex(
            model_name="purgereport",
            index=models.Index(
                condition=models.Q(("finished_at", None)), fields=["schema_name"], name="tenants_purge_unfinished"
            ),
        ),
    ]
