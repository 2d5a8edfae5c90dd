"""Every view says who may open it; a view that says nothing is an error when the site starts.

A guard is one of these:
- `permission_required` on a class with `ObjectAccessMixin`: the door decides, row by row;
- `permissions`, one an action, on an endpoint of the API (accounts/api/viewsets.py): the same;
- `staff: why` on a view of the admin site (accounts/admin/site.py): who holds a role that opens it;
- `@members_only("why")`: any member, whatever his role;
- `@open_to_all("why")`: visitors too.
The views of libraries cannot be decorated, so they are named in LIBRARY_VIEWS, each with its reason.

Source: docs/decisions/0004-one-door.md
"""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.decorators import method_decorator

from tenants.middleware import try_later

from . import access

LIBRARY_VIEWS = {
    "account_login": "open: signing in",
    "account_logout": "open: asks a visitor to sign in; signs out by POST",
    "account_inactive": "open: says that an account is deactivated",
    "account_signup": "open: says that accounts come by invitation",
    "account_email_verification_sent": "open: says that a confirmation was sent",
    "account_confirm_email": "open: the key in the address is the proof",
    "account_reset_password": "open: asks for an address, answers the same for any",
    "account_reset_password_done": "open: says that mail was sent",
    "account_reset_password_from_key": "open: the key in the address is the proof",
    "account_reset_password_from_key_done": "open: says that the password was changed",
    "mfa_authenticate": "open: the second step of signing in",
    "mfa_login_webauthn": "open: signing in with a passkey",
    "account_confirm_login_code": "open: signing in with a code that was mailed",
    "account_reauthenticate": "members: proves again who is there",
    "account_change_password": "members: one's own password",
    "account_set_password": "members: one's own password",
    "account_email": "members: one's own addresses",
    "mfa_index": "members: one's own second factors",
    "mfa_activate_totp": "members: one's own second factors",
    "mfa_deactivate_totp": "members: one's own second factors",
    "mfa_view_recovery_codes": "members: one's own second factors",
    "mfa_generate_recovery_codes": "members: one's own second factors",
    "mfa_download_recovery_codes": "members: one's own second factors",
    "mfa_list_webauthn": "members: one's own passkeys",
    "mfa_add_webauthn": "members: one's own passkeys",
    "mfa_edit_webauthn": "members: one's own passkeys",
    "mfa_remove_webauthn": "members: one's own passkeys",
    "mfa_reauthenticate": "members: proves again who is there",
    "mfa_reauthenticate_webauthn": "members: proves again who is there",
    "usersessions_list": "members: one's own sessions",
    "app:login": "open: signing in",
    "app:second-factor": "open: the second step of signing in",
    "app:session": "open: says who is signed in, and signs out",
    "app:refresh": "open: the refresh token is the proof",
}


def open_to_visitors(view):
    """Decorate a view behind the door that visitors may open while the tenant's catalogue is public."""
    return method_decorator(login_not_required, name="dispatch")(view)


def open_to_all(reason: str):
    """Decorate a view that visitors may open."""
    return _declare(f"open: {reason}", login_not_required)


def members_only(reason: str):
    """Decorate a view that every signed-in member may open, whatever his role."""
    return _declare(f"members: {reason}")


def _declare(guard: str, mark=None):
    def decorate(view):
        if mark and isinstance(view, type):
            # method_decorator makes a dispatch of the class's own; marking View's would open every view.
            view = method_decorator(mark, name="dispatch")(view)
        elif mark:
            view = mark(view)
        view.guard = guard
        return view

    return decorate


def to_sign_in(request):
    """Send a visitor to the sign-in page and back here. An htmx request is told to go as a whole page.

    Whose session waits for an identity provider that does not answer is told that: signing in needs it, too.
    """
    if getattr(request, "provider_away", None):
        return try_later(render(request, "accounts/provider_away.html", status=503), seconds=10)
    if not request.htmx:
        return redirect_to_login(request.get_full_path())
    try:
        here = request.htmx.current_url_abs_path
    except ValueError:  # the header holds no address
        here = None
    there = redirect_to_login(here or "/")
    return HttpResponse(status=401, headers={"HX-Redirect": there["Location"]})


