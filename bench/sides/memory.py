"""What a backend keeps of the schemas it has seen, in a process with bench/settings.py. See bench/memory.py."""

from collections.abc import Iterator

from django.conf import settings
from django.db import connection

from accounts.models import User
from catalog.models import Category, Product
from tenants import provisioning
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant

KEPT = "SELECT sum(total_bytes) FROM pg_backend_memory_contexts"


def fill(count: int) -> None:
    """Tenants without owners, until there are so many."""
    with in_public():
        there = Tenant.objects.count()
    for number in range(there, count):
        with provisioning.new_tenant(name=f"m{number}", slug=f"m{number:04}", using="default"):
            pass


def walk(stages: list[int], schemas_per_connection: int) -> list[list[float]]:
    """Ask one tenant after another over one connection. Of each stage: schemas asked, MiB of the backend."""
    settings.SCHEMAS_PER_CONNECTION = schemas_per_connection
    connection.close()
    with in_public():
        tenants = list(Tenant.objects.order_by("pk"))
    return list(seen(tenants, stages))


def seen(tenants: list[Tenant], stages: list[int]) -> Iterator[list[float]]:
    for number, tenant in enumerate(tenants, 1):
        with in_tenant(tenant):
            ask()
            if number in stages:
                with connection.cursor() as cursor:
                    cursor.execute(KEPT)
                    yield [number, float(cursor.fetchone()[0]) / 2**20]


def ask() -> None:
    """What a page of the catalogue asks: who is there, what he may, the list, the categories."""
    list(User.objects.prefetch_related("groups__permissions")[:1])
    list(Product.objects.select_related("category")[:50])
    list(Category.objects.all()[:50])
    User.objects.filter(groups__permissions__codename="view_product").exists()
