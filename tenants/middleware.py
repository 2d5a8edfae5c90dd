"""The host decides the tenant, and the tenant is bound to one transaction for the whole request."""

import logging
import re
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookieStore
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.core.exceptions import DisallowedHost
from django.core.handlers.exception import convert_exception_to_response
from django.db import DatabaseError, IntegrityError, InternalError, OperationalError, transaction
from django.http import HttpResponsePermanentRedirect
from django.http.request import split_domain_port
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .errors import note_error
from .exceptions import AnswerChanged, SchemaGone, StatementsLost, TenantChanged
from .fleet.state import is_behind
from .hosts import normalise, slug_of
from .known import KNOWN, find
from .models import Domain, FormerAddress, Tenant
from .postgresql.base import NO_TIMEOUT
from .problems import problem, wants_problem
from .schema import wrapper

logger = logging.getLogger(__name__)

SAFE = {"GET", "HEAD", "OPTIONS"}
MOVED_FOR_SURE = 3600  # seconds that a browser may remember it: the address is somebody else's one day
# As Django writes them. PostgreSQL would raise on a zero byte in the question.
SESSION_KEY = re.compile(r"[a-z0-9]{1,40}")
# What stays on a request that is begun anew: its body, which comes once; for whom accounts/api/throttles.py has
# counted it, or it would be twice; and the nonce that an outer room has given out and is to put into the header.
LASTING = {"_stream", "_read_started", "_body", "_post", "_files", "api_counted", "_csp_nonce"}


class ProvenHostMiddleware:
    """Let in the hosts that ALLOWED_HOSTS cannot list: customers' own domains, proven and in the Domain table.

    Before the rooms that redirect to https by `request.get_host()`. One question, for strange hosts alone.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            host = request.get_host()
        except DisallowedHost:
            let_in_if_proven(request)
            return for_this_host_alone(self.get_response(request))
        request.get_host = lambda: host  # for the rooms that ask again
        return self.get_response(request)


def for_this_host_alone(response):
    """On a customer's own domain, https is demanded of this host, and not of all others under it."""
    header = "Strict-Transport-Security"
    if header in response.headers:
        response.headers[header] = f"max-age={settings.SECURE_HSTS_SECONDS}"
    return response


def let_in_if_proven(request) -> None:
    """Make `request.get_host()` answer for this one request. A host that is no name at all stays refused."""
    raw = request.META.get("HTTP_HOST", "")
    host = normalise(split_domain_port(raw)[0])
    if not host:
        return
    if KNOWN.recall(host):
        request.get_host = lambda: raw
        return
    wrapper().set_schema_to_public()
    try:
        known = Domain.objects.filter(domain=host, is_primary=False).exists()
    except OperationalError:
        logger.exception("The database does not answer.")
        request.host_is_unsure = True  # 503 rather than 404, by the room that has the page
        return
    if known:
        request.get_host = lambda: raw


class TenantMiddleware:
    """Find the tenant by host, refuse what is not served, and run the rest in its transaction.

    Sets `request.tenant` (None on the public host) and `request.urlconf`. Unknown host: 404; one that was
    given up lately leads on. Suspended or closing: 403. Preparing, or a schema that is missing or not ready:
    503, before any tenant query. A tenant that is remembered (known.py) is proven by the first statement.
    The view runs in a savepoint of this transaction (ATOMIC_REQUESTS), so what a later room writes
    about a refusal survives the view's own rollback.
    """

    def __init__(self, get_response):
        # What the question at the end of a request meets is answered for like any error of a view.
        self.get_response: Any = convert_exception_to_response(confirmed(get_response))

    def __call__(self, request):
        connection = wrapper()
        before = connection.tenant
        connection.set_schema_to_public()  # whatever ran on this connection last, the host decides now
        connection.statement_timeout = settings.REQUEST_STATEMENT_TIMEOUT
        try:
            return self.respond(request)
        except StatementsLost:
            logger.warning("A statement kept ready was lost; the request is to be sent again.")
            return unavailable(request)
        except OperationalError:
            logger.exception("The database does not answer.")
            return unavailable(request)
        finally:
            connection.statement_timeout = NO_TIMEOUT
            connection.set_tenant(before)

    def process_exception(self, request, exception):
        """A statement that ran out of time, or a database that went away, inside a view."""
        request.broken_by = type(exception).__name__
        if isinstance(exception, OperationalError):
            logger.error("A view lost the database.", exc_info=exception)
            return unavailable(request)
        return None

    def respond(self, request):
        request.tenant = None
        try:
            host = normalise(request.get_host())
        except DisallowedHost:
            return unavailable(request) if hasattr(request, "host_is_unsure") else unknown_host(request)
        if host == settings.BASE_DOMAIN:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            with transaction.atomic():
                return self.get_response(request)
        return self.respond_as_remembered(request, host) or self.respond_as_read(request, host)

    def respond_as_remembered(self, request, host):
        """None where the host is not known, or the first statement said that it leads elsewhere by now.

        The request is then begun anew, and nothing is left of the first attempt: its transaction did nothing, and what
        it noted on the request is taken off. So is one that only reads when a kept statement was lost, at whatever
        statement that was, or when it went on with what was remembered of who is asking, and that is not so any more.
        """
        if not (known := KNOWN.recall(host)):
            return None
        before = dict(vars(request))
        try:
            return self.respond_for_tenant(request, known.tenant(), known.proof)
        except TenantChanged:
            KNOWN.forget(host)
        except (StatementsLost, AnswerChanged) as reason:
            if request.method not in SAFE:
                raise
            logger.info("A request is begun anew: %s.", type(reason).__name__)
        wrapper().set_schema_to_public()
        take_back(request, before)
        return None if can_begin_anew(request) else unavailable(request)

    def respond_as_read(self, request, host):
        tenant = find(host)
        if tenant is None:
            return moved(request, host) or unknown_host(request)
        if not tenant.is_served:
            return not_served(request, tenant)
        KNOWN.keep(host, tenant)
        return self.respond_for_tenant(request, tenant)

    def respond_for_tenant(self, request, tenant, proof=""):
        request.tenant = tenant
        if tenant.is_platform:
            request.urlconf = settings.PLATFORM_URLCONF
        connection = wrapper()
        try:
            with transaction.atomic():
                connection.set_tenant(tenant)
                connection.expect(proof, can_begin_anew=request.method in SAFE)
                response = self.get_response(request)
        except (IntegrityError, InternalError):
            # The commit raises it, of a deferred foreign key whose target went meanwhile. Citus, whose workers find it
            # when they prepare the commit, says InternalError of it.
            logger.info("A change was refused at its commit.")
            connection.set_schema_to_public()
            return conflict(request)
        except SchemaGone:
            logger.error("Tenant %s has no schema %s.", tenant.slug, tenant.schema_name)
            connection.set_schema_to_public()
            return not_served(request, tenant)
        finally:
            connection.expect_nothing()
        if response.status_code >= 500:
            connection.set_schema_to_public()
            note_error(request, tenant, response.status_code)
            if is_behind(tenant):  # the page is new, the schema is not yet
                return not_served(request, tenant)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