class ObjectAccessMixin:
    """A generic view behind the door: 404 for what the user may not see, 403 for what he may not do.

    Declare `permission_required`, one name in full. Lists and objects come from rows that the user may
    view; an object is then asked about for the permission itself, in every method that fetches it, and
    anew, under a lock, before a write (`write_guard`).
    """

    permission_required: str
    # What browsers send. Django's DeleteView would also take DELETE, past `form_valid` and its guard.
    http_method_names = ["get", "head", "options", "post"]

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_anonymous and not access.catalogue_is_public():
            return to_sign_in(request)
        if not self.has_permission():
            raise PermissionDenied(self.permission_required)
        return super().dispatch(request, *args, **kwargs)

    def has_permission(self) -> bool:
        """May the user open this page at all? Asked before any row is fetched."""
        return access.may_try(self.request.user, self.permission_required)

    def get_queryset(self):
        queryset = super().get_queryset()
        return access.narrow(queryset, self.request.user, access.view_permission(queryset.model))

    def get_object(self, queryset=None):
        obj = super().get_object(queryset)
        access.require(self.request.user, self.permission_required, obj)
        return obj

    def write_guard(self, obj=None):
        """The permission once more, under locks: first in whatever writes. Returns the row as it is stored now.

        Raises PermissionDenied, and Http404 for a row that has gone meanwhile.
        """
        if obj is None:
            return access.require_for_write(self.request.user, self.permission_required)
        try:
            return access.stored_for_write(self.request.user, self.permission_required, obj)
        except ObjectDoesNotExist as error:
            raise Http404 from error


# --- The walk ---------------------------------------------------------------------------------------


def guard_of(view, name: str | None) -> str | None:
    """What the view declares: a permission, `open: why`, `members: why`, or None."""
    if actions := getattr(view, "actions", None):  # an endpoint of the API: one permission an action
        return getattr(view.cls, "guard", None) or _guard_of_actions(view.cls, actions)
    for declaring in (getattr(view, "view_class", view), getattr(view, "cls", view), view):
        declared = getattr(declaring, "permission_required", None) or getattr(declaring, "guard", None)
        if declared:
            return declared
    return LIBRARY_VIEWS.get(name or "")


def _guard_of_actions(endpoint, actions: dict[str, str]) -> str | None:
    """The permissions of a view set's actions, if each of them declares one."""
    declared = [endpoint.permissions.get(action) for action in actions.values()]
    return ", ".join(sorted(set(declared))) if all(declared) else None


def routes(urlconf: str) -> Iterator[tuple[str, str | None, object]]:
    """Every route of a URLconf, included ones too: (pattern, full name, view)."""
    yield from _walk(get_resolver(urlconf), "", [])


def _walk(resolver: URLResolver, prefix: str, namespaces: list[str]):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            name = ":".join([*namespaces, entry.name]) if entry.name else None
            yield prefix + str(entry.pattern), name, entry.callback
        else:
            yield from _walk(
                entry, prefix + str(entry.pattern), [*namespaces, *([entry.namespace] if entry.namespace else [])]
            )


def unguarded() -> list[str]:
    """The routes of all hosts that declare nothing."""
    return [
        f"{urlconf}: {pattern}"
        for urlconf in (settings.ROOT_URLCONF, settings.PLATFORM_URLCONF, settings.PUBLIC_SCHEMA_URLCONF)
        for pattern, name, view in routes(urlconf)
        if guard_of(view, name) is None
    ]


def refuse_to_start_unguarded() -> None:
    """Called by wsgi.py and asgi.py: an open door is not served. Raises ImproperlyConfigured."""
    if found := unguarded():
        raise ImproperlyConfigured("These views declare no guard (accounts/guards.py): " + "; ".join(found))
