"""What became of a product or a category, and by whom."""

from accounts.audit.views import HistoryView
from catalog.models import Category, Product


class ProductHistoryView(HistoryView):
    permission_required = "catalog.change_product"
    template_name = "catalog/product_history.html"
    queryset = Product.objects.select_related("category").defer("search", "description")


class CategoryHistoryView(HistoryView):
    permission_required = "catalog.change_category"
    template_name = "catalog/category_history.html"
    queryset = Category.objects.select_related("parent")
