from django.conf import settings
from django.db import migrations, models
from django.db.models import CASCADE

# As Django named them: (model, field, what it refers to, the hash in its name). In the order in which lists lock them.
INDEXES = [
    ("categoryusergrant", "user", settings.AUTH_USER_MODEL, "b11ceafa"),
    ("categoryusergrant", "permission", "auth.permission", "a97d1f60"),
    ("categorygroupgrant", "group", "auth.group", "3208a514"),
    ("categorygroupgrant", "permission", "auth.permission", "b1448363"),
    ("productusergrant", "user", settings.AUTH_USER_MODEL, "154d8883"),
    ("productusergrant", "permission", "auth.permission", "318ecea6"),
    ("productgroupgrant", "group", "auth.group", "1974c97f"),
    ("productgroupgrant", "permission", "auth.permission", "d3c6ef2c"),
]


def without_index(model: str, field: str, to: str, name: str) -> migrations.SeparateDatabaseAndState:
    """Django would drop the foreign key and make it anew besides, and read all grants under the table's lock."""
    table, column = f"catalog_{model}", f"{field}_id"
    index = f"{table}_{column}_{name}"
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(f"DROP INDEX IF EXISTS {index}", f"CREATE INDEX {index} ON {table} ({column})"),
        ],
        state_operations=[
            migrations.AlterField(model, field, models.ForeignKey(to, on_delete=CASCADE, db_index=False)),
        ],
    )


class Migration(migrations.Migration):
    """Grants keep the index of their constraint, and that of the row (accounts/shareable.py)."""

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("catalog", "0002_product_orders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [without_index(*each) for each in INDEXES]
