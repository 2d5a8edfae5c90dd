"""The outermost rooms: every request has a number, one encoding and a size."""

import secrets

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings

from .errors import page
from .logs import current_request_id


class RequestIdMiddleware:
    """Give each request an id, for the log, the error page and the `X-Request-ID` header.

    The client's own value is not taken over: it would end up in the log.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.id = secrets.token_hex(16)
        token = current_request_id.set(request.id)
        try:
            response = self.get_response(request)
        finally:
            current_request_id.reset(token)
        response["X-Request-ID"] = request.id
        return response


class CharsetMiddleware:
    """Refuse a request that says it is written in anything but UTF-8. See config/requests.py."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.content_params.get("charset", "utf-8").lower() != "utf-8":
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            return page(request, 400)
        return self.get_response(request)


class BodyLimitMiddleware:
    """Refuse a body that says it is too large before reading any of it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length[:18]) > settings.MAX_BODY_BYTES:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            return page(request, 413)
        return self.get_response(request)


class PolicyMiddleware(CSPMiddleware):
    """The content security policy, which lets the hosts of a sign-in widget in on those pages alone that show it.

    The tag that draws a widget says so on the request (accounts/templatetags/login_widget.py). The policy of all
    other pages differs by its nonce alone and is put together once: that took 50 us of each request.
    """

    def __init__(self, get_response):
        super().__init__(get_response)
        reports = getattr(settings, "CONTENT_SECURITY_POLICY_REPORT_ONLY", None)
        excludes = settings.CONTENT_SECURITY_POLICY.get("EXCLUDE_URL_PREFIXES")
        self.is_one_for_all = not (settings.DEBUG or reports or excludes)
        self.without_nonce, self.with_nonce = build_policy(), build_policy(nonce=NONCE_HERE)

    def process_response(self, request, response):
        if not self.is_one_for_all or has_its_own_policy(request, response):
            return super().process_response(request, response)
        nonce = getattr(request, "_csp_nonce", None)
        if nonce is None:  # one that is asked for from here on would stand in no header: the library raises then
            request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)
        response.headers[HEADER] = self.with_nonce.replace(NONCE_HERE, nonce) if nonce else self.without_nonce
        return response

    def get_policy_parts(self, request, response, report_only=False):
        parts = super().get_policy_parts(request, response, report_only)
        for directive, sources in getattr(request, "widget_policy", {}).items():
            before = (parts.update or {}).get(directive) or []
            parts.update = {**(parts.update or {}), directive: [*before, *sources]}
        return parts


# What stands in a policy until the nonce of the response is known. No nonce has such letters.
NONCE_HERE = "{nonce}"
OF_ONE_RESPONSE = ("_csp_exempt", "_csp_config", "_csp_update", "_csp_replace")


def has_its_own_policy(request, response) -> bool:
    """A view or the page's widget said so, or the header is there already."""
    if hasattr(request, "widget_policy") or HEADER in response.headers:
        return True
    return not response.__dict__.keys().isdisjoint(OF_ONE_RESPONSE)
