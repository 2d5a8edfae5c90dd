from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_spares")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="is_sandbox",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="A twin to try things in: personal data is masked, and no mail leaves it.",
            ),
        ),
    ]
