"""How a request is read: as UTF-8, whatever it says.

Django decodes query and form with any Python codec that the Content-Type names, and starts while the
request object is being made. With `rot13` or `zlib` that ends in an error outside every handler; with
`utf-7` characters come in that no form has looked at. Here nothing is decoded by the client's choice, and
`config.middleware.CharsetMiddleware` refuses such a request with a page.
"""

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.utils.http import parse_header_parameters


class Utf8Mixin(HttpRequest):
    """Replaces the one step that takes the encoding over. `charset*=rot13''x` fails before that."""

    def _set_content_type_params(self, meta):
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (LookupError, ValueError):
            self.content_type, self.content_params = "", {"charset": "unreadable"}


class Utf8WSGIRequest(Utf8Mixin, WSGIRequest):
    pass


class Utf8ASGIRequest(Utf8Mixin, ASGIRequest):
    pass
