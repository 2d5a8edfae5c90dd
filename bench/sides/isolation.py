"""The tenants of the isolation proof, in a process with bench/settings.py. See bench/isolation.py."""

from contextlib import suppress

from django.core.management import CommandError, call_command
from django.db import connections
from django.db.models import F, Value
from django.db.models.functions import Concat
from psycopg import sql

from catalog.models import Product
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant

from . import product

SHIFT = 1000

REFERENCES = """
    SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
     WHERE c.contype = 'f' AND c.confrelid = 'django_content_type'::regclass
"""


def seed(names: list[str], rows: int) -> None:
    """Tenants whose rows have the same keys, and titles that begin with the tenant's own name."""
    for name in names:
        product.seed(name, rows)
        with in_tenant(tenant_of(name)):
            Product.objects.exclude(title__startswith=f"{name} ").update(
                title=Concat(Value(f"{name} "), F("title")), version=F("version")
            )


def clear(names: list[str], rows: int) -> None:
    """What an earlier run wrote goes, and the next keys are equal again."""
    for name in names:
        with in_tenant(tenant_of(name)), connections["default"].cursor() as cursor:
            Product.objects.filter(pk__gt=rows).delete()
            cursor.execute("SELECT setval(pg_get_serial_sequence('catalog_product', 'id'), %s)", [rows])


def keys(names: list[str]) -> list[list[int]]:
    """Of each tenant: its lowest and highest key and how many rows it has."""
    found = []
    for name in names:
        with in_tenant(tenant_of(name)):
            listed = sorted(Product.objects.values_list("pk", flat=True))
        found.append([listed[0], listed[-1], len(listed)])
    return found


def shift(names: list[str]) -> None:
    """The fault: these tenants' content types get other numbers. Then the doctor makes its round."""
    for name in names:
        with in_tenant(tenant_of(name)), connections["default"].cursor() as cursor:
            cursor.execute("SELECT max(id) FROM django_content_type")
            if cursor.fetchone()[0] < SHIFT:
                cursor.execute(REFERENCES)
                for table, column in [*cursor.fetchall(), ("django_content_type", "id")]:
                    cursor.execute(
                        sql.SQL("UPDATE {0} SET {1} = {1} + {2}").format(
                            sql.Identifier(table), sql.Identifier(column), sql.Literal(SHIFT)
                        )
                    )
        with suppress(CommandError):  # it says that it found it
            call_command("doctor", schema=tenant_of(name).schema_name, verbosity=0)


def rows(names: list[str]) -> list[dict[str, int]]:
    """Of each tenant: how many products it has, and how many of them are another's."""
    found = []
    for name in names:
        with in_tenant(tenant_of(name)):
            products = Product.objects.all()
            found.append({"all": products.count(), "wrong": products.exclude(title__startswith=f"{name} ").count()})
    return found


def tenant_of(name: str) -> Tenant:
    with in_public():
        return Tenant.objects.get(slug=name)
