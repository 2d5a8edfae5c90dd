"""Pages of categories: a tree of shelves, each with what one may see of what is on it."""

from django.urls import reverse_lazy
from django.views.generic import CreateView, DeleteView, ListView, UpdateView

from accounts import access
from accounts.guards import ObjectAccessMixin
from catalog.flows import categories as flow
from catalog.forms import CategoryForm
from catalog.models import Category, Product

from .shared import DeleteGuardMixin, ShareableDetailView, ShareView, WriteMixin


class CategoryListView(ObjectAccessMixin, ListView):
    permission_required = "catalog.view_category"
    template_name = "catalog/category_list.html"
    context_object_name = "categories"
    queryset = Category.objects.in_tree_order()

    def get_context_data(self, **kwargs):
        return super().get_context_data(may_add=access.may_add(self.request.user, "catalog.add_category"), **kwargs)


class CategoryDetailView(ShareableDetailView):
    permission_required = "catalog.view_category"
    template_name = "catalog/category_detail.html"
    queryset = Category.objects.select_related("parent")

    def get_context_data(self, **kwargs):
        user = self.request.user
        inside = Product.objects.for_user(user).filter(category=self.object).select_related("category").defer("search")
        return super().get_context_data(
            products=inside.order_by("title", "pk")[:12],
            product_count=inside.count(),
            children=Category.objects.for_user(user).filter(parent=self.object),
            may_add_here=access.containers(user, Product).filter(pk=self.object.pk).exists(),
            **kwargs,
        )


class CategoryWriteMixin(WriteMixin):
    model = Category
    form_class = CategoryForm
    template_name = "catalog/category_form.html"


class CategoryCreateView(CategoryWriteMixin, CreateView):
    permission_required = "catalog.add_category"

    def write(self, form):
        return flow.add(actor=self.request.user, fields=form.changes())


class CategoryUpdateView(CategoryWriteMixin, UpdateView):
    permission_required = "catalog.change_category"

    def write(self, form):
        return flow.change(actor=self.request.user, category=self.object, changes=form.changes())


class CategoryDeleteView(DeleteGuardMixin, DeleteView):
    permission_required = "catalog.delete_category"
    model = Category
    template_name = "catalog/confirm_delete.html"
    success_url = reverse_lazy("catalog:category-list")

    def delete(self, obj):
        flow.delete(actor=self.request.user, category=obj)


class CategoryShareView(ShareView):
    permission_required = "catalog.share_category"
    queryset = CategoryDetailView.queryset
    template_name = CategoryDetailView.template_name
