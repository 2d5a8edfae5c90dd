"""The demo's two organisations: people in every role, about 200 products each, pictures drawn on the spot.
And the platform, with one operator of each kind.

Both have the same primary keys on purpose: should a wall have a hole, a row of the other one shows.
"""

import colorsys
import random
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from django.core.files.base import ContentFile
from django.db import transaction
from guardian.shortcuts import assign_perm
from PIL import Image, ImageDraw

from accounts.flows.people import make_member, record_address
from accounts.flows.sign_up import create_platform, sign_up
from accounts.models import Role, User
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant
from tenants.slugs import PLATFORM_SLUG

from .models import Category, Product
from .pictures import clean_picture

PASSWORD = "tenantry-demo"  # printed by `make demo`; the demo's people exist nowhere else
OWNER_ADDRESS, OWNER_NAME = "owner@demo.example", "Olivia Owner"
PEOPLE_NAMES = {"admin": "Adam Admin", "editor": "Edith Editor", "viewer": "Victor Viewer", "guest": "Gloria Guest"}


@dataclass(frozen=True)
class Organisation:
    name: str
    slug: str
    currency: str
    hue: float
    public: bool
    shelves: dict[str, tuple[str, ...]]
    makes: tuple[str, ...]

    @property
    def addresses(self) -> dict[str, str]:
        """Role -> address. One person owns both organisations, so that the switcher has something to show."""
        others = ("admin", "editor", "viewer", "guest")
        return {"owner": OWNER_ADDRESS, **{role: f"{role}@{self.slug}.example" for role in others}}


ACME = Organisation(
    name="Acme Kitchen",
    slug="acme",
    currency="EUR",
    hue=0.58,
    public=True,
    shelves={
        "Cookware": ("Frying pan", "Saucepan", "Stock pot", "Wok", "Casserole", "Griddle"),
        "Cookware / Lids": ("Glass lid", "Steel lid", "Splatter guard"),
        "Knives": ("Chef's knife", "Bread knife", "Paring knife", "Santoku", "Steak knife"),
        "Tableware": ("Dinner plate", "Soup bowl", "Espresso cup", "Carafe", "Serving dish"),
        "Tableware / Glasses": ("Tumbler", "Wine glass", "Beer glass"),
        "Coffee": ("Moka pot", "French press", "Hand grinder", "Pour-over set", "Milk jug"),
    },
    makes=("Oslo", "Porto", "Kyoto", "Siena", "Basel", "Lund", "Ghent", "Turku"),
)
GLOBEX = Organisation(
    name="Globex Outdoor",
    slug="globex",
    currency="USD",
    hue=0.30,
    public=False,
    shelves={
        "Tents": ("Ridge tent", "Dome tent", "Tunnel tent", "Bivouac", "Tarp", "Shelter"),
        "Tents / Pegs": ("Sand peg", "Steel peg", "Guy line"),
        "Packs": ("Day pack", "Trekking pack", "Hip pack", "Dry bag", "Duffel"),
        "Sleeping": ("Down bag", "Summer bag", "Air mat", "Foam mat", "Travel pillow"),
        "Sleeping / Liners": ("Silk liner", "Fleece liner", "Quilt"),
        "Light": ("Head torch", "Lantern", "Pocket torch", "Beacon", "String lights"),
    },
    makes=("Ridge", "Fjell", "Mesa", "Tarn", "Gorge", "Scree", "Moraine", "Summit"),
)
ORGANISATIONS = (ACME, GLOBEX)

OPERATOR_NAMES = {
    "owner": "Olga Platform",
    "operator": "Otto Operator",
    "support": "Susan Support",
    "auditor": "Aude Auditor",
}
OPERATORS = {key: f"{key}@platform.example" for key in OPERATOR_NAMES}


def seed(organisation: Organisation, report: Callable[[str], None]) -> bool:
    """Make the organisation unless it is there. All of it or nothing. Returns whether it was made."""
    with in_public():
        if Tenant.objects.filter(slug=organisation.slug).exists():
            return False
    with transaction.atomic():
        tenant, _ticket = sign_up(
            organisation=organisation.name,
            slug=organisation.slug,
            name=OWNER_NAME,
            email=OWNER_ADDRESS,
            password=PASSWORD,
            currency=organisation.currency,
            catalogue_is_public=organisation.public,
        )
        with in_tenant(tenant):
            people = hire(organisation)
            categories = build_shelves(organisation)
            fill_shelves(organisation, categories, people, report)
            share(categories, people)
    return True


