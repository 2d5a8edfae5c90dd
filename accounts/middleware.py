"""Who is there, and whether the page says who may open it."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from tenants.problems import wants_problem
from tenants.schema import current_schema

from . import credentials, limits, refusals
from .exceptions import CredentialRefused, ProviderAway
from .guards import guard_of, to_sign_in
from .identity import Identity
from .models import ApiKey, User
from .receivers import SESSION_TENANT

LAST_SEEN_STEP = timedelta(minutes=5)


class CredentialMiddleware:
    """Programs say who they are in a header, under `/api/` alone; see accounts/credentials.py.

    Sets `request.identity`. With a credential, `request.user` is its user, and no session is read or written:
    a cookie that comes along is as good as none. A bad one is answered here, whatever the address.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.identity = None
        if request.tenant is None or not wants_problem(request):
            return self.get_response(request)
        try:
            request.identity = credentials.present(request)
        except CredentialRefused as refusal:
            return refusals.answer(request, refusal)
        except ProviderAway as error:
            return refusals.ask_again(request, error)
        if request.identity is None:
            return self.get_response(request)
        request.user = request.identity.user
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        request.session = SessionStore()
        response = self.get_response(request)
        self.note_use(request)
        return response

    def note_use(self, request) -> None:
        """Afterwards, as with MemberMiddleware, and in the same steps."""
        key, now = request.identity.key, timezone.now()
        if key and (key.last_used_at is None or key.last_used_at < now - LAST_SEEN_STEP):
            used = ApiKey.objects.filter(pk=key.pk)
            used.update(last_used_at=now, last_used_from=limits.client_address(request))


class MemberMiddleware:
    """A session counts only in the tenant it was opened in; "last seen" moves in steps of five minutes.

    Whoever signs out takes what the browser kept of the pages with him: "back" on a shared machine shows none.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.identity:  # came by a header
            return self.get_response(request)
        if self.is_signed_in(request) and request.session.get(SESSION_TENANT) != current_schema():
            logout(request)
        came_signed_in = self.is_signed_in(request)
        if came_signed_in:
            request.identity = Identity("session", request.user)
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
