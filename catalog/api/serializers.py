"""Products and categories as programs see and send them."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import access
from accounts.api.serializers import KeyField, LineField, StrictModelSerializer, WholeNumberField
from catalog.models import Category, Product

MOST_ROWS = 100
HIGHEST_VERSION = 2**31 - 1


@extend_schema_field({"type": ["string", "null"], "format": "uri-reference"})
class PictureField(serializers.Field):
    """Where the API gives out an uploaded picture, or null. It is set and removed at that address."""

    columns = ("picture", "id")

    def __init__(self, **kwargs):
        super().__init__(read_only=True, **kwargs)

    def get_attribute(self, product):
        return product

    def to_representation(self, product) -> str | None:
        return self.shown(product.picture, product.pk)

    def shown(self, picture, pk: int) -> str | None:
        return reverse("api:product-picture", args=[pk]) if picture else None


class ProductSerializer(StrictModelSerializer):
    """A product. `version` goes up with each change, and is its ETag."""

    category = KeyField(source="category_id")
    picture = PictureField()
    created_by = serializers.IntegerField(source="created_by_id", read_only=True)
    changed_by = serializers.IntegerField(source="changed_by_id", read_only=True)

    class Meta:
        model = Product
        fields = [
            "id",
            "title",
            "description",
            "sku",
            "price",
            "status",
            "category",
            "picture",
            "picture_url",
            "version",
            "created_at",
            "created_by",
            "changed_at",
            "changed_by",
        ]
        read_only_fields = ["id", "version", "created_at", "changed_at"]


class ProductChangeSerializer(ProductSerializer):
    """What is to change. With `version`, only if it is still that one: else 409."""

    version = WholeNumberField(min_value=1, max_value=HIGHEST_VERSION, required=False)

    class Meta(ProductSerializer.Meta):
        read_only_fields = ["id", "created_at", "changed_at"]


class ProductRowChangeSerializer(ProductChangeSerializer):
    """One row of many: `id` says which."""

    id = KeyField()

    def get_fields(self):
        """Only the key has to be there."""
        fields = super().get_fields()
        for name, field in fields.items():
            field.required = name == "id"
        return fields

    class Meta(ProductSerializer.Meta):
        read_only_fields = ["created_at", "changed_at"]


class CategorySerializer(StrictModelSerializer):
    """A shelf of the tree. `parent` and `path` say only what the reader may know of what is around it."""

    name = LineField(max_length=50)
    parent = KeyField(source="parent_id", allow_null=True, required=False)
    path = serializers.SerializerMethodField()

    class Meta:
        model = Category
        fields = ["id", "name", "parent", "path"]
        read_only_fields = ["id"]

    def get_path(self, category) -> str:
        return category.path_for(self.context["request"].user)

    def to_representation(self, category):
        shown = super().to_representation(category)
        if shown.get("parent") is not None and not self.is_known(shown["parent"]):
            shown["parent"] = None
        return shown

    def is_known(self, pk: int) -> bool:
        """May the reader see the category of that key? One question for a whole list, none for roles."""
        user = self.context["request"].user
        if "catalog.view_category" in access.role_permissions(user):
            return True
        if "known" not in self.context:
            self.context["known"] = set(Category.objects.for_user(user).values_list("pk", flat=True))
        return pk in self.context["known"]
