from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0010_sandbox")]

    operations = [
        migrations.AddField(
            model_name="schemastate",
            name="closed_for_now",
            field=models.BooleanField(db_default=False, default=False, help_text="By a run: the next one opens it."),
        ),
    ]
