"""The two organisations every test meets: the same people, the same shelves, the same keys, other words.

Equal primary keys on purpose: a row of the wrong tenant is then found under the right number. Every text of
Globex holds MARKER, so that a byte of it in an answer of Acme's is seen.
"""

from dataclasses import dataclass, field

from django.db import connection

from accounts.flows.people import make_member, record_address
from accounts.flows.sign_up import sign_up
from accounts.models import Role, User
from catalog.models import Category, Product
from tenants import provisioning, spares
from tenants.models import PlatformEvent, Spare, Tenant
from tenants.schema import in_tenant

PASSWORD = "correct horse battery"
MARKER = "zqxjglobex"
ROLES = ("owner", "admin", "editor", "viewer", "guest")


@dataclass
class World:
    """One organisation as the tests know it: who is there and what they have."""

    tenant: Tenant
    people: dict[str, User] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)

    def __getattr__(self, name: str):
        for shelf in ("people", "categories", "products"):
            if name in self.__dict__.get(shelf, {}):
                return self.__dict__[shelf][name]
        raise AttributeError(name)


def build(slug: str, word: str) -> World:
    """Sign an organisation up through the real flow, then furnish it. `word` is in all its texts."""
    tenant, _ticket = sign_up(
        organisation=f"{slug.title()} {word}",
        slug=slug,
        name=f"Olive Owner {word}",
        email=f"owner@{slug}.test",
        password=PASSWORD,
    )
    world = World(tenant)
    with in_tenant(tenant):
        hire(world, slug, word)
        stock(world, word)
    return world


def hire(world: World, slug: str, word: str) -> None:
    """One person a role, and a stranger: a member without any role."""
    owner = User.objects.get(email=f"owner@{slug}.test")
    record_address(owner, verified=True)
    world.people["owner"] = owner
    for key in ROLES[1:]:
        world.people[key] = make_member(
            email=f"{key}@{slug}.test",
            name=f"{key.title()} Person {word}",
            password=PASSWORD,
            role=Role.objects.get(key=key),
        )
    stranger = make_member(
        email=f"stranger@{slug}.test",
        name=f"Stranger Person {word}",
        password=PASSWORD,
        role=Role.objects.get(key="guest"),
    )
    stranger.groups.clear()
    world.people["stranger"] = stranger


def hire_operators(world: World) -> None:
    """One person a role of the platform's, beside its owner."""
    owner = User.objects.get(email="owner@platform.test")
    record_address(owner, verified=True)
    world.people["owner"] = owner
    for key in ("operator", "support", "auditor"):
        address, role = f"{key}@platform.test", Role.objects.get(key=key)
        world.people[key] = make_member(email=address, name=f"{key.title()} Ops", password=PASSWORD, role=role)
    guest = Role.objects.get(key="guest")
    stranger = make_member(email="stranger@platform.test", name="Stranger Ops", password=PASSWORD, role=guest)
    stranger.groups.clear()
    world.people["stranger"] = stranger


def stock(world: World, word: str) -> None:
    """A small tree of categories and a product of each kind."""
    drinks = shelve(world, "drinks", f"Drinks {word}")
    shelve(world, "tea", f"Tea {word}", parent=drinks)
    shelve(world, "tools", f"Tools {word}")
    put(world, "coffee", f"Coffee {word}", "drinks", status="published")
    put(world, "sencha", f"Sencha {word}", "tea", status="draft")
    put(world, "hammer", f"Hammer {word}", "tools", status="published")
    put(world, "saw", f"Saw {word}", "tools", status="archived")


def shelve(world: World, key: str, name: str, parent: Category | None = None) -> Category:
    category = Category(name=name, parent=parent)
    category.place()
    world.categories[key] = category
    return category


def put(world: World, key: str, title: str, category: str, **fields) -> Product:
    product = Product(
        title=title,
        description=f"All about {title}.",
        sku=f"SKU-{key}-{title.rpartition(' ')[2]}"[:40],
        price="12.50",
        category=world.categories[category],
        **fields,
    )
    product.record_change(world.people["owner"])
    product.save()
    world.products[key] = product
    return product


def clear(keep: tuple[str, ...] = ()) -> None:
    """Remove every tenant but those of these slugs, every spare and every event: what was committed, by whomever."""
    assert connection.settings_dict["NAME"].startswith("test_"), "only ever on a test database"
    connection.set_schema_to_public()
    for tenant in Tenant.objects.exclude(slug__in=keep):
        provisioning.delete_tenant(tenant)
    for spare in Spare.objects.all():
        spares.discard(spare, using="default")
    PlatformEvent.objects.all().delete()
