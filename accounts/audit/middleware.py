"""Who is asking, for every line that is written meanwhile; and the lines about what was refused."""

from django.core.exceptions import PermissionDenied

from accounts import access
from accounts.guards import guard_of

from . import context, trail


class AuditMiddleware:
    """Stands after authentication, so that what never reached a view (a forged request, a bad token) leaves no line.

    The view runs in a savepoint of the request's transaction, and this outside of it: a refusal is logged
    although all that the view wrote is rolled back.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.audit_refused = None
        with context.answering(request) as source:
            response = self.get_response(request)
            if request.tenant is not None:
                if request.audit_refused is not None and response.status_code == 403:
                    note_refusal(request)
                for write in source.afterwards:
                    write()
        return response

    def process_view(self, request, view, args, kwargs):
        request.audit_refused = ""

    def process_exception(self, request, exception):
        if isinstance(exception, PermissionDenied):
            request.audit_refused = str(exception)


def note_refusal(request) -> None:
    """One line for a request that somebody known was refused. Visitors are sent to sign in, or get 401."""
    if not request.user.is_authenticated:
        return
    match = request.resolver_match
    permission = request.audit_refused or asked_for(match, request.method)
    detail = f"{request.method} {match.view_name}: {permission}"
    trail.note("permission_refused", refused_object(permission, match.kwargs.get("pk")), detail=detail)


def asked_for(match, method: str) -> str:
    """The permission that the view declares for this method."""
    actions = getattr(match.func, "actions", None)
    if actions:
        return match.func.cls.permissions.get(actions.get(method.lower()), "")
    return guard_of(match.func, match.view_name) or ""


def refused_object(permission: str, pk):
    """What it was about. He may see it, or he would have been told that there is nothing."""
    try:
        model = access.model_of(permission)
        return model._base_manager.filter(pk=pk).first() if pk is not None else None
    except (LookupError, ValueError):
        return None
