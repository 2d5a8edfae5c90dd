"""The frame of the admin site: who gets in, and the few pages that belong to no model."""

from functools import update_wrapper

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponseNotAllowed
from django.urls import include, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.guards import open_to_all

METHODS = ("GET", "HEAD", "POST")


@open_to_all("leads to our own sign-in page")
def to_our_sign_in(request):
    """The library has a sign-in page of its own, without second factor and without limits: this takes its place."""
    wanted = request.GET.get("next", "")
    inside = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return redirect_to_login(wanted if inside else reverse("admin:index"), settings.LOGIN_URL)


class OwnChoicesView(AutocompleteJsonView):
    """The library's looks any relation up, the way back included, and fails there: only what a form here asks for."""

    def process_request(self, request):
        asked = request.GET.get("app_label", ""), request.GET.get("model_name", ""), request.GET.get("field_name", "")
        offered = {
            (model._meta.app_label, model._meta.model_name, name)
            for model, model_admin in self.admin_site._registry.items()
            for name in model_admin.get_autocomplete_fields(request)
        }
        if asked not in offered:
            raise PermissionDenied
        return super().process_request(request)


class TenantAdminSite(admin.AdminSite):
    """Django's admin without the routes that go past the door.

    Gone are its sign-in, sign-out and password pages (ours do that), the shortcut `r/<type>/<key>/`, which
    tells of any row that it exists, the indexes by app and the catch-all. Each route that is left declares
    a guard (accounts/guards.py); one that a model's admin adds without is a start-up error.
    """

    site_title = _("Admin")
    index_title = _("What you may manage")

    def __init__(self, name="admin"):
        super().__init__(name)
        self.disable_action("delete_selected")  # DoorAdmin has one that asks row by row

    def has_permission(self, request) -> bool:
        return request.user.is_active and request.user.is_staff

    def admin_view(self, view, cacheable=False):
        """Signed in is not enough: 403 for whoever holds no role that opens the admin site."""
        inner = super().admin_view(view, cacheable)

        def behind_the_door(request, *args, **kwargs):
            if request.method not in METHODS:
                return HttpResponseNotAllowed(METHODS)
            if not self.has_permission(request):
                raise PermissionDenied
            if "\0" in "".join(text for values in request.GET.lists() for text in (values[0], *values[1])):
                raise BadRequest("A zero byte, which no text in the database holds.")
            return inner(request, *args, **kwargs)

        return update_wrapper(behind_the_door, view)

    def get_urls(self):
        return [
            path("", self.staff(self.index, "the index of what one may do"), name="index"),
            path("login/", to_our_sign_in, name="login"),
            path("jsi18n/", self.staff(self.i18n_javascript, "words of the admin's scripts"), name="jsi18n"),
            path(
                "autocomplete/", self.staff(self.autocomplete_view, "asks the door of the model"), name="autocomplete"
            ),
            *(
                path(f"{model._meta.app_label}/{model._meta.model_name}/", include(model_admin.urls))
                for model, model_admin in self._registry.items()
            ),
        ]

    def staff(self, view, why: str):
        """The view as a route for staff: any role that opens the admin site."""
        wrapped = self.admin_view(view)
        wrapped.guard = f"staff: {why}"
        return wrapped

    def autocomplete_view(self, request):
        return OwnChoicesView.as_view(admin_site=self)(request)

    def get_app_list(self, request, app_label=None):
        """What one may open, by section: the library's shape, in our order and by our names."""
        sections: dict[str, list[dict]] = {}
        for model, model_admin in self._registry.items():
            if model_admin.has_module_permission(request):
                sections.setdefault(model_admin.section, []).append(self.line(request, model, model_admin))
        return [{"name": section, "models": lines} for section, lines in sections.items()]

    def line(self, request, model, model_admin) -> dict:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        may_add = model_admin.has_add_permission(request)
        return {
            "name": capfirst(model_admin.plural),
            "admin_url": reverse(f"{name}_changelist"),
            "add_url": reverse(f"{name}_add") if may_add else None,
        }
