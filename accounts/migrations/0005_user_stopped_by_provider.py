from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_syncedrole_taken_here"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="stopped_by_provider",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
