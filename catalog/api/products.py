"""Products: one and many, their pictures, and who has access."""

from contextlib import contextmanager, suppress
from functools import cache

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.api import etags
from accounts.api.errors import code_of
from accounts.api.exceptions import BadRows, PreconditionFailed
from accounts.api.grants import GrantViewSet, rights_serializer
from accounts.api.idempotency import idempotent
from accounts.api.rows import RowsViewSet, shown_by
from accounts.api.serializers import StrictSerializer
from accounts.api.viewsets import ApiViewSet
from accounts.exceptions import AccountsError
from catalog.exceptions import RowRefused, StaleVersion
from catalog.flows import products as flow
from catalog.models import Product
from catalog.pictures import clean_picture, give_out
from tenants.problems import SENTENCES

from .filters import ProductApiFilter
from .serializers import MOST_ROWS, ProductChangeSerializer, ProductRowChangeSerializer, ProductSerializer

ROWS = {"min_length": 1, "max_length": MOST_ROWS}
NOT_MODIFIED = OpenApiResponse(description="You have this version already.")


class ProductViewSet(RowsViewSet):
    permissions = {
        "list": "catalog.view_product",
        "retrieve": "catalog.view_product",
        "create": "catalog.add_product",
        "partial_update": "catalog.change_product",
        "destroy": "catalog.delete_product",
    }
    queryset = Product.objects.defer("search")
    serializer_class = ProductSerializer
    filterset_class = ProductApiFilter
    orders = ("title", "-title", "price", "-price", "changed_at", "-changed_at", "id", "-id")
    has_version = True
    rows_first = ("list", "retrieve")

    @extend_schema(responses=ProductSerializer(many=True))
    def list(self, request):
        return super().list(request)

    @extend_schema(responses={200: ProductSerializer, 304: NOT_MODIFIED})
    def retrieve(self, request, pk):
        shown = self.shown()
        *row, version = self.one_row(pk, [*shown.columns, "version"])
        tag = etags.Version(version)
        if etags.is_known(request, tag):
            return etags.tagged(Response(status=304), tag)
        return etags.tagged(Response(shown.show(row)), tag)

    @extend_schema(responses={201: ProductSerializer})
    @idempotent
    def create(self, request):
        """Add a product. It needs the right to add everywhere, or to its category."""
        product = flow.add(actor=request.user, fields=self.clean_new())
        # As `reverse` has it, which took a fiftieth of the request.
        return self.stored(product, status=201, headers={"Location": f"{request.path}{product.pk}/"})

    def clean_new(self):
        """As `clean`, by fields that are made once: to make them anew took longer than what they are asked.

        All requests share them: no field may read its `context`. What is wrong with a body is said by a serializer of
        its own.
        """
        with suppress(serializers.ValidationError):
            return reader().run_validation(self.request.data)
        return self.clean()

    @extend_schema(request=ProductChangeSerializer, responses=ProductSerializer)
    def partial_update(self, request, pk):
        """Change some fields. With `If-Match` or `version`, only if nobody else has changed it since."""
        product = self.get_object()
        expected = etags.expected_version(request, product)
        changes = self.clean(ProductChangeSerializer, partial=True)
        version = changes.pop("version", None)
        if expected and version and version != expected:
            raise StaleVersion(product)
        with precondition_told(expected):
            product = flow.change(actor=request.user, product=product, changes=changes, version=version or expected)
        return self.stored(product)

    def destroy(self, request, pk):
        """Delete it. With `If-Match`, only if nobody else has changed it since."""
        product = self.get_object()
        expected = etags.expected_version(request, product)
        with precondition_told(expected):
            flow.delete(actor=request.user, product=product, version=expected)
        return Response(status=204)

    def stored(self, product, **kwargs) -> Response:
        shown = shown_by(ProductSerializer)
        row = [getattr(product, column) for column in shown.columns]
        return etags.tagged(Response(shown.show(row), **kwargs), product)


@cache
def reader() -> ProductSerializer:
    return ProductSerializer()


@contextmanager
def precondition_told(expected: int | None):
    """Under the lock it was another version after all: 412 if the header had asked for one, else 409."""
    try:
        yield
    except StaleVersion as error:
        if expected is None:
            raise
        raise PreconditionFailed from error


