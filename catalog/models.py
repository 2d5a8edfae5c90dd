"""The example business: categories in a tree, products in categories, and grants on both.

Meant to be copied and replaced. What makes a model shareable: derive from `Shareable`, add a
`share_…` permission, and two grant models with a foreign key named `content_object`.
"""

import secrets
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MinValueValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.access import AccessQuerySet, role_permissions
from accounts.search import CONFIG, matching
from accounts.shareable import Container, GroupGrant, Shareable, UserGrant


class CategoryQuerySet(AccessQuerySet):
    def in_tree_order(self):
        """Parents before children, so that a list can be drawn as a tree."""
        return self.order_by("path_name")

    def hold_tree(self) -> None:
        """Lock every category until the commit: two moves at once could put each of two inside the other."""
        list(self.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))


class Category(Shareable):
    """A shelf, possibly inside another one. Grants on it reach the shelves and products inside.

    `ancestors` holds the keys of everything above it, the nearest last; `path_name` their names. Both are
    set by `place`, so that "inside" is one indexed comparison instead of a recursion.
    """

    name = models.CharField(_("name"), max_length=50)
    slug = models.SlugField(max_length=60, unique=True, editable=False)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children", verbose_name=_("inside")
    )
    ancestors = ArrayField(models.BigIntegerField(), default=list, editable=False)
    path_name = models.CharField(max_length=500, editable=False, default="")

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["path_name"]
        verbose_name_plural = "categories"
        indexes = [GinIndex(fields=["ancestors"], name="catalog_category_ancestors")]
        constraints = [
            models.UniqueConstraint(
                "parent",
                Lower("name"),
                name="catalog_category_name_once",
                nulls_distinct=False,
                violation_error_message=_("There is a category of this name here already."),
            ),
        ]
        permissions = [
            ("share_category", "Can share category"),
            ("add_product_to_category", "Can add products to category"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:category-detail", args=[self.pk])

    @classmethod
    def reach(cls, granted):
        return Q(pk__in=granted) | Q(ancestors__overlap=ArraySubquery(granted))

    @classmethod
    def open_to_visitors(cls):
        return Q(pk__in=Product.objects.filter(Product.open_to_visitors()).values("category_id"))

    def enclosing(self):
        outer = {category.pk: category for category in Category.objects.filter(pk__in=self.ancestors)}
        return [outer[pk] for pk in reversed(self.ancestors) if pk in outer]

    def path_for(self, user) -> str:
        """Its name with those around it, for somebody who may know them: not for one who got this shelf alone."""
        knows = "catalog.view_category" in role_permissions(user)
        return self.path_name if knows else self.name

    @property
    def depth(self) -> int:
        return len(self.ancestors)

    def place(self) -> None:
        """Save, and set the place in the tree, for everything inside as well."""
        self.slug = self.slug or f"{slugify(self.name)[:50] or 'category'}-{secrets.token_hex(3)}"
        parent = self.parent
        self.ancestors = [*parent.ancestors, parent.pk] if parent else []
        self.path_name = f"{parent.path_name} / {self.name}"[:500] if parent else self.name
        self.save()
        for child in self.children.all():
            child.parent = self
            child.place()


class ProductQuerySet(AccessQuerySet):
    def matching(self, text: str):
        """Products whose title, SKU or description has words beginning with those of `text`."""
        return matching(self, text)


class Product(Shareable):
    """Something the tenant offers. `version` goes up with each change, for lost-update protection."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        ARCHIVED = "archived", _("Archived")

    container = Container(
        via="category",
        add="catalog.add_product_to_category",
        rights={
            "catalog.view_product": "catalog.view_category",
            "catalog.change_product": "catalog.change_category",
            "catalog.delete_product": "catalog.delete_category",
        },
    )

    title = models.CharField(_("title"), max_length=50)
    description = models.TextField(_("description"), blank=True, max_length=5000)
    sku = models.CharField(_("SKU"), max_length=40, blank=True)
    price = models.DecimalField(
        _("price"), max_digits=7, decimal_places=2, validators=[MinValueValidator(Decimal(0))], default=Decimal("0.00")
    )
    picture = models.FileField(_("picture"), blank=True, upload_to="products", editable=False)
    picture_url = models.URLField(
        _("picture address"), blank=True, max_length=255, validators=[URLValidator(schemes=["https"])]
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="products", verbose_name=_("category")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    search = models.GeneratedField(
        expression=SearchVector("title", "sku", "description", config=CONFIG),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["title", "pk"]
        indexes = [
            GinIndex(fields=["search"], name="catalog_product_search"),
            # One for each order of the lists, the key last: it decides between equals.
            models.Index(fields=["title", "id"], name="catalog_product_title"),
            models.Index(fields=["price", "id"], name="catalog_product_price"),
            models.Index(fields=["changed_at", "id"], name="catalog_product_changed_id"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(price__gte=0),
                name="catalog_product_price_not_negative",
                violation_error_message=_("A price cannot be negative."),
            ),
            models.UniqueConstraint(
                Lower("sku"),
                condition=~Q(sku=""),
                name="catalog_product_sku_once",
                violation_error_message=_("Another product has this SKU."),
            ),
        ]
        permissions = [("share_product", "Can share product")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("catalog:product-detail", args=[self.pk])

    def enclosing(self):
        return [self.category, *self.category.enclosing()]

    @classmethod
    def open_to_visitors(cls):
        return Q(status=cls.Status.PUBLISHED)

    @property
    def picture_address(self) -> str:
        """Where a page finds the picture: our own guarded view, the address given, or nowhere."""
        if self.picture:
            return reverse("catalog:product-picture", args=[self.pk])
        return self.picture_url

    def record_change(self, user) -> None:
        """Stamp who made this version, and count it. The caller holds the row's lock."""
        self.changed_by = user
        if self.pk:
            self.version += 1
        else:
            self.created_by = user


# Direct grant tables: guardian's generic one compares keys as text, which no index serves
# (166 ms for a list of 100,000 where these take 4).


class ProductUserGrant(UserGrant):
    content_object = models.ForeignKey(Product, on_delete=models.CASCADE)


class ProductGroupGrant(GroupGrant):
    content_object = models.ForeignKey(Product, on_delete=models.CASCADE)


class CategoryUserGrant(UserGrant):
    content_object = models.ForeignKey(Category, on_delete=models.CASCADE)


class CategoryGroupGrant(GroupGrant):
    content_object = models.ForeignKey(Category, on_delete=models.CASCADE)
