"""Pages of the catalogue. Each names one permission; the door decides row by row."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.http import FileResponse, Http404
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.generic import CreateView, DeleteView, DetailView, ListView, UpdateView
from guardian.shortcuts import assign_perm

from accounts import access, shares
from accounts.exceptions import NoLongerMember, NotYours
from accounts.forms import ShareForm
from accounts.guards import ObjectAccessMixin, open_to_visitors
from accounts.pages import PageMixin

from .filters import ProductFilter
from .forms import CategoryForm, ProductForm
from .models import Category, Product
from .pictures import discard_after_commit


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


class ShareableDetailView(ObjectAccessMixin, DetailView):
    """An object, what the user may do with it, and, for those who may share it, who has access and why."""

    def get_context_data(self, **kwargs):
        user, obj = self.request.user, self.object
        rights = {
            "may_change": access.allows(user, access.permission_for(type(obj), "change"), obj),
            "may_delete": access.allows(user, access.permission_for(type(obj), "delete"), obj),
            "may_share": access.allows(user, shares.share_permission(type(obj)), obj),
        }
        if rights["may_share"]:
            kwargs.setdefault("share_form", share_form(obj))
            kwargs["shares"] = shares.explain(obj)
        return super().get_context_data(**rights, **kwargs)


@open_to_visitors
class ProductDetailView(ShareableDetailView):
    permission_required = "catalog.view_product"
    template_name = "catalog/product_detail.html"
    queryset = Product.objects.select_related("category", "created_by", "changed_by").defer("search")


class WriteMixin(ObjectAccessMixin):
    """A form page: 422 for what the form finds wrong, 409 for what only the database can find."""

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "user": self.request.user}

    def save(self, form):
        """Write, and answer. Runs in a savepoint."""
        raise NotImplementedError

    def refuse_move(self, form, field: str):
        """Moving something where others hold grants is giving them rights on it."""
        form.add_error(field, _("There, others would get rights on it that you do not hold yourself."))
        return self.render_to_response(self.get_context_data(form=form), status=403)

    def form_valid(self, form):
        try:
            with transaction.atomic():
                return self.save(form)
        except IntegrityError:  # the form had found the name free: somebody was quicker
            form.add_error(None, _("Somebody else has just taken this name or number. Please choose another."))
            return self.render_to_response(self.get_context_data(form=form), status=409)

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)


class ProductWriteMixin(WriteMixin):
    model = Product
    form_class = ProductForm
    template_name = "catalog/product_form.html"


class ProductCreateView(ProductWriteMixin, CreateView):
    permission_required = "catalog.add_product"

    def get_initial(self):
        return {"category": self.request.GET.get("category", "")[:20]}

    def save(self, form):
        user = self.request.user
        access.require_add(user, form.instance)
        form.instance.record_change(user)
        self.object = form.save()
        if not access.allows(user, "catalog.change_product", self.object):
            # Added under a grant on the category: what one has made, one may go on with.
            for permission in ("catalog.view_product", "catalog.change_product"):
                assign_perm(permission, user, self.object)
        messages.success(self.request, _("“%(title)s” is added.") % {"title": self.object})
        return redirect(self.object)


class ProductUpdateView(ProductWriteMixin, UpdateView):
    permission_required = "catalog.change_product"

    def save(self, form):
        stored = self.write_guard(self.object)
        if stored.version != form.cleaned_data["version"]:
            return self.conflict(form, stored)
        if "category" in form.changed_data and not access.may_move(self.request.user, stored, form.instance.category):
            return self.refuse_move(form, "category")
        form.instance.version = stored.version
        form.instance.record_change(self.request.user)
        self.object = form.save()
        access.require(self.request.user, "catalog.view_product", self.object)
        if stored.picture != self.object.picture:
            discard_after_commit(stored.picture)
        messages.success(self.request, _("“%(title)s” is saved.") % {"title": self.object})
        return redirect(self.object)

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


class DeleteGuardMixin(ObjectAccessMixin):
    def form_valid(self, form):
        self.write_guard(self.object)
        name = str(self.object)
        try:
            response = super().form_valid(form)
        except ProtectedError:
            context = self.get_context_data(form=form, error=_("It is not empty: move or delete what is inside first."))
            return self.render_to_response(context, status=409)
        messages.success(self.request, _("“%(name)s” is deleted.") % {"name": name})
        return response


class ProductDeleteView(DeleteGuardMixin, DeleteView):
    permission_required = "catalog.delete_product"
    model = Product
    template_name = "catalog/confirm_delete.html"
    success_url = reverse_lazy("catalog:product-list")

    def form_valid(self, form):
        discard_after_commit(self.object.picture)
        return super().form_valid(form)


@open_to_visitors
class ProductPictureView(ObjectAccessMixin, DetailView):
    """The uploaded picture, to whoever may see the product now: the browser asks again each time."""

    permission_required = "catalog.view_product"
    queryset = Product.objects.only("picture")

    def get(self, request, *args, **kwargs):
        picture = self.get_object().picture
        if not picture or not picture.storage.exists(picture.name):
            raise Http404
        etag = quote_etag(picture.name.rpartition("/")[2])
        response = get_conditional_response(request, etag=etag) or FileResponse(
            picture.open(), content_type="image/webp"
        )
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = "private, no-cache"
        return response


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

    def post(self, request, *args, **kwargs):
        if "pk" in self.kwargs:
            self.get_object()  # the door, before anything is locked
        access.hold(request.user)
        Category.objects.hold_tree()
        return super().post(request, *args, **kwargs)

    def save(self, form):
        stored = self.write_guard(self.object)
        parent = form.instance.parent
        if stored and "parent" in form.changed_data and not access.may_move(self.request.user, stored, parent):
            return self.refuse_move(form, "parent")
        self.object = form.save()
        messages.success(self.request, _("“%(name)s” is saved.") % {"name": self.object})
        return redirect(self.object)


class CategoryCreateView(CategoryWriteMixin, CreateView):
    permission_required = "catalog.add_category"


class CategoryUpdateView(CategoryWriteMixin, UpdateView):
    permission_required = "catalog.change_category"


class CategoryDeleteView(DeleteGuardMixin, DeleteView):
    permission_required = "catalog.delete_category"
    model = Category
    template_name = "catalog/confirm_delete.html"
    success_url = reverse_lazy("catalog:category-list")


class ShareView(ShareableDetailView):
    """Set what one person or role may do with one object. The panel itself is on the object's page."""

    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        form = share_form(self.object, request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(share_form=form), status=422)
        principal, rights = form.cleaned_data["principal"], form.cleaned_data["rights"]
        try:
            shares.grant(actor=request.user, obj=self.object, principal=principal, permissions=rights)
        except ObjectDoesNotExist as error:  # deleted while the page was open
            raise Http404 from error
        except NotYours as error:
            form.add_error("rights", error.message)
            return self.render_to_response(self.get_context_data(share_form=form), status=403)
        except NoLongerMember as error:
            form.add_error("principal", error.message)
            return self.render_to_response(self.get_context_data(share_form=form), status=409)
        text = _("Shared with %(who)s.") if rights else _("No longer shared with %(who)s.")
        messages.success(request, text % {"who": principal})
        return redirect(self.object)


class ProductShareView(ShareView):
    permission_required = "catalog.share_product"
    queryset = ProductDetailView.queryset
    template_name = ProductDetailView.template_name


class CategoryShareView(ShareView):
    permission_required = "catalog.share_category"
    queryset = CategoryDetailView.queryset
    template_name = CategoryDetailView.template_name


def share_form(obj, data=None) -> ShareForm:
    names = shares.rights_of(type(obj))
    words = shares.words_for(names)
    return ShareForm(data, rights=[(name, words[name]) for name in names])