def seed_platform() -> bool:
    """Make the operators' own organisation unless it is there. Returns whether it was made."""
    with in_public():
        if Tenant.objects.filter(slug=PLATFORM_SLUG).exists():
            return False
    with transaction.atomic():
        owner, *others = OPERATORS.items()
        tenant = create_platform(name="Platform", owner=OPERATOR_NAMES[owner[0]], email=owner[1], password=PASSWORD)
        with in_tenant(tenant):
            record_address(User.objects.get(email=owner[1]), verified=True)
            for key, address in others:
                role = Role.objects.get(key=key)
                make_member(email=address, name=OPERATOR_NAMES[key], password=PASSWORD, role=role)
    return True


def hire(organisation: Organisation) -> dict[str, User]:
    owner = User.objects.get(email=OWNER_ADDRESS)
    record_address(owner, verified=True)
    people = {"owner": owner}
    for key, name in PEOPLE_NAMES.items():
        role = Role.objects.get(key=key)
        people[key] = make_member(email=organisation.addresses[key], name=name, password=PASSWORD, role=role)
    return people


def build_shelves(organisation: Organisation) -> dict[str, Category]:
    shelves: dict[str, Category] = {}
    for path in organisation.shelves:
        outer, _slash, name = path.rpartition(" / ")
        shelves[path] = Category(name=name, parent=shelves.get(outer))
        shelves[path].place()
    return shelves


def fill_shelves(organisation: Organisation, shelves, people: dict[str, User], report) -> None:
    dice = random.Random(organisation.slug)  # the same products at every seeding
    wares = [
        (shelf, kind, make)
        for shelf, kinds in organisation.shelves.items()
        for kind in kinds
        for make in organisation.makes
    ]
    for number, (shelf, kind, make) in enumerate(wares, start=1):
        if number % 50 == 0:
            report(f"  {organisation.name}: {number} of {len(wares)} products")
        product = Product(
            title=f"{kind} {make}",
            description=f"{kind} of our {make} line. Made to last, and to be repaired.",
            sku=f"{organisation.slug[:2].upper()}-{number:04}",
            price=f"{dice.randrange(490, 24990, 10) / 100:.2f}",
            status=dice.choices(["published", "draft", "archived"], [8, 2, 1])[0],
            category=shelves[shelf],
            picture=clean_picture(draw(organisation.hue, dice)) if dice.random() < 0.9 else "",
        )
        product.record_change(people["editor"])
        product.save()


def share(shelves: dict[str, Category], people: dict[str, User]) -> None:
    """What a guest lives on: one shelf to look at, and one product to change."""
    first, *_others = shelves.values()
    assign_perm("catalog.view_category", people["guest"], first)
    product = Product.objects.filter(category=first, status="published").first()
    for right in ("view", "change"):
        assign_perm(f"catalog.{right}_product", people["guest"], product)


def draw(hue: float, dice: random.Random) -> ContentFile:
    """A quiet still life of a few shapes around one hue, so that a catalogue without photographs looks like one."""
    width, height = 960, 720
    image = Image.new("RGB", (width, height), shade(hue, 0.10, 0.97))
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, height * 0.72, width, height), fill=shade(hue, 0.16, 0.90))
    for layer in range(3):
        size = dice.randrange(180, 380)
        x, y = dice.randrange(120, width - 120 - size // 2), int(height * 0.80) - size
        colour = shade(hue + dice.uniform(-0.09, 0.09), 0.35 + 0.15 * layer, 0.95 - 0.16 * layer)
        corner = dice.choice([0, 56, size // 2])  # a box, a soft box, a disc
        canvas.rounded_rectangle((x, y, x + size, y + size), radius=corner, fill=colour)
    out = BytesIO()
    image.resize((width // 2, height // 2), Image.Resampling.LANCZOS).save(out, "PNG", compress_level=1)
    return ContentFile(out.getvalue(), name="drawn.png")


def shade(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)
