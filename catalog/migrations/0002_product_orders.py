from django.db import migrations, models


class Migration(migrations.Migration):
    """An index for each order in which lists of products are read."""

    dependencies = [("catalog", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["price", "id"], name="catalog_product_price"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["changed_at", "id"], name="catalog_product_changed_id"),
        ),
        migrations.RemoveIndex(model_name="product", name="catalog_product_changed"),
    ]
