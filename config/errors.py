"""What is answered when something is refused or broken: what happened, what to do next, and the request's id.

A page for people, problem details for programs (`/api/`).

They say nothing of the inside, and ask the database nothing.
"""

import sys

from django.db import OperationalError, connection, transaction
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from tenants.middleware import unavailable
from tenants.problems import problem, wants_problem


def bad_request(request, exception=None):
    return page(request, 400)


def permission_denied(request, exception=None):
    return page(request, 403)


def not_found(request, exception=None):
    return page(request, 404)


def server_error(request):
    """Called while what broke is being handled: a database that took too long, or went away, in one of the rooms before
    the view is 503, as it is in the view (TenantMiddleware).
    """
    if isinstance(sys.exc_info()[1], OperationalError):
        if connection.in_atomic_block:
            transaction.set_rollback(True)  # nothing can be asked in it any more
        return unavailable(request)
    return page(request, 500)


def csrf_failure(request, reason=""):
    return page(request, 403, "errors/csrf.html", _("A request by session needs its CSRF token in X-CSRFToken."))


def page(request, status: int, template: str | None = None, detail=""):
    """`detail` is for programs; the page's own words stand in its template."""
    if wants_problem(request):
        return problem(request, status, detail=detail)
    return render(request, template or f"{status}.html", {"request_id": getattr(request, "id", "")}, status=status)
