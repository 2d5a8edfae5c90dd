"""What the peer is asked to do, in a process with its settings."""

import time

import jwt
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import connection
from django_tenants.clone import CloneSchema
from guardian.models import GroupObjectPermission, UserObjectPermission

from bench import data
from bench.peer import auth
from bench.peer.catalog.models import Product
from bench.peer.customers.models import Client, Domain


def migrate_shared() -> None:
    call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)


def tenants() -> int:
    connection.set_schema_to_public()
    return Client.objects.count()


def sign_up(name: str) -> float:
    """A tenant with its first owner, as the library makes one: it migrates the new schema. Returns the seconds."""
    connection.set_schema_to_public()
    began = time.perf_counter()
    make_tenant(name)
    connection.set_schema(name)
    User.objects.create(username="owner", is_staff=True, is_superuser=True)
    seconds = time.perf_counter() - began
    connection.set_schema_to_public()
    return seconds


def make_tenant(name: str) -> None:
    tenant = Client(schema_name=name, name=name)
    tenant.save(verbosity=0)
    Domain.objects.create(domain=f"{name}.localhost", tenant=tenant, is_primary=True)


def clone(source: str, name: str) -> float:
    """A copy of the schema by the library's own function. Returns the seconds."""
    connection.set_schema_to_public()
    began = time.perf_counter()
    CloneSchema().clone_schema(source, name)
    return time.perf_counter() - began


def seed(name: str, products: int) -> None:
    """A tenant with the data of bench/data.py."""
    connection.set_schema_to_public()
    if Client.objects.filter(schema_name=name).exists():
        return
    make_tenant(name)
    connection.set_schema(name)
    people = {each: User.objects.create(username=each) for each in data.PEOPLE}
    groups = {each: Group.objects.create(name=each) for each in data.GROUPS}
    permissions = {each.codename: each for each in Permission.objects.filter(content_type__app_label="catalog")}
    people[data.BY_GRANTS].groups.set(groups.values())
    people[data.BY_GRANTS].user_permissions.set([permissions["add_product"]])
    people[data.BY_ROLE].user_permissions.set([permissions["add_product"], permissions["view_product"]])
    keys = store_products(products)
    for holder, who in people.items():
        if holder in data.shares():
            store_grants(UserObjectPermission, {"user": who}, holder, permissions["view_product"], keys)
    for holder, group in groups.items():
        store_grants(GroupObjectPermission, {"group": group}, holder, permissions["view_product"], keys)
    connection.set_schema_to_public()


def store_products(count: int) -> list[int]:
    rows = (
        Product(title=ware.title, price=ware.price, description=data.DESCRIPTION, image=ware.image)
        for ware in data.wares(count)
    )
    Product.objects.bulk_create(rows, batch_size=data.BATCH)
    return list(Product.objects.order_by("pk").values_list("pk", flat=True))


def store_grants(model, holder: dict, name: str, permission: Permission, keys: list[int]) -> None:
    rows = (
        model(**holder, permission=permission, content_type_id=permission.content_type_id, object_pk=str(keys[number]))
        for number in data.granted_to(name, len(keys))
    )
    model.objects.bulk_create(rows, batch_size=data.BATCH)


def verify(tokens: list[str]) -> list[float]:
    """Seconds for each token."""
    return [timed(token) for token in tokens]


def timed(token: str) -> float:
    began = time.perf_counter()
    auth.verify(token)
    return time.perf_counter() - began


def decode(tokens: list[str]) -> list[float]:
    """The library's `jwt.decode` alone, with the key at hand: seconds for each token."""
    key = auth.jwks.get_signing_key_from_jwt(tokens[0]).key
    said = {"algorithms": ["RS256"], "audience": "bench-api", "issuer": auth.settings.JWT_ISSUER}
    spent = []
    for token in tokens:
        began = time.perf_counter()
        jwt.decode(token, key, **said)
        spent.append(time.perf_counter() - began)
    return spent
