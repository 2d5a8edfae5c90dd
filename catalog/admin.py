"""Products and categories on the admin site, and the grants on them. Forms and flows are those of the pages."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DoorAdmin
from accounts.admin.forms import DoorForm
from accounts.admin.grants import PersonGrantAdmin, RoleGrantAdmin

from .filters import ProductFilter
from .flows import categories, products
from .forms import CategoryForm, ProductForm
from .models import Category

CATALOGUE = _("Catalogue")
SHARING = _("Sharing")


class ProductAdminForm(DoorForm, ProductForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, user=self.actor, **kwargs)


class CategoryAdminForm(DoorForm, CategoryForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, user=self.actor, **kwargs)


class CategoryListFilter(admin.SimpleListFilter):
    """Categories that one may see, each with what lies below it. The library's own would name all of them."""

    title = _("category")
    parameter_name = "category"

    def lookups(self, request, model_admin):
        return [(row.pk, row.path_for(request.user)) for row in Category.objects.for_user(request.user)]

    def has_output(self):
        """The library leaves out a filter without choices, and what was asked of it."""
        return self.value() is not None or super().has_output()

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        chosen = ProductFilter({"category": self.value()}, queryset=queryset, user=request.user)
        return chosen.qs if chosen.is_valid() else queryset.none()


class ProductAdmin(DoorAdmin):
    section = CATALOGUE
    form = ProductAdminForm
    edited = [
        "title",
        "category",
        "price",
        "status",
        "sku",
        "description",
        "upload",
        "remove_picture",
        "picture_url",
        "version",
    ]
    facts = ["created_by", "created_at", "changed_by", "changed_at"]
    viewed = ["title", "category", "price", "status", "sku", "description", *facts]
    list_display = ["title", "sku", "category", "status", "price", "changed_at"]
    list_select_related = ["category"]
    list_filter = ["status", CategoryListFilter]
    search_fields = ["title"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("search")

    def get_fields(self, request, obj=None):
        """Without the tick to remove a picture that is not there, as the form has it."""
        fields = super().get_fields(request, obj)
        return fields if obj and obj.picture else [name for name in fields if name != "remove_picture"]

    def get_search_results(self, request, queryset, search_term):
        return queryset.matching(search_term), False

    def view_on_site(self, obj):
        return obj.get_absolute_url()

    def write(self, request, obj, form, change):
        if not change:
            return products.add(actor=request.user, fields=form.changes())
        version = form.cleaned_data["version"]
        return products.change(actor=request.user, product=obj, changes=form.changes(), version=version)

    def erase(self, request, obj):
        products.delete(actor=request.user, product=obj)


class CategoryAdmin(DoorAdmin):
    section = CATALOGUE
    form = CategoryAdminForm
    edited = ["name", "parent"]
    viewed = ["name", "parent"]
    list_display = ["place", "slug"]
    ordering = ["path_name", "pk"]
    search_fields = ["name"]

    def get_list_display(self, request):
        """The place in the tree as this person may know it: see Category.path_for."""

        @admin.display(description=_("name"), ordering="path_name")
        def place(category):
            return category.path_for(request.user)

        return [place, "slug"]

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        if categories.may_choose_parent(request.user):
            return fields
        return [name for name in fields if name != "parent"]

    def view_on_site(self, obj):
        return obj.get_absolute_url()

    def write(self, request, obj, form, change):
        if not change:
            return categories.add(actor=request.user, fields=form.changes())
        return categories.change(actor=request.user, category=obj, changes=form.changes())

    def erase(self, request, obj):
        categories.delete(actor=request.user, category=obj)


class ProductPersonGrantAdmin(PersonGrantAdmin):
    section = SHARING
    singular, plural = _("product shared with a person"), _("products shared with people")


class ProductRoleGrantAdmin(RoleGrantAdmin):
    section = SHARING
    singular, plural = _("product shared with a role"), _("products shared with roles")


class CategoryPersonGrantAdmin(PersonGrantAdmin):
    section = SHARING
    singular, plural = _("category shared with a person"), _("categories shared with people")


class CategoryRoleGrantAdmin(RoleGrantAdmin):
    section = SHARING
    singular, plural = _("category shared with a role"), _("categories shared with roles")
