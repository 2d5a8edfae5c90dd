"""Endpoints of the catalogue, under `/api/v1/`."""

from django.urls import path, register_converter

from accounts.api.grants import PrincipalConverter

from .categories import CategoryGrantViewSet, CategoryViewSet
from .products import ProductBulkViewSet, ProductGrantViewSet, ProductPictureViewSet, ProductViewSet

register_converter(PrincipalConverter, "principal")

LIST = {"get": "list", "post": "create"}
ONE = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
GRANT = {"put": "update", "delete": "destroy"}
PICTURE = {"get": "retrieve", "put": "update", "delete": "destroy"}
BULK = {"post": "bulk_create", "patch": "bulk_update"}

urlpatterns = [
    path("products/", ProductViewSet.as_view({**LIST}), name="product-list"),
    path("products/bulk/", ProductBulkViewSet.as_view({**BULK}), name="product-bulk"),
    path("products/<int:pk>/", ProductViewSet.as_view({**ONE}), name="product-detail"),
    path("products/<int:pk>/picture/", ProductPictureViewSet.as_view({**PICTURE}), name="product-picture"),
    path("products/<int:pk>/grants/", ProductGrantViewSet.as_view({"get": "list"}), name="product-grants"),
    path(
        "products/<int:pk>/grants/<principal:principal>/", ProductGrantViewSet.as_view({**GRANT}), name="product-grant"
    ),
    path("categories/", CategoryViewSet.as_view({**LIST}), name="category-list"),
    path("categories/<int:pk>/", CategoryViewSet.as_view({**ONE}), name="category-detail"),
    path("categories/<int:pk>/grants/", CategoryGrantViewSet.as_view({"get": "list"}), name="category-grants"),
    path(
        "categories/<int:pk>/grants/<principal:principal>/",
        CategoryGrantViewSet.as_view({**GRANT}),
        name="category-grant",
    ),
]
