"""Who is there, and whether the page says who may open it."""

from datetime import timedelta

from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from tenants.schema import current_schema

from .guards import guard_of, to_sign_in
from .models import User
from .receivers import SESSION_TENANT

LAST_SEEN_STEP = timedelta(minutes=5)


class MemberMiddleware:
    """A session counts only in the tenant it was opened in; "last seen" moves in steps of five minutes.

    Whoever signs out takes what the browser kept of the pages with him: "back" on a shared machine shows none.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if self.is_signed_in(request) and request.session.get(SESSION_TENANT) != current_schema():
            logout(request)
        came_signed_in = self.is_signed_in(request)
        response = self.get_response(request)
        # Afterwards, since it locks the person's row: two owners demoting each other would wait in a circle.
        if self.is_signed_in(request):
            self.note_seen(request.user)
        elif came_signed_in:
            response["Clear-Site-Data"] = '"cache"'
        return response

    def is_signed_in(self, request) -> bool:
        return request.tenant is not None and request.user.is_authenticated

    def note_seen(self, user) -> None:
        now = timezone.now()
        if user.last_seen is None or user.last_seen < now - LAST_SEEN_STEP:
            User.objects.filter(pk=user.pk).update(last_seen=now)


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Visitors are sent to the sign-in page from every view that is not marked as open."""

    def handle_no_permission(self, request, view_func):
        return to_sign_in(request)


class GuardMiddleware:
    """The start-up check once more, at the door: a view that declares no guard is not called."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if guard_of(view, request.resolver_match.view_name) is None:
            raise ImproperlyConfigured(f"{request.resolver_match.route} declares no guard.")
