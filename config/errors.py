"""The pages for when something is refused or broken: what happened, what to do next, and the request's id.

They say nothing of the inside, and ask the database nothing.
"""

from django.shortcuts import render


def bad_request(request, exception=None):
    return page(request, 400)


def permission_denied(request, exception=None):
    return page(request, 403)


def not_found(request, exception=None):
    return page(request, 404)


def server_error(request):
    return page(request, 500)


def csrf_failure(request, reason=""):
    return page(request, 403, "errors/csrf.html")


def page(request, status: int, template: str | None = None):
    return render(request, template or f"{status}.html", {"request_id": getattr(request, "id", "")}, status=status)
