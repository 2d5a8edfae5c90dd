"""Who is there, and whether the page says who may open it."""

import logging
from datetime import timedelta
from functools import lru_cache

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.middleware import LoginRequiredMiddleware, get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from tenants.problems import wants_problem
from tenants.schema import in_public, wrapper

from . import credentials, limits, refusals
from .exceptions import CredentialRefused, ProviderAway, SessionOver
from .flows import browsers
from .guards import guard_of, to_sign_in
from .models import ApiKey, User

logger = logging.getLogger(__name__)

WAYS_OUT = {"account_logout", "accounts:sign-out-at-provider", "rownd:session_sign_out"}
LAST_SEEN_STEP = timedelta(minutes=5)


class CredentialMiddleware:
    """Programs say who they are in a header, under `/api/` alone; see accounts/credentials.py.

    Sets `request.identity`. With a credential, `request.user` is its user, and no session is read or written:
    a cookie that comes along is as good as none. A bad one is answered here, whatever the address.

    Whose token it is is looked up before the view, or along with the rows that it asks for first. One that is open to
    all may never want to know (a person costs a statement and a commit, ten times the rest): there it is looked up when
    the view asks, and for every refusal.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.identity = request.credential = None
        if request.tenant is None or not wants_problem(request):
            return self.get_response(request)
        try:
            request.credential = credentials.present(request)
        except (CredentialRefused, ProviderAway) as refusal:
            return self.refuse(request, refusal)
        if request.credential is None:
            return self.get_response(request)
        self.set_identity(request, request.credential.identity)
        if request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None):
            request.session = SessionStore()
        response = self.get_response(request)
        if 400 <= response.status_code < 500:
            response = self.settle(request) or response
        self.note_use(request)
        return response

    def process_view(self, request, view, args, kwargs):
        rows_first = asks_for_rows_first(view, request.method)
        if not rows_first:
            wrapper().confirm_belief()  # a key was looked up before the view was known
        return None if is_for_anybody(view) else self.settle(request, may_be_remembered=rows_first)

    def process_exception(self, request, exception):
        """An open view asked who is there."""
        return self.settle(request) if isinstance(exception, CredentialRefused | ProviderAway) else None

    def settle(self, request, *, may_be_remembered=False):
        """Look up whose credential it is. The answer to one who may not come in; None for others, and without one."""
        if request.credential is None:
            return None
        try:
            self.set_identity(request, request.credential.settle(may_be_remembered=may_be_remembered))
        except (CredentialRefused, ProviderAway) as refusal:
            request.credential = request.identity = None
            request.user = AnonymousUser()
            return self.refuse(request, refusal)

    def set_identity(self, request, identity) -> None:
        request.identity, request.user = identity, identity.user

    def refuse(self, request, refusal: CredentialRefused | ProviderAway):
        wrapper().confirm_belief()  # nothing is noted or counted of a credential that may be a good one by now
        if isinstance(refusal, ProviderAway):
            return refusals.ask_again(request, refusal)
        return refusals.answer(request, refusal)

    def note_use(self, request) -> None:
        """Afterwards, as with MemberMiddleware, and in the same steps."""
        if request.identity is None or (key := request.identity.key) is None:
            return
        now = timezone.now()
        if key.last_used_at is None or key.last_used_at < now - LAST_SEEN_STEP:
            used = ApiKey.objects.filter(pk=key.pk)
            used.update(last_used_at=now, last_used_from=limits.client_address(request))


@lru_cache(maxsize=1024)
def is_for_anybody(view) -> bool:
    """A view of ours that is open to all, which it says for good. Those of libraries (LIBRARY_VIEWS) are not meant."""
    return (guard_of(view, None) or "").startswith("open:")


def asks_for_rows_first(view, method: str) -> bool:
    """Is this a reading action that its view declares in `rows_first` (accounts/api/viewsets.py)?"""
    action = getattr(view, "actions", {}).get(method.lower())
    return action is not None and action in getattr(view.cls, "rows_first", ())


class MemberMiddleware:
    """A session counts only in the tenant it was opened in, as long as that goes on; with an identity provider's
    tokens, as long as they do (accounts/flows/browsers.py). "Last seen" moves in steps of five minutes.

    Whoever signs out takes what the browser kept of the pages with him: "back" on a shared machine shows none.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.identity:  # came by a header
            return self.get_response(request)
        came_signed_in = self.is_signed_in(request)
        try:
            self.recognise(request)
        except ProviderAway as error:
            return refusals.ask_again(request, error)
        response = self.get_response(request)
        # Afterwards, since it locks the person's row: two owners demoting each other would wait in a circle.
        if self.is_signed_in(request):
            self.note_seen(request.user)
        elif came_signed_in and SESSION_KEY not in request.session:  # else he is set aside, for now
            response["Clear-Site-Data"] = '"cache"'
        return response

    def recognise(self, request) -> None:
        """Set `request.identity`, or sign out a session that is over. Under `/api/` raises ProviderAway."""
        if not self.is_signed_in(request):
            return
        request.user = get_user(request)  # himself, no longer to be looked up: what he remembers may change below
        try:
            request.identity = browsers.identity_of(request)
        except CredentialRefused as refusal:
            self.sign_out(request, refusal)
        except ProviderAway as error:
            if wants_problem(request):
                raise
            self.set_aside(request, error)

    def sign_out(self, request, refusal: CredentialRefused) -> None:
        """Kindly: what is open to visitors opens still, and the rest leads to the sign-in page and back."""
        if isinstance(refusal, SessionOver):
            logger.info("A session is over: %s.", refusal.reason)
        else:
            with in_public():  # a token that was good, and is somebody else's here
                refusals.note(request, refusal)
        logout(request)
        if not wants_problem(request):  # which never makes a session
            messages.info(request, refusal.message if isinstance(refusal, SessionOver) else SessionOver.message)

    def set_aside(self, request, error: ProviderAway) -> None:
        """For now a visitor, whose session is kept. Where one must be signed in, the page says who does not answer."""
        request.set_aside, request.user, request.provider_away = request.user, AnonymousUser(), error

    def process_view(self, request, view, args, kwargs):
        """Signing out waits for nobody's answer."""
        if getattr(request, "provider_away", None) and request.resolver_match.view_name in WAYS_OUT:
            request.user = request.set_aside

    def is_signed_in(self, request) -> bool:
        return request.tenant is not None and request.user.is_authenticated

    def note_seen(self, user) -> None:
        now = timezone.now()
        if user.last_seen is None or user.last_seen < now - LAST_SEEN_STEP:
            User.objects.filter(pk=user.pk).update(last_seen=now)


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Visitors are sent to the sign-in page from every view that is not marked as open."""

    def process_view(self, request, view_func, view_args, view_kwargs):
        """As Django's, but for the order: where it does not matter who is there, nobody is looked up."""
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

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
