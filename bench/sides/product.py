"""What the product is asked to do, in a process with bench/settings.py. Stable doors alone: flows, commands, HTTP."""

import time

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.utils.module_loading import import_string
from psycopg import sql

from accounts.flows.sign_up import sign_up as flow
from accounts.models import Role, User
from accounts.providers import registry, verifier
from accounts.providers.base import BEARER
from bench import data
from catalog.models import Category, Product, ProductGroupGrant, ProductUserGrant
from tenants import provisioning
from tenants.models import Tenant
from tenants.schema import in_public, in_schema, wrapper
from tenants.spares import refill

PROVIDER = "oidc"
# May add products, and sees none by it: what the peer's model permission `add_product` is there.
ADDERS = ["catalog.add_product", "catalog.view_category"]


def tenants() -> int:
    with in_public(using=settings.ADMIN_DATABASE):
        return Tenant.objects.using(settings.ADMIN_DATABASE).count()


def sign_up(name: str) -> float:
    """A tenant with its first owner, by the flow of the sign-up page. Returns the seconds."""
    began = time.perf_counter()
    flow(organisation=name, slug=name, name="Owner", email=f"owner@{name}.test", password=f"pass of {name}")
    return time.perf_counter() - began


def fill(count: int) -> None:
    """Sign up until there are so many tenants."""
    for number in range(tenants(), count):
        sign_up(f"f{number:05}")


def stock(spares: int) -> None:
    """Keep so many schemas at hand."""
    settings.SPARE_SCHEMAS = spares
    refill(settings.ADMIN_DATABASE)


def copy(name: str) -> str:
    """A tenant as sign-up makes it, without an owner. Returns its schema's name."""
    with provisioning.new_tenant(name=name, slug=name) as tenant:
        return tenant.schema_name


def migrate(schema: str) -> float:
    """The same schema made by migrating, with the rows that the apps keep in it. Returns the seconds."""
    connection = wrapper(settings.ADMIN_DATABASE)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    with connection.session_bound(schema):
        options = {"interactive": False, "verbosity": 0, "skip_checks": True}
        call_command(DjangoMigrate(), database=settings.ADMIN_DATABASE, **options)
    with in_schema(schema, using=settings.ADMIN_DATABASE):
        for hook in settings.TENANT_MIGRATED_HOOKS:
            import_string(hook)(connection)
    return time.perf_counter() - began


def seed(name: str, products: int) -> None:
    """A tenant with the data of bench/data.py, whose people come by tokens of the bench's issuer."""
    with in_public():
        if Tenant.objects.filter(slug=name).exists():
            return
    rules = {"provider": PROVIDER, "provider_tenant_id": name, "admits": Tenant.Admission.PROVIDER}
    with provisioning.new_tenant(name=name, slug=name, using="default", **rules):
        furnish(products)


def furnish(products: int) -> None:
    people = {each: make_person(each) for each in data.PEOPLE}
    groups = {each: Role.objects.create(group=Group.objects.create(name=each), key=each).group for each in data.GROUPS}
    adders = Role.objects.create(group=Group.objects.create(name="Adders"), key="adders").group
    adders.permissions.set([permission(name) for name in ADDERS])
    people[data.BY_GRANTS].groups.set([adders, *groups.values()])
    people[data.BY_ROLE].groups.set([adders, Role.objects.get(key="viewer").group])
    keys = store_products(products, people[data.BY_ROLE])
    view = permission("catalog.view_product")
    for holder, who in people.items():
        if holder in data.shares():
            store_grants(ProductUserGrant, {"user": who}, holder, view, keys)
    for holder, group in groups.items():
        store_grants(ProductGroupGrant, {"group": group}, holder, view, keys)


def make_person(name: str) -> User:
    issuer = registry.hosted_providers()[PROVIDER].issuer
    person = User(issuer=issuer, subject=name, name=name, email=f"{name}@example.com", address_proven=True)
    person.set_unusable_password()
    person.save()
    return person


def permission(name: str) -> Permission:
    app, _dot, code = name.partition(".")
    return Permission.objects.get(content_type__app_label=app, codename=code)


def store_products(count: int, maker: User) -> list[int]:
    shelf = Category(name="Shelf")
    shelf.place()
    rows = (
        Product(
            title=ware.title,
            price=ware.price,
            description=data.DESCRIPTION,
            picture_url=ware.image,
            status=Product.Status.PUBLISHED,
            category=shelf,
            created_by=maker,
            changed_by=maker,
        )
        for ware in data.wares(count)
    )
    Product.objects.bulk_create(rows, batch_size=data.BATCH)
    return list(Product.objects.order_by("pk").values_list("pk", flat=True))


def store_grants(model, holder: dict, name: str, right: Permission, keys: list[int]) -> None:
    rows = (
        model(**holder, permission=right, content_object_id=keys[number]) for number in data.granted_to(name, len(keys))
    )
    model.objects.bulk_create(rows, batch_size=data.BATCH)


def verify(tokens: list[str]) -> list[float]:
    """Seconds for each token, by the one verifier that every request passes."""
    return [timed(token) for token in tokens]


def timed(token: str) -> float:
    began = time.perf_counter()
    verifier.verify(token, entry=BEARER, providers=registry.providers())
    return time.perf_counter() - began
