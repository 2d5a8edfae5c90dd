"""What every list, form and action of the admin site stands on: the door decides, the flows write.

The library asks `has_…_permission`; here that is `accounts.access`. Rows that one may not view do not exist
(404), what one may see and not do is 403. Nothing here saves or deletes a row: `write` and `erase` call the
same flows as the pages, under the same locks, and leave their lines in the same audit log.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.exceptions import AccountsError
from accounts.search import LONGEST_QUERY

from .erasing import PER_PAGE, ErasingMixin
from .forms import DoorForm
from .history import HistoryMixin

MOST_COUNTED = 10_000
SECURITY = _("Security")


class CappedPaginator(Paginator):
    """Counts no further than MOST_COUNTED: a full count of a large table takes longer than the page itself."""

    @cached_property
    def count(self) -> int:
        return self.object_list[:MOST_COUNTED].count()


class SteadyAutocomplete(AutocompleteSelect):
    """Shows nothing for a value that is no key. The library's own asks the database for it and fails."""

    def optgroups(self, name, value, attr=None):
        return super().optgroups(name, [key for key in value if str(key).isdecimal()], attr)


class DoorAdmin(ErasingMixin, HistoryMixin, admin.ModelAdmin):
    """A model behind the door.

    `edited` are the fields of the form, `facts` are shown beside them, `viewed` is what somebody sees who may
    not change the row. `lookups` are the only query parameters that filter the list besides `list_filter`.
    """

    form = DoorForm
    edited: list[str] = []
    facts: list[str] = []
    viewed: list[str] = []
    lookups: tuple[str, ...] = ()
    singular: Any = None
    plural: Any = None
    section = _("Other")

    view_on_site: Any = False
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    list_per_page = PER_PAGE
    list_max_show_all = 0
    save_as = False

    def __init__(self, model, admin_site):
        super().__init__(model, admin_site)
        self.singular = self.singular or model._meta.verbose_name
        self.plural = self.plural or model._meta.verbose_name_plural

    # --- Routes ---------------------------------------------------------------------------------

    def get_urls(self):
        """The library's, less the short form of an address, and each with the right that opens it."""
        return [
            self.route("", self.changelist_view, "changelist", "view"),
            self.route("add/", self.add_view, "add", "add"),
            self.route("<str:object_id>/history/", self.history_view, "history", "view"),
            self.route("<str:object_id>/delete/", self.delete_view, "delete", "delete"),
            self.route("<str:object_id>/change/", self.change_view, "change", "view"),
        ]

    def route(self, address: str, view, name: str, action: str):
        wrapped = self.admin_site.admin_view(view)
        wrapped.permission_required = access.permission_for(self.model, action)
        return path(address, wrapped, name=f"{self.opts.app_label}_{self.opts.model_name}_{name}")

    # --- Questions ------------------------------------------------------------------------------

    def may(self, request, action: str, obj: models.Model | None = None) -> bool:
        """May he do it to `obj`; without one: to any row at all?"""
        permission = access.permission_for(self.model, action)
        if obj is not None or not issubclass(self.model, access.Shareable):
            return access.allows(request.user, permission, obj)
        rows = access.narrow(self.model._default_manager.all(), request.user, permission)
        return access.allows(request.user, permission) or rows.exists()

    def has_view_permission(self, request, obj=None):
        if obj is None:
            return access.may_list(request.user, access.view_permission(self.model))
        return self.may(request, "view", obj)

    def has_add_permission(self, request):
        return access.may_add(request.user, access.add_permission(self.model))

    def has_change_permission(self, request, obj=None):
        return self.may(request, "change", obj)

    def has_delete_permission(self, request, obj=None):
        return self.may(request, "delete", obj)

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def get_queryset(self, request):
        return self.narrowed(request, super().get_queryset(request))

    def narrowed(self, request, queryset):
        return access.narrow(queryset, request.user, access.view_permission(self.model))

    def get_object(self, request, object_id, from_field=None):
        """As the library's, but what is not there, or not for him, is 404 and no redirect."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        obj = super().get_object(request, object_id, from_field)
        if obj is None:
            raise Http404
        return obj

    def get_field_queryset(self, db, db_field, request):
        """The choices of a foreign key: rows on the other model's own list, none if it has no list."""
        try:
            related = self.admin_site.get_model_admin(db_field.remote_field.model)
        except NotRegistered:
            return db_field.remote_field.model._default_manager.none()
        return related.get_queryset(request)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Without the library's buttons beside a choice: each opens another form in a window of its own."""
        if db_field.many_to_one:
            return self.formfield_for_foreignkey(db_field, request, **kwargs)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = SteadyAutocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def lookup_allowed(self, lookup, value, request):
        """An allow-list. The library lets any column of the model be asked for, the password's hash included."""
        filtered = {
            f"{one}__exact" if isinstance(one, str) else getattr(one, "parameter_name", None)
            for one in self.list_filter
        }
        return lookup in filtered or lookup in self.lookups

    def to_field_allowed(self, request, to_field):
        return to_field in (self.opts.pk.name, self.opts.pk.attname)

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, search_term[:LONGEST_QUERY])

    # --- Forms ----------------------------------------------------------------------------------

    def get_fields(self, request, obj=None):
        if obj is None:
            return self.edited
        return [*self.edited, *self.facts] if self.has_change_permission(request, obj) else self.viewed

    def get_readonly_fields(self, request, obj=None):
        return self.facts if obj else []

    def get_form(self, request, obj=None, change=False, **kwargs):
        if change and not self.has_change_permission(request, obj):
            return super().get_form(request, obj, change, form=forms.ModelForm, **kwargs)
        if self.form._meta.fields is not None:
            kwargs["fields"] = self.form._meta.fields  # the columns that the form itself names, shown or not
        form = super().get_form(request, obj, change, **kwargs)
        told = {"actor": request.user, "refusal": getattr(request, "refusal", None)}
        return type(form)(form.__name__, (form,), told)

    def write(self, request, obj, form, change: bool) -> models.Model:
        """Call the flow; return what is stored now. Raises AccountsError, PermissionDenied, or that it is gone."""
        raise NotImplementedError

    def save_model(self, request, obj, form, change):
        stored = self.write(request, obj, form, change)
        vars(obj).update(vars(stored))  # the library goes on with the form's own object

    def response_add(self, request, obj, post_url_continue=None):
        return self.saved(request, obj)

    def response_change(self, request, obj):
        return self.saved(request, obj)

    def saved(self, request, obj):
        """Back to the list. The library's other ways on ("save and …", windows that pop up) are not offered."""
        self.message_user(request, _("“%(name)s” is saved.") % {"name": self.called(obj)}, messages.SUCCESS)
        return self.response_post_save_change(request, obj)

    def called(self, obj) -> str:
        """A row in one line."""
        return str(obj)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if "_saveasnew" in request.POST:
            raise BadRequest("Rows are not saved as new ones.")  # the library would, whatever `save_as` says
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except AccountsError as refusal:  # all of it is rolled back
            request.refusal = refusal
        except self.model.DoesNotExist as error:  # gone while the page was open
            raise Http404 from error
        return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context.update(
            self.words(request),
            title=_("Add %(name)s") % {"name": self.singular} if add else self.called(obj),
            subtitle=None,
            may_see_history=bool(obj) and self.may_see_history(request, obj),
            show_delete=False,  # stands above the form, by its own word
            show_save_and_add_another=False,
            show_save_and_continue=False,
        )
        response = super().render_change_form(request, context, add, change, form_url, obj)
        form = context["adminform"].form
        response.status_code = form.status if isinstance(form, DoorForm) else 200
        return response

    def words(self, request) -> dict:
        """What our templates say: names, the way back, and what may be done besides."""
        trail = [(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"), capfirst(self.plural))]
        return {
            "crumbs": trail,
            "singular": self.singular,
            "erase_word": self.erase_word,
        }

    # --- Lists --------------------------------------------------------------------------

    def changelist_view(self, request, extra_context=None):
        words = self.words(request)
        if request.method == "POST" and request.POST.get("action") not in ("", *self.get_actions(request)):
            raise PermissionDenied  # the library says "no action selected"
        return super().changelist_view(request, {**words, "crumbs": [], "title": capfirst(self.plural)})


class ReadOnlyAdmin(DoorAdmin):
    """Rows to look at."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
