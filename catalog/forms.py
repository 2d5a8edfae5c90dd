"""The border of the catalogue."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.forms import PictureAddressField, PlainTextField

from .flows import categories
from .models import Category, Product
from .pictures import clean_picture


class ProductForm(forms.ModelForm):
    """A product as one person may write it: `user` decides which categories are offered."""

    title = PlainTextField(label=_("Title"), max_length=50)
    sku = PlainTextField(label=_("SKU"), max_length=40, required=False, help_text=_("Your own article number."))
    upload = forms.FileField(
        label=_("Picture"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, up to 5 MB."),
    )
    remove_picture = forms.BooleanField(label=_("Remove the picture"), required=False)
    picture_url = PictureAddressField(label=_("or a picture's address"))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2_147_483_647)

    field_order = ["title", "category", "price", "status", "sku", "description", "upload", "picture_url", "version"]

    class Meta:
        model = Product
        fields = ["title", "description", "sku", "price", "picture_url", "status", "category"]
        widgets = {"description": forms.Textarea(attrs={"rows": 5})}

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = self.offered_categories(user)
        self.fields["category"].label_from_instance = lambda category: category.path_for(user)
        self.fields["version"].initial = self.instance.version
        if not self.instance.picture:
            del self.fields["remove_picture"]

    def offered_categories(self, user):
        """Those he may add to, and the one the product is in: staying there takes no new right."""
        offered = access.containers(user, Product)
        if self.instance.category_id:
            offered = offered | Category.objects.filter(pk=self.instance.category_id)
        return offered.distinct().order_by("path_name")

    def clean_upload(self):
        upload = self.cleaned_data["upload"]
        return clean_picture(upload) if upload else None

    def clean(self):
        cleaned = super().clean()
        if self.instance.pk and not cleaned.get("version"):
            raise ValidationError(_("Open the page again before saving: it does not say which version you changed."))
        if cleaned.get("upload") and cleaned.get("picture_url"):
            raise ValidationError({"picture_url": _("Upload a picture or give an address, not both.")})
        return cleaned

    def changes(self) -> dict:
        """What the flows write (catalog/flows/products.py)."""
        cleaned = self.cleaned_data
        changes = {name: cleaned[name] for name in self.Meta.fields if name != "category"}
        changes["category_id"] = cleaned["category"].pk
        if cleaned.get("upload"):
            changes["picture"] = cleaned["upload"]
        elif cleaned.get("remove_picture"):
            changes["picture"] = ""
        return changes


class CategoryForm(forms.ModelForm):
    """A category. Only those who may change every category may move one: moving extends its grants' reach."""

    name = PlainTextField(label=_("Name"), max_length=50)

    class Meta:
        model = Category
        fields = ["name", "parent"]

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        if not categories.may_choose_parent(user):
            del self.fields["parent"]
            return
        parents = Category.objects.for_user(user)
        if self.instance.pk:
            parents = parents.exclude(pk=self.instance.pk).exclude(ancestors__contains=[self.instance.pk])
        self.fields["parent"].queryset = parents
        self.fields["parent"].empty_label = _("— nothing, it stands at the top —")
        self.fields["parent"].label_from_instance = lambda category: category.path_name

    def _get_validation_exclusions(self):
        """A name must be free among its siblings, also where the form does not show the parent."""
        return super()._get_validation_exclusions() - {"parent"}

    def changes(self) -> dict:
        """What the flows write (catalog/flows/categories.py)."""
        changes = {"name": self.cleaned_data["name"]}
        if "parent" in self.cleaned_data:
            parent = self.cleaned_data["parent"]
            changes["parent_id"] = parent and parent.pk
        return changes
