"""The host decides the tenant, and the tenant is bound to one transaction for the whole request."""

import logging
import re

from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookieStore
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.core.exceptions import DisallowedHost
from django.db import IntegrityError, OperationalError, transaction
from django.shortcuts import render

from .exceptions import SchemaMissing
from .models import Tenant
from .postgresql.base import NO_TIMEOUT
from .schema import wrapper

logger = logging.getLogger(__name__)

# As Django writes them. PostgreSQL would raise on a zero byte in the question.
SESSION_KEY = re.compile(r"[a-z0-9]{1,40}")


class TenantMiddleware:
    """Find the tenant by host, refuse what is not served, and run the rest in its transaction.

    Sets `request.tenant` (None on the public host) and `request.urlconf`. Unknown host: 404. Suspended
    or closing: 403. Preparing, or a schema that is missing or not ready: 503, before any tenant query.
    The view runs in a savepoint of this transaction (ATOMIC_REQUESTS), so what a later room writes
    about a refusal survives the view's own rollback.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        connection = wrapper()
        before = connection.tenant
        connection.set_schema_to_public()  # whatever ran on this connection last, the host decides now
        connection.statement_timeout = settings.REQUEST_STATEMENT_TIMEOUT
        try:
            return self.respond(request)
        except OperationalError:
            logger.exception("The database does not answer.")
            return unavailable(request)
        finally:
            connection.statement_timeout = NO_TIMEOUT
            connection.set_tenant(before)

    def process_exception(self, request, exception):
        """A statement that ran out of time, or a database that went away, inside a view."""
        if isinstance(exception, OperationalError):
            logger.error("A view lost the database.", exc_info=exception)
            return unavailable(request)
        return None

    def respond(self, request):
        request.tenant = None
        try:
            host = normalise(request.get_host())
        except DisallowedHost:
            return unknown_host(request)
        if host == settings.BASE_DOMAIN:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            with transaction.atomic():
                return self.get_response(request)
        tenant = Tenant.objects.filter(domains__domain=host).first()
        if tenant is None:
            return unknown_host(request)
        if not tenant.is_served:
            return not_served(request, tenant)
        request.tenant = tenant
        return self.respond_for_tenant(request, tenant)

    def respond_for_tenant(self, request, tenant):
        try:
            with transaction.atomic():
                wrapper().set_tenant(tenant)
                wrapper().cursor().close()  # binds; a missing schema is found here and nowhere later
                response = self.get_response(request)
        except IntegrityError:
            # Only the commit can raise it here: a deferred foreign key whose target went meanwhile.
            logger.info("A change was refused at its commit.")
            wrapper().set_schema_to_public()
            return conflict(request)
        except SchemaMissing:
            logger.error("Tenant %s has no schema %s.", tenant.slug, tenant.schema_name)
            wrapper().set_schema_to_public()
            return not_served(request, tenant)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class SessionMiddleware(DjangoSessionMiddleware):
    """Sessions live in the tenant's schema; the public pages, which have no table, use a signed cookie."""

    def process_request(self, request):
        cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        if request.tenant is None:
            request.session = SignedCookieStore(cookie)
        else:
            request.session = self.SessionStore(cookie if SESSION_KEY.fullmatch(cookie) else None)


def normalise(host: str) -> str:
    """The host as Domain stores it: lower case, no port, no trailing dot."""
    return host.lower().rsplit(":", 1)[0].rstrip(".")


def unknown_host(request):
    request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
    return render(request, "tenants/unknown_host.html", status=404)


def not_served(request, tenant):
    """The tenant's own page while it is not open: what is the matter, and what to do."""
    request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
    if tenant.status in (Tenant.Status.SUSPENDED, Tenant.Status.CLOSING):
        return render(request, "tenants/suspended.html", {"tenant": tenant}, status=403)
    return try_later(render(request, "tenants/preparing.html", {"tenant": tenant}, status=503), seconds=30)


def conflict(request):
    """What the change refers to was deleted in the same second. Nothing of it was written."""
    request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
    return render(request, "409.html", status=409)


def unavailable(request):
    request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
    return try_later(render(request, "503.html", status=503), seconds=10)


def try_later(response, *, seconds: int):
    response.headers["Retry-After"] = str(seconds)
    return response