def confirmed(get_response):
    """Let no answer out that rests on what was only remembered (tenants/postgresql/confirming.py)."""

    def respond(request):
        response = get_response(request)
        try:
            wrapper().confirm_belief()
        except DatabaseError:
            if response.status_code < 500:  # else it has told nobody anything
                raise
        return response

    return respond


def take_back(request, before: dict[str, Any]) -> None:
    """Make the request what it was `before` an attempt: whom that has read is read anew."""
    lasting = {name: value for name, value in vars(request).items() if name in LASTING}
    vars(request).clear()
    vars(request).update(before, **lasting)


def can_begin_anew(request) -> bool:
    """Not once a body was read that nobody kept."""
    return not getattr(request, "_read_started", False) or hasattr(request, "_body") or hasattr(request, "_post")


class SessionMiddleware(DjangoSessionMiddleware):
    """Sessions live in the tenant's schema; the public pages, which have no table, use a signed cookie."""

    def process_request(self, request):
        cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        if request.tenant is None:
            request.session = SignedCookieStore(cookie)
        else:
            request.session = self.SessionStore(cookie if SESSION_KEY.fullmatch(cookie) else None)


def unknown_host(request):
    return refuse(request, 404, "tenants/unknown_host.html", _("There is no organisation at this address."))


def moved(request, host):
    """A host that a tenant gave up lately: reading is led to where it lives now, all else is told. None for others."""
    former = FormerAddress.objects.held().filter(slug=slug_of(host), tenant__isnull=False).select_related("tenant")
    if not (found := former.first()):
        return None
    there = found.tenant.absolute_url(request.get_full_path())
    if request.method in ("GET", "HEAD") and not wants_problem(request):
        response = HttpResponsePermanentRedirect(there)
        response.headers["Cache-Control"] = f"max-age={MOVED_FOR_SURE}"
        return response
    detail = _("This organisation has moved to %(host)s.") % {"host": found.tenant.host}
    return refuse(request, 410, "tenants/moved.html", detail, organisation=found.tenant)


def not_served(request, tenant):
    """The tenant's own page while it is not open: what is the matter, and what to do."""
    if tenant.status == Tenant.Status.CLOSING:
        return refuse(request, 403, "tenants/closing.html", _("This organisation is closed."), tenant=tenant)
    if tenant.status == Tenant.Status.SUSPENDED:
        told = " ".join(filter(None, [gettext("This organisation is suspended."), tenant.notice]))
        return refuse(request, 403, "tenants/suspended.html", told, tenant=tenant)
    detail = _("This organisation is being prepared. Please try again.")
    return try_later(refuse(request, 503, "tenants/preparing.html", detail, tenant=tenant), seconds=30)


def conflict(request):
    """What the change refers to was deleted in the same second. Nothing of it was written."""
    return refuse(request, 409, "409.html")


def unavailable(request):
    return try_later(refuse(request, 503, "503.html"), seconds=10)


def refuse(request, status: int, template: str, detail="", **context):
    """A page that asks no tenant for anything; under `/api/` the same as problem details."""
    if wants_problem(request):
        return problem(request, status, detail=detail)
    request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
    return render(request, template, context, status=status)


def try_later(response, *, seconds: int):
    response.headers["Retry-After"] = str(seconds)
    return response
