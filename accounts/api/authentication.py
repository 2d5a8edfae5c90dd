"""Who asks: the credential that `accounts.middleware` has verified, or the browser's session with its CSRF token."""

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import PermissionDenied

from accounts.identity import Identity


class CredentialAuthentication(BaseAuthentication):
    """The API verifies nothing itself. A refused credential was answered with 401 before any view."""

    def authenticate(self, request):
        """(user, identity), or None for a visitor. Raises PermissionDenied for a session's write without its token."""
        inner = request._request
        identity = getattr(inner, "identity", None)
        if identity and identity.through != "session":
            return identity.user, identity
        if not inner.user.is_authenticated:
            return None
        self.demand_csrf_token(inner)
        return inner.user, identity or Identity("session", inner.user)

    def demand_csrf_token(self, request) -> None:
        """A browser sends its cookie with every request, whoever has written the page it comes from."""
        check = CSRFCheck(lambda _request: None)
        check.process_request(request)
        if check.process_view(request, None, (), {}):
            raise PermissionDenied(_("A request by session needs its CSRF token in X-CSRFToken."))

    def authenticate_header(self, request):
        return 'Bearer error="invalid_token"'