class ProductBulkViewSet(ApiViewSet):
    """Up to 100 rows in one request: all are written or none, and each error says which row it is about."""

    permissions = {"bulk_create": "catalog.add_product", "bulk_update": "catalog.change_product"}
    queryset = Product.objects.defer("search")
    serializer_class = ProductSerializer
    pagination_class = None

    @extend_schema(
        request=ProductSerializer(many=True, **ROWS),
        responses={201: ProductSerializer(many=True)},
    )
    @idempotent
    def bulk_create(self, request):
        """Add up to 100 products: all or none."""
        rows = self.clean(many=True, **ROWS)
        with rows_told():
            products = flow.add_all(actor=request.user, rows=rows)
        return Response(self.get_serializer(products, many=True).data, status=201)

    @extend_schema(
        request=ProductRowChangeSerializer(many=True, **ROWS),
        responses=ProductSerializer(many=True),
    )
    def bulk_update(self, request):
        """Change up to 100 products, each named by its `id`: all or none."""
        rows = self.clean(ProductRowChangeSerializer, many=True, **ROWS)
        changes = [flow.Change(row.pop("id"), version=row.pop("version", None), changes=row) for row in rows]
        self.refuse_repeated(changes)
        with rows_told():
            products = flow.change_all(actor=request.user, rows=changes)
        return Response(self.get_serializer(products, many=True).data)

    def refuse_repeated(self, changes) -> None:
        seen: set[int] = set()
        repeated = {}
        for index, change in enumerate(changes):
            if change.pk in seen:
                repeated[index] = ("id", "repeated", _("This product is named twice."))
            seen.add(change.pk)
        if repeated:
            raise BadRows(400, repeated)


@contextmanager
def rows_told():
    """What the flow refuses of one row, as an answer that says which."""
    try:
        yield
    except RowRefused as refusal:
        raise _told(refusal.index, refusal.error) from refusal


def _told(index: int, error: Exception) -> BadRows:
    if isinstance(error, AccountsError):
        return BadRows(error.status, {index: (error.field, code_of(error), error.message)})
    status, code = (403, "permission_denied") if isinstance(error, PermissionDenied) else (404, "not_found")
    return BadRows(status, {index: ("", code, SENTENCES[status])})


class PictureSerializer(StrictSerializer):
    """A PNG, JPEG or WebP picture of up to 5 MB."""

    picture = serializers.FileField()

    def validate_picture(self, upload):
        try:
            return clean_picture(upload)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages, code=error.code) from error


class ProductPictureViewSet(ApiViewSet):
    """The uploaded picture: PNG, JPEG or WebP up to 5 MB, kept as WebP without its metadata."""

    permissions = {
        "retrieve": "catalog.view_product",
        "update": "catalog.change_product",
        "destroy": "catalog.change_product",
    }
    queryset = Product.objects.only("picture", "version")
    serializer_class = PictureSerializer
    parser_classes = [MultiPartParser]
    has_version = True

    is_read = False

    @extend_schema(responses={(200, "image/webp"): OpenApiTypes.BINARY, 304: NOT_MODIFIED})
    def retrieve(self, request, pk):
        """The picture itself."""
        return give_out(request, self.get_object().picture)

    @extend_schema(request={"multipart/form-data": PictureSerializer}, responses=ProductSerializer)
    def update(self, request, pk):
        """Upload a picture in place of the one there is."""
        product = self.get_object()  # the door, before what was sent is looked at
        return self.write(product, self.clean()["picture"])

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        """Remove the uploaded picture."""
        self.write(self.get_object(), "")
        return Response(status=204)

    def write(self, product, picture) -> HttpResponse:
        expected = etags.expected_version(self.request, product)
        with precondition_told(expected):
            changes = {"picture": picture}
            product = flow.change(actor=self.request.user, product=product, changes=changes, version=expected)
        shown = ProductSerializer(product, context=self.get_serializer_context())
        return etags.tagged(Response(shown.data), product)


class ProductGrantViewSet(GrantViewSet):
    permissions = dict.fromkeys(("list", "update", "destroy"), "catalog.share_product")
    queryset = Product.objects.select_related("category").defer("search")

    @extend_schema(request=rights_serializer(Product))
    def update(self, request, pk, principal):
        return super().update(request, pk, principal)
