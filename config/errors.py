"""What is answered when something is refused or broken: what happened, what to do next, and the request's id.

A page for people, problem details for programs (`/api/`).

They say nothing of the inside, and ask the database nothing.
"""

from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from tenants.problems import problem, wants_problem


def bad_request(request, exception=None):
    return page(request, 400)


def permission_denied(request, exception=None):
    return page(request, 403)


def not_found(request, exception=None):
    return page(request, 404)


def server_error(request):
    return page(request, 500)


def csrf_failure(request, reason=""):
    return page(request, 403, "errors/csrf.html", _("A request by session needs its CSRF token in X-CSRFToken."))


def page(request, status: int, template: str | None = None, detail=""):
    """`detail` is for programs; the page's own words stand in its template."""
    if wants_problem(request):
        return problem(request, status, detail=detail)
    return render(request, template or f"{status}.html", {"request_id": getattr(request, "id", "")}, status=status)
