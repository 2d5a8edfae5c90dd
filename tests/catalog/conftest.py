"""What the catalogue's tests add: a filled-in form, shares, pictures."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from guardian.shortcuts import assign_perm
from PIL import Image

from accounts.models import Role
from catalog.models import Category, Product


@pytest.fixture
def filled(acme):
    """`filled(price="1")`: the fields of a valid product form, as a browser sends them."""

    def make(product: Product | None = None, **changes) -> dict:
        names = ("title", "description", "sku", "price", "picture_url", "status", "version")
        stored = {name: getattr(product, name) for name in names} if product else {"title": "Mocha", "price": "3.20"}
        shelf = product.category_id if product else acme.drinks.pk
        return {"status": "draft", **stored, "category": shelf, **changes}

    return make


@pytest.fixture
def stored(acme):
    """`stored("coffee")`: the row as the database has it now, or None when it is gone."""
    return lambda key: Product.objects.filter(pk=acme.products[key].pk).select_related("category").first()


@pytest.fixture
def shelf(acme):
    """`shelf("drinks")`: the same for a category."""
    return lambda key: Category.objects.filter(pk=acme.categories[key].pk).first()


@pytest.fixture
def share(acme):
    """`share("guest", "view", "coffee")`, `share("role:guest", "add", "drinks")`: a grant as the panel makes it."""

    def grant(who: str, right: str, key: str) -> None:
        kind, _colon, name = who.rpartition(":")
        holder = Role.objects.get(key=name).group if kind else acme.people[name]
        target = acme.products.get(key) or acme.categories[key]
        model = target._meta.model_name
        code = "add_product_to_category" if right == "add" else f"{right}_{model}"
        assign_perm(f"catalog.{code}", holder, target)

    return grant


@pytest.fixture
def picture():
    """`picture("PNG")`: an upload of a small picture in that format."""

    def draw(kind="PNG", name="photo.png", size=(40, 30), **save) -> SimpleUploadedFile:
        out = BytesIO()
        Image.new("RGB", size, "teal").save(out, kind, **save)
        return SimpleUploadedFile(name, out.getvalue())

    return draw
