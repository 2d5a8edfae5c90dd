"""What a support visit may do in a request, and the line that it leaves in the customer's log."""

from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.utils.translation import gettext as _

from tenants.problems import problem, wants_problem

from .audit import trail
from .flows import support
from .guards import guard_of
from .models import SupportVisit, User
from .roles import VISIT_READS, VISIT_WRITES
from .texts import INVISIBLE

READING = ("GET", "HEAD", "OPTIONS", "TRACE")
# The two things that a visitor may do for himself.
WAYS_OUT = {"accounts:support-leave", "account_logout"}


class VisitMiddleware:
    """Ask at every request whether the visit still runs, and say how far it reaches: `request.support_visit`.

    A visitor whose visit is over is signed out and told so. While it runs each answer is one line in the
    audit log, written outside of the view's savepoint: a page that was refused or broke is logged as well,
    and a page that cannot be logged is not shown.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.support_visit = None
        if request.tenant is None or came_by_token(request) or not is_support(request.user):
            return self.get_response(request)
        visit = support.running_visit(
            visitor=request.user,
            number=request.session.get(support.SESSION_VISIT),
            writes=request.method not in READING,
        )
        if visit is None:
            return show_out(request)
        request.support_visit = visit
        request.user.limits = VISIT_WRITES if visit.running_pass else VISIT_READS
        response = self.get_response(request)
        note_page(request, visit, response.status_code)
        return response

    def process_view(self, request, view, args, kwargs):
        """Refuse what no permission guards, and writing without a pass.

        The former are one's own pages, the admin site, and writing at the doors of visitors. Programs get
        no pass: what support changes it changes on pages, where the banner is.
        """
        if request.support_visit is None:
            return
        name = request.resolver_match.view_name
        guard = guard_of(view, name)
        if guard is None or name in WAYS_OUT:
            return
        writes = request.method not in READING
        kind, is_no_permission, _reason = guard.partition(":")
        if is_no_permission and (writes or kind != "open"):
            raise PermissionDenied(f"support visit: {guard}")
        if writes and (wants_problem(request) or not request.support_visit.running_pass):
            raise PermissionDenied("support visit: reads only")


def came_by_token(request) -> bool:
    """No token is a visitor's (accounts/flows/recognise.py): so nobody is looked up to find that out."""
    return request.identity is not None and request.identity.through == "token"


def is_support(user) -> bool:
    return user.is_authenticated and user.kind == User.Kind.SUPPORT


def show_out(request):
    """The visit is over, however it ended. What is shown next is a stranger's."""
    logout(request)
    if wants_problem(request):
        return problem(request, 403, detail=_("The support visit has ended."))
    return render(request, "accounts/support_ended.html", status=403)


def note_page(request, visit: SupportVisit, status: int) -> None:
    trail.note("page_seen", visit, detail=f"{request.method} {shown_path(request)} → {status}"[:500])


def shown_path(request) -> str:
    """The path without what may be a secret: no query, and of its parts that vary only numbers."""
    match = request.resolver_match
    path = INVISIBLE.sub("…", request.path)
    for value in match.kwargs.values() if match else ():
        if not str(value).isdecimal():
            path = path.replace(str(value), "…")
    return path
