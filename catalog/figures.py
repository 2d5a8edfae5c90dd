"""What is counted of a tenant's catalogue for the operators (settings.TENANT_FIGURES)."""

from .models import Product


def count(connection) -> dict:
    """`connection` is bound to the tenant."""
    return {"products": Product.objects.using(connection.alias).count()}
