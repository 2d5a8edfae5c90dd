"""Pages of products. Each names one permission; the door decides row by row."""

from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.generic import CreateView, DeleteView, DetailView, ListView, UpdateView

from accounts import access
from accounts.guards import ObjectAccessMixin, open_to_visitors
from accounts.pages import PageMixin
from catalog.exceptions import StaleVersion
from catalog.filters import ProductFilter
from catalog.flows import products as flow
from catalog.forms import ProductForm
from catalog.models import Product
from catalog.pictures import give_out

from .shared import DeleteGuardMixin, ShareableDetailView, ShareView, WriteMixin


@open_to_visitors
class ProductListView(PageMixin, ObjectAccessMixin, ListView):
    permission_required = "catalog.view_product"
    template_name = "catalog/product_list.html"
    fragment_name = "catalog/_product_results.html"
    context_object_name = "products"
    queryset = Product.objects.select_related("category").defer("search", "description")

    def get_queryset(self):
        self.filter = ProductFilter(self.request.GET, queryset=super().get_queryset(), user=self.request.user)
        return self.filter.qs

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            filter=self.filter,
            layout="table" if self.request.GET.get("layout") == "table" else "cards",
            may_add=access.may_add(self.request.user, "catalog.add_product"),
            **kwargs,
        )


@open_to_visitors
class ProductDetailView(ShareableDetailView):
    permission_required = "catalog.view_product"
    template_name = "catalog/product_detail.html"
    queryset = Product.objects.select_related("category", "created_by", "changed_by").defer("search")


class ProductWriteMixin(WriteMixin):
    model = Product
    form_class = ProductForm
    template_name = "catalog/product_form.html"


class ProductCreateView(ProductWriteMixin, CreateView):
    permission_required = "catalog.add_product"
    done = _("“%(name)s” is added.")

    def get_initial(self):
        return {"category": self.request.GET.get("category", "")[:20]}

    def write(self, form):
        return flow.add(actor=self.request.user, fields=form.changes())


class ProductUpdateView(ProductWriteMixin, UpdateView):
    permission_required = "catalog.change_product"

    def write(self, form):
        version = form.cleaned_data["version"]
        return flow.change(actor=self.request.user, product=self.object, changes=form.changes(), version=version)

    def form_valid(self, form):
        try:
            return super().form_valid(form)
        except StaleVersion as error:
            return self.conflict(form, error.stored)

    def conflict(self, form, stored):
        """Somebody saved in between: show both versions, write neither."""
        theirs = ProductForm(instance=stored, user=self.request.user)
        names = [name for name in form.fields if name not in ("version", "upload", "remove_picture")]
        rows = [(form[name].label, theirs[name].initial, form[name].value(), name) for name in names]
        form.data = form.data.copy()
        form.data["version"] = stored.version
        context = {"form": form, "stored": stored, "rows": [row_of(form, *row) for row in rows], "object": stored}
        return render(self.request, "catalog/product_conflict.html", context, status=409)


def row_of(form, label, theirs, mine, name) -> dict:
    """One line of the comparison; choices are shown by their words, not by their keys."""
    words = {str(key): text for key, text in getattr(form.fields[name], "choices", [])}
    return {
        "label": label,
        "theirs": words.get(str(theirs), theirs),
        "mine": words.get(str(mine), mine),
        "differs": str(theirs or "") != str(mine or ""),
    }


class ProductDeleteView(DeleteGuardMixin, DeleteView):
    permission_required = "catalog.delete_product"
    model = Product
    template_name = "catalog/confirm_delete.html"
    success_url = reverse_lazy("catalog:product-list")

    def delete(self, obj):
        flow.delete(actor=self.request.user, product=obj)


@open_to_visitors
class ProductPictureView(ObjectAccessMixin, DetailView):
    """The uploaded picture, to whoever may see the product now: the browser asks again each time."""

    permission_required = "catalog.view_product"
    queryset = Product.objects.only("picture")

    def get(self, request, *args, **kwargs):
        return give_out(request, self.get_object().picture)


class ProductShareView(ShareView):
    permission_required = "catalog.share_product"
    queryset = ProductDetailView.queryset
    template_name = ProductDetailView.template_name
