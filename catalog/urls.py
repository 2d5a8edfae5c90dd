from django.urls import path

from .views import categories, history, products

app_name = "catalog"

urlpatterns = [
    path("products/", products.ProductListView.as_view(), name="product-list"),
    path("products/new/", products.ProductCreateView.as_view(), name="product-create"),
    path("products/<int:pk>/", products.ProductDetailView.as_view(), name="product-detail"),
    path("products/<int:pk>/edit/", products.ProductUpdateView.as_view(), name="product-update"),
    path("products/<int:pk>/delete/", products.ProductDeleteView.as_view(), name="product-delete"),
    path("products/<int:pk>/share/", products.ProductShareView.as_view(), name="product-share"),
    path("products/<int:pk>/history/", history.ProductHistoryView.as_view(), name="product-history"),
    path("products/<int:pk>/picture/", products.ProductPictureView.as_view(), name="product-picture"),
    path("categories/", categories.CategoryListView.as_view(), name="category-list"),
    path("categories/new/", categories.CategoryCreateView.as_view(), name="category-create"),
    path("categories/<int:pk>/", categories.CategoryDetailView.as_view(), name="category-detail"),
    path("categories/<int:pk>/edit/", categories.CategoryUpdateView.as_view(), name="category-update"),
    path("categories/<int:pk>/delete/", categories.CategoryDeleteView.as_view(), name="category-delete"),
    path("categories/<int:pk>/share/", categories.CategoryShareView.as_view(), name="category-share"),
    path("categories/<int:pk>/history/", history.CategoryHistoryView.as_view(), name="category-history"),
]
